"""Words for what this room stores; all of them are msgids."""

from collections.abc import Mapping

from hub.desks.labels import Badge
from hub.permits.errors import PermitRule
from hub.permits.rules import VoidReason
from hub.permits.signing import (
    PassphraseRefusedError,
    ProviderAwayError,
    ProviderError,
    ProviderRefusedError,
    SignerUnknownError,
)
from hub.permits.verify import Answer
from protocol.permit import PermitKind, RevocationCode

STATES: Mapping[str, Badge] = {
    "reserved": Badge(text="Nomor dipesan, belum ditandatangani", colour="warning", icon="hourglass-split"),
    "issued": Badge(text="Diterbitkan", colour="success", icon="check-circle"),
    "revoked": Badge(text="Dicabut", colour="danger", icon="x-octagon"),
    "void": Badge(text="Nomor dicoret", colour="secondary", icon="slash-circle"),
}

KINDS: Mapping[str, str] = {
    str(PermitKind.PERMIT): "Izin",
    str(PermitKind.LETTER): "Surat",
    str(PermitKind.EXCERPT): "Keterangan pencatatan",
    str(PermitKind.REFUSAL): "Surat penolakan",
}

ANSWERS: Mapping[Answer, Badge] = {
    Answer.GENUINE: Badge(text="Asli dan berlaku", colour="success", icon="patch-check"),
    Answer.NOT_YET: Badge(text="Asli, tetapi belum mulai berlaku", colour="warning", icon="hourglass-split"),
    Answer.EXPIRED: Badge(text="Asli, tetapi masa berlakunya sudah habis", colour="warning", icon="calendar-x"),
    Answer.REVOKED: Badge(text="Sudah dicabut: tidak berlaku", colour="danger", icon="x-octagon"),
    Answer.SUPERSEDED: Badge(
        text="Asli, tetapi tidak berlaku lagi: perkaranya dibuka kembali", colour="warning", icon="arrow-repeat"
    ),
    Answer.CHANGED: Badge(text="Berkas sudah diubah: tidak asli", colour="danger", icon="exclamation-octagon"),
    Answer.NOT_OURS: Badge(text="Bukan dokumen dari kabupaten ini", colour="danger", icon="question-octagon"),
}

INCOMPLETE = "Ada yang perlu diperbaiki pada isian Anda."
WAIT = "Terlalu banyak pertanyaan dari jaringan Anda. Tunggu %(minutes)s menit, lalu coba lagi."
NOTHING_GIVEN = "Tempel isi kode QR, atau pilih berkas PDF."
REFUSAL_GENUINE = "Surat penolakan ini asli. Surat ini bukan izin."

REVOCATIONS: Mapping[str, str] = {
    str(RevocationCode.HOLDER_ASKED): "Dikembalikan pemegangnya",
    str(RevocationCode.VIOLATION): "Ketentuan dilanggar",
    str(RevocationCode.FALSE_DATA): "Diberikan atas data atau dokumen yang tidak benar",
    str(RevocationCode.ERROR): "Kekeliruan kantor; surat yang benar menggantikannya",
    str(RevocationCode.COURT): "Dibatalkan pengadilan atau pejabat di atasnya",
    str(RevocationCode.REPLACED): "Diganti atau diperpanjang sebelum habis",
}

VOIDS: Mapping[str, str] = {
    str(VoidReason.DAY_OVER): "Tidak ditandatangani pada harinya",
    str(VoidReason.CASE_MOVED): "Berkas diputus ulang atau ditarik",
}

RULES: Mapping[PermitRule, str] = {
    PermitRule.NO_TEMPLATE: "Untuk layanan ini belum ada bentuk surat. Sampaikan kepada admin.",
    PermitRule.NOT_REVOCABLE: "Tidak ada surat yang dapat dicabut pada berkas ini.",
    PermitRule.REASON_NEEDED: "Tulis alasan pencabutan, paling sedikit 10 huruf.",
}

PROVIDER: Mapping[type[ProviderError], str] = {
    PassphraseRefusedError: "Frasa sandi tanda tangan salah. Nomor surat tetap dipesan; coba lagi.",
    SignerUnknownError: "NIK ini belum punya sertifikat elektronik pada layanan tanda tangan.",
    ProviderAwayError: "Layanan tanda tangan tidak menjawab. Nomor surat tetap dipesan; coba lagi nanti.",
    ProviderRefusedError: "Layanan tanda tangan menolak. Nomor surat tetap dipesan; sampaikan kepada admin.",
}
"""What a signer is told; nothing was issued, nothing typed is kept."""
