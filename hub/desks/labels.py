"""The words of this room: Indonesian msgids, looked up where they are shown. Words carry the meaning, not colours."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.attachments.rules import Finding
from hub.casework.commands import ProposalKind
from hub.casework.duplicates_rules import Likeness
from hub.casework.rules import CaseRule, CaseState, EventKind, Move, StageOutcome, StageState
from hub.clocks.clock import AlarmKind, PauseReason
from hub.desks.queries import DueFilter, Sort, View
from hub.desks.time_left import Haste
from protocol.catalogue import StageAction
from protocol.receipt import Outcome, ReceiptKind, ReturnReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Badge:
    """A word with its icon and a colour that only supports it."""

    text: str
    icon: str
    colour: str


STATES: Mapping[CaseState, Badge] = {
    CaseState.RECEIVED: Badge(text="Diterima", icon="inbox", colour="secondary"),
    CaseState.IN_PROGRESS: Badge(text="Sedang dikerjakan", icon="person-workspace", colour="primary"),
    CaseState.RETURNED: Badge(text="Menunggu perbaikan", icon="arrow-return-left", colour="warning"),
    CaseState.AWAITING_PAYMENT: Badge(text="Menunggu pembayaran", icon="cash-coin", colour="warning"),
    CaseState.DECIDED: Badge(text="Sudah diputus", icon="check2-square", colour="success"),
    CaseState.CLOSED: Badge(text="Selesai", icon="archive", colour="secondary"),
    CaseState.WITHDRAWN: Badge(text="Dicabut pemohon", icon="x-circle", colour="secondary"),
}

OUTCOMES: Mapping[Outcome, Badge] = {
    Outcome.ISSUED: Badge(text="Diterbitkan", icon="patch-check", colour="success"),
    Outcome.REFUSED: Badge(text="Ditolak", icon="x-octagon", colour="danger"),
    Outcome.RECORDED: Badge(text="Dicatat dalam register", icon="journal-check", colour="success"),
    Outcome.TRACKED: Badge(text="Terbit di sistem nasional", icon="box-arrow-up-right", colour="success"),
    Outcome.WITHDRAWN: Badge(text="Dicabut pemohon", icon="x-circle", colour="secondary"),
}

STAGE_STATES: Mapping[StageState, Badge] = {
    StageState.WAITING: Badge(text="Belum tiba gilirannya", icon="hourglass", colour="light"),
    StageState.OPEN: Badge(text="Menunggu diambil", icon="hourglass-split", colour="warning"),
    StageState.TAKEN: Badge(text="Dikerjakan", icon="person-check", colour="primary"),
    StageState.ASKED: Badge(text="Menunggu perbaikan", icon="arrow-return-left", colour="warning"),
    StageState.DONE: Badge(text="Selesai", icon="check2-all", colour="success"),
    StageState.SKIPPED: Badge(text="Dilewati", icon="skip-forward", colour="secondary"),
}

STAGE_OUTCOMES: Mapping[StageOutcome, str] = {
    StageOutcome.DONE: "selesai",
    StageOutcome.YES: "menyetujui",
    StageOutcome.NO: "tidak menyetujui",
    StageOutcome.CONDITIONS: "menyetujui dengan syarat",
    StageOutcome.ASSESSED: "retribusi ditetapkan",
    StageOutcome.EXEMPT: "tidak ada yang harus dibayar",
    StageOutcome.PAID: "lunas",
    StageOutcome.GRANTED: "dikabulkan",
    StageOutcome.REFUSED: "ditolak",
    StageOutcome.CONFIRMED: "disetujui badan kedua",
    StageOutcome.SIGNED: "ditandatangani",
    StageOutcome.TRACKED: "terbit di sistem nasional",
    StageOutcome.NOT_ISSUED: "tidak terbit di sistem nasional",
}

ACTIONS: Mapping[StageAction, str] = {
    StageAction.COMPLETENESS: "Periksa kelengkapan",
    StageAction.RECOMMENDATION: "Rekomendasi teknis",
    StageAction.INSPECTION: "Pemeriksaan lapangan",
    StageAction.ASSESSMENT: "Penetapan retribusi",
    StageAction.PAYMENT: "Pembayaran",
    StageAction.RECORDING: "Pencatatan",
    StageAction.DRAFT: "Konsep",
    StageAction.INITIALS: "Paraf",
    StageAction.DECISION: "Keputusan",
    StageAction.CONFIRMATION: "Persetujuan badan kedua",
    StageAction.SIGNATURE: "Tanda tangan",
    StageAction.HANDOVER: "Penyerahan",
    StageAction.TRACKING: "Pelacakan sistem nasional",
}

EVENTS: Mapping[str, str] = {
    EventKind.ROUTED: "Diteruskan ke meja",
    EventKind.COMPLETE: "Dinyatakan lengkap dan benar",
    EventKind.RETURNED: "Dikembalikan untuk perbaikan",
    EventKind.CORRECTED: "Perbaikan diterima dari desa",
    EventKind.CUSTODY: "Diambil untuk dikerjakan",
    EventKind.OPINION: "Pendapat diberikan",
    EventKind.ASSESSED: "Retribusi ditetapkan",
    EventKind.PAID: "Pembayaran dicatat",
    EventKind.RECORDED: "Dicatat dalam register",
    EventKind.DRAFTED: "Konsep selesai",
    EventKind.INITIALLED: "Diparaf",
    EventKind.DECIDED: "Diputus",
    EventKind.CONFIRMED: "Disetujui badan kedua",
    EventKind.DECLINED: "Tidak disetujui badan kedua",
    EventKind.SIGNED: "Ditandatangani",
    EventKind.HANDED_OVER: "Diserahkan kepada pemohon",
    EventKind.TRACKED: "Hasil sistem nasional dicatat",
    EventKind.REROUTED: "Dialihkan ke kantor lain",
    EventKind.WITHDRAWN: "Dicabut pemohon",
    EventKind.PROPOSED: "Diusulkan",
    EventKind.AGREED: "Usul disetujui orang kedua",
    EventKind.DISAGREED: "Usul tidak disetujui",
    EventKind.VIEWED: "Halaman dibuka",
    EventKind.FILE_VIEWED: "Lampiran dibuka",
    EventKind.REVEALED: "Data pribadi dibuka",
    EventKind.ESCALATED: "Terlambat: diteruskan ke atasan",
    EventKind.DEEMED_AHEAD: "Satu hari kerja lagi diam dianggap mengabulkan (fiktif positif)",
    EventKind.DEEMED: "Batas fiktif positif terlampaui",
    "quarantined": "Lampiran dikarantina",
    "revoked": "Izin dicabut",
}
"""By the code of the event: rooms above write events of their own."""

TOLD: Mapping[AlarmKind, str] = {
    AlarmKind.DIVISION_HEAD: "Kepala bidang",
    AlarmKind.HEAD: "Kepala kantor",
    AlarmKind.INSPECTORATE: "Inspektorat",
}
"""Who was told of something late."""

MOVES: Mapping[Move, str] = {
    Move.TAKE: "Ambil berkas ini",
    Move.COMPLETE: "Nyatakan lengkap dan benar",
    Move.ASK: "Kembalikan untuk perbaikan",
    Move.OPINION: "Beri pendapat",
    Move.FINISH: "Selesaikan tahap",
    Move.DECIDE: "Putuskan",
    Move.CONFIRM: "Setujui sebagai badan kedua",
    Move.HAND_OVER: "Catat penyerahan",
    Move.REROUTE: "Alihkan ke kantor lain",
}

DONE: Mapping[str, str] = {
    "take": "Berkas diambil oleh kantor Anda. Desa mendapat tanda terimanya.",
    "complete": "Berkas dinyatakan lengkap dan benar. Desa mendapat tanda terimanya.",
    "ask_correction": "Berkas dikembalikan untuk perbaikan. Desa menerima alasan, yang diminta, dan nama kantor Anda.",
    "opinion": "Pendapat tercatat. Desa mendapat kabarnya.",
    "minutes": "Pendapat tercatat. Desa mendapat kabarnya.",
    "finish": "Tahap ini selesai. Desa mendapat kabarnya.",
    "decide": "Keputusan tercatat.",
    "confirm": "Jawaban Anda sebagai badan kedua tercatat.",
    "hand_over": "Penyerahan tercatat. Berkas selesai.",
    "reroute": "Berkas dialihkan. Kantor tujuan menemukannya di mejanya.",
    "withdraw": "Pencabutan oleh pemohon tercatat.",
    "propose": "Usul tercatat dan menunggu orang kedua dari kantor lain.",
    "answer": "Jawaban Anda atas usul ini tercatat.",
}

REASONS: Mapping[ReturnReason, str] = {
    ReturnReason.DOCUMENT_MISSING: "Dokumen kurang",
    ReturnReason.DOCUMENT_UNREADABLE: "Dokumen tidak terbaca",
    ReturnReason.DATA_WRONG: "Isian salah atau belum lengkap",
    ReturnReason.DATA_DIFFERS: "Isian berbeda dengan dokumen",
    ReturnReason.WRONG_SERVICE: "Layanan yang dipilih tidak sesuai",
    ReturnReason.OTHER: "Alasan lain",
}

PROPOSALS: Mapping[ProposalKind, str] = {
    ProposalKind.REFUSAL: "Penolakan",
    ProposalKind.REOPEN: "Buka kembali berkas",
    ProposalKind.REVOCATION: "Pencabutan izin",
    ProposalKind.FEE_CHANGE: "Perubahan retribusi",
}

PROPOSAL_STATES: Mapping[str, str] = {
    "open": "menunggu orang kedua",
    "confirmed": "disetujui",
    "declined": "tidak disetujui",
    "taken_back": "ditarik oleh pengusul",
    "lapsed": "gugur",
}

RULES: Mapping[CaseRule, str] = {
    CaseRule.ROLE: "Peran Anda hanya membaca berkas.",
    CaseRule.NOT_YOUR_STAGE: "Tahap ini dikerjakan peran lain atau kantor lain.",
    CaseRule.OWN_CASE: "Ini berkas Anda sendiri; tidak ada yang mengerjakan berkasnya sendiri.",
    CaseRule.SAME_PERSON: (
        "Kendali ganda: yang menyiapkan berkas tidak memutus atau menandatangani, dan yang memutus tidak menyetujui "
        "putusannya sendiri. Serahkan kepada orang lain."
    ),
    CaseRule.SAME_OFFICE: "Kendali ganda: orang kedua harus dari kantor lain.",
    CaseRule.STATE: "Langkah ini tidak berlaku untuk keadaan berkas sekarang.",
    CaseRule.NOT_TAKEN: "Ambil berkas ini dahulu, baru beri pendapat.",
    CaseRule.FILES_MISSING: "Belum semua lampiran tiba dari desa; berkas baru dapat dinyatakan lengkap sesudahnya.",
    CaseRule.PROPOSAL_OPEN: "Masih ada usul yang menunggu orang kedua; sampai dijawab tidak ada putusan baru.",
    CaseRule.NOT_PROPOSABLE: "Usul ini tidak berlaku untuk keadaan berkas sekarang.",
    CaseRule.OUTCOME_UNFIT: "Pilih salah satu hasil yang berlaku untuk tahap ini.",
    CaseRule.REFERENCE_NEEDED: "Isi nomornya (register, sistem nasional, atau bukti).",
    CaseRule.OFFICE_UNFIT: "Kantor itu tidak dapat mengerjakan tahap ini.",
    CaseRule.NOTHING_NAMED: "Sebutkan paling sedikit satu isian atau dokumen yang harus diperbaiki.",
    CaseRule.NOTE_NEEDED: "Langkah ini perlu alasan tertulis, paling sedikit 10 huruf.",
    CaseRule.NOTE_LONG: "Catatan paling panjang 1.000 huruf.",
    CaseRule.NAME_UNKNOWN: "Isian atau dokumen itu tidak ada pada layanan ini.",
    CaseRule.FEE_SET: "Biaya sudah ditetapkan dari isian itu. Isian yang menentukan biaya tidak dapat diperbaiki lagi.",
    CaseRule.REASON_NEEDED: "Tulis alasan, paling sedikit 10 huruf.",
}

RECEIPTS: Mapping[ReceiptKind, str] = {
    ReceiptKind.ARRIVED: "Tiba di hub",
    ReceiptKind.WHOLE: "Semua lampiran utuh",
    ReceiptKind.COMPLETE: "Lengkap dan benar",
    ReceiptKind.RETURNED: "Dikembalikan",
    ReceiptKind.CUSTODY: "Diambil kantor",
    ReceiptKind.DECIDED: "Diputus",
    ReceiptKind.HANDED_OVER: "Diserahkan",
    ReceiptKind.REJECTED: "Ditolak",
}

VIEWS: Mapping[View, str] = {
    View.TO_DO: "Meja saya",
    View.MINE: "Saya pegang",
    View.OFFICE: "Kantor saya",
    View.ALL: "Semua",
}

SORTS: Mapping[Sort, str] = {
    Sort.DUE: "Sisa waktu",
    Sort.OLD: "Terlama",
    Sort.NEW: "Terbaru",
}

DUES: Mapping[DueFilter, str] = {
    DueFilter.OVERDUE: "Terlambat",
    DueFilter.NEAR: "Hampir jatuh tempo",
    DueFilter.PAUSED: "Waktu berhenti",
}

HASTES: Mapping[Haste, Badge] = {
    Haste.OVERDUE: Badge(text="Terlambat", icon="exclamation-octagon", colour="danger"),
    Haste.TODAY: Badge(text="Jatuh tempo", icon="alarm", colour="warning"),
    Haste.NEAR: Badge(text="Hampir jatuh tempo", icon="clock-history", colour="info"),
    Haste.CALM: Badge(text="Dalam waktu", icon="clock", colour="success"),
    Haste.PAUSED: Badge(text="Waktu berhenti", icon="pause-circle", colour="secondary"),
    Haste.UNKNOWN: Badge(text="Kalender belum lengkap", icon="calendar-x", colour="secondary"),
    Haste.NONE: Badge(text="Waktu tidak berjalan", icon="dash-circle", colour="light"),
}

PAUSES: Mapping[PauseReason, str] = {
    PauseReason.CORRECTION: "menunggu perbaikan pemohon",
    PauseReason.PAYMENT: "menunggu pembayaran",
    PauseReason.CLOSED: "sudah diputus, lalu dibuka kembali",
}

DUE_CHANGES: Mapping[str, str] = {
    "calendar": "kalender berubah",
    "paused": "waktu dihentikan",
    "resumed": "waktu berjalan lagi",
    "reopened": "dibuka kembali",
}

LIKENESSES: Mapping[Likeness, str] = {
    Likeness.SAME_PERSON_AND_SERVICE: "Orang dan layanan yang sama",
    Likeness.SAME_FAMILY: "Kartu keluarga yang sama",
    Likeness.SAME_ADDRESS: "Alamat yang sama",
    Likeness.SAME_PERSON: "Orang yang sama, layanan lain",
}

FINDINGS: Mapping[Finding, str] = {
    Finding.TYPE_UNKNOWN: "Bukan JPEG, PNG, atau PDF",
    Finding.TYPE_DIFFERS: "Isi tidak sama dengan jenis yang disebut",
    Finding.NAME_DIFFERS: "Nama berkas tidak sesuai isinya",
    Finding.MALWARE: "Berisi program jahat",
    Finding.UNREADABLE: "Tidak dapat dibuka",
    Finding.ENCRYPTED: "Terkunci kata sandi",
    Finding.TOO_LARGE: "Gambar atau jumlah halaman terlalu besar",
    Finding.TOO_COSTLY: "Pemeriksaan melebihi batas waktu atau memori",
    Finding.EMPTY: "Kosong",
    Finding.SCRIPT: "PDF berisi skrip",
    Finding.LAUNCH: "PDF mencoba menjalankan program",
    Finding.LINK: "PDF berisi tautan",
    Finding.EMBEDDED: "PDF membawa berkas lain di dalamnya",
    Finding.XFA: "PDF berisi formulir aktif (XFA)",
    Finding.SECOND_FILE: "Ada berkas lain di belakang gambar",
}

FLAGS: Mapping[str, str] = {
    "link_broken": "Rantai dengan berkas sebelumnya terputus",
    "checkpoint_unknown": "Titik periksa yang disebut simpul tidak dikenal",
}

CONFLICT = (
    "Orang lain lebih dahulu mengubah berkas ini. Keadaan terakhir ada di bawah; yang Anda ketik masih ada di sini."
)

INCOMPLETE = "Ada yang perlu diperbaiki pada isian Anda."
NOT_ON_DESK = "Berkas itu tidak ada di meja kantor Anda."

FRAMES: Mapping[int, str] = {
    404: "Lampiran ini tidak ada, atau belum tiba dari desa.",
    415: "Gambar halaman ini tidak dapat dibuat. Halaman itu mungkin tidak ada.",
    423: "Lampiran ini dikarantina: tidak ada yang membukanya. Minta desa mengirim berkas baru.",
}
"""What stands in the place of a picture, by the status that says why."""
