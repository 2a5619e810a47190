"""The words of this room: Indonesian msgids, looked up where they are shown. Words carry the meaning, not colours."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.casework.queries import View
from hub.casework.rules import CaseRule, CaseState, DeskState, EventKind, Move
from protocol.receipt import ReceiptKind, ReturnReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """A word with its icon and a colour that only supports it."""

    text: str
    icon: str
    colour: str


STATES: Mapping[CaseState, Badge] = {
    CaseState.RECEIVED: Badge(text="Diterima", icon="inbox", colour="secondary"),
    CaseState.COMPLETE: Badge(text="Lengkap dan benar", icon="check-circle", colour="primary"),
    CaseState.RETURNED: Badge(text="Dikembalikan", icon="arrow-return-left", colour="warning"),
    CaseState.TAKEN_UP: Badge(text="Sedang dikerjakan", icon="person-workspace", colour="success"),
}

DESKS: Mapping[DeskState, Badge] = {
    DeskState.OPEN: Badge(text="Periksa kelengkapan", icon="clipboard-check", colour="info"),
    DeskState.WAITING: Badge(text="Menunggu diambil", icon="hourglass-split", colour="warning"),
    DeskState.TAKEN: Badge(text="Dipegang", icon="person-check", colour="success"),
    DeskState.DONE: Badge(text="Selesai di meja ini", icon="check2-all", colour="secondary"),
}

EVENTS: Mapping[EventKind, str] = {
    EventKind.ROUTED: "Diteruskan ke meja",
    EventKind.COMPLETE: "Dinyatakan lengkap dan benar",
    EventKind.RETURNED: "Dikembalikan untuk perbaikan",
    EventKind.CUSTODY: "Diambil untuk dikerjakan",
    EventKind.VIEWED: "Halaman dibuka",
    EventKind.FILE_VIEWED: "Lampiran dibuka",
    EventKind.REVEALED: "Data pribadi dibuka",
}

MOVES: Mapping[Move, str] = {
    Move.COMPLETE: "Nyatakan lengkap dan benar",
    Move.RETURN: "Kembalikan untuk perbaikan",
    Move.TAKE_CUSTODY: "Ambil berkas ini",
}

DONE: Mapping[Move, str] = {
    Move.COMPLETE: "Berkas dinyatakan lengkap dan benar. Desa mendapat tanda terimanya.",
    Move.RETURN: "Berkas dikembalikan untuk perbaikan. Desa menerima alasan dan nama kantor Anda.",
    Move.TAKE_CUSTODY: "Berkas diambil oleh kantor Anda. Desa mendapat tanda terimanya.",
}

REASONS: Mapping[ReturnReason, str] = {
    ReturnReason.DOCUMENT_MISSING: "Dokumen kurang",
    ReturnReason.DOCUMENT_UNREADABLE: "Dokumen tidak terbaca",
    ReturnReason.DATA_WRONG: "Isian salah atau belum lengkap",
    ReturnReason.DATA_DIFFERS: "Isian berbeda dengan dokumen",
    ReturnReason.WRONG_SERVICE: "Layanan yang dipilih tidak sesuai",
    ReturnReason.OTHER: "Alasan lain",
}

RULES: Mapping[CaseRule, str] = {
    CaseRule.ROLE: "Peran Anda hanya membaca berkas.",
    CaseRule.NOT_FRONT_DESK: "Hanya meja penerima berkas ini yang memeriksa kelengkapannya.",
    CaseRule.NO_DESK: "Berkas ini tidak ada di meja kantor Anda.",
    CaseRule.STATE: "Langkah ini tidak berlaku untuk keadaan berkas sekarang.",
    CaseRule.FILES_MISSING: "Belum semua lampiran tiba dari desa; berkas baru dapat dinyatakan lengkap sesudahnya.",
    CaseRule.NOTHING_NAMED: "Sebutkan paling sedikit satu isian atau dokumen yang harus diperbaiki.",
    CaseRule.NOTE_NEEDED: "Alasan ini perlu catatan, paling sedikit 10 huruf.",
    CaseRule.NOTE_LONG: "Catatan paling panjang 1.000 huruf.",
    CaseRule.NAME_UNKNOWN: "Isian atau dokumen itu tidak ada pada layanan ini.",
    CaseRule.REASON_NEEDED: "Tulis alasan, paling sedikit 10 huruf.",
}

RECEIPTS: Mapping[ReceiptKind, str] = {
    ReceiptKind.ARRIVED: "Tiba di hub",
    ReceiptKind.WHOLE: "Semua lampiran utuh",
    ReceiptKind.COMPLETE: "Lengkap dan benar",
    ReceiptKind.RETURNED: "Dikembalikan",
    ReceiptKind.CUSTODY: "Diambil kantor",
    ReceiptKind.REJECTED: "Ditolak",
}

VIEWS: Mapping[View, str] = {
    View.TO_DO: "Perlu tindakan",
    View.MINE: "Dipegang kantor saya",
    View.ALL: "Semua",
}

FLAGS: Mapping[str, str] = {
    "link_broken": "Rantai dengan berkas sebelumnya terputus",
    "checkpoint_unknown": "Titik periksa yang disebut simpul tidak dikenal",
}

CONFLICT = (
    "Orang lain lebih dahulu mengubah berkas ini. Keadaan terakhir ada di bawah; yang Anda ketik masih ada di sini."
)
