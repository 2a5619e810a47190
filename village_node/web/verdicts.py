"""What can be said about a document, in words. A test goes through every verdict and every reason of a revocation."""

from collections.abc import Mapping

from protocol.permit import RevocationCode
from village_node.cases.genuine import Verdict
from village_node.web.language import Lazy, later

VERDICTS: Mapping[Verdict, Lazy] = {
    Verdict.VALID: later("Asli dan masih berlaku."),
    Verdict.NOT_YET: later("Asli, tetapi tanggal terbitnya belum tiba. Periksa tanggal komputer ini."),
    Verdict.EXPIRED: later("Asli, tetapi masa berlakunya sudah habis."),
    Verdict.REVOKED: later("Asli, tetapi SUDAH DICABUT dan tidak berlaku lagi."),
    Verdict.REFUSAL: later("Surat penolakan ini asli. Surat ini bukan izin."),
    Verdict.SEALED: later("Berkas asli seperti yang diterbitkan. Masa berlakunya tertulis di suratnya."),
    Verdict.NOT_OURS: later("BUKAN terbitan kabupaten ini: tanda tangannya tidak cocok."),
    Verdict.UNKNOWN_FILE: later("Berkas ini tidak dikenal di komputer ini. Pindai kode QR pada suratnya."),
    Verdict.UNREADABLE: later("Ini bukan teks kode QR surat Simpul. Pindai sekali lagi dari awal."),
}

KINDS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.VALID: ("ok", "check-circle"),
    Verdict.SEALED: ("ok", "check-circle"),
    Verdict.REFUSAL: ("warn", "exclamation-triangle"),
    Verdict.NOT_YET: ("warn", "exclamation-triangle"),
    Verdict.EXPIRED: ("warn", "exclamation-triangle"),
    Verdict.UNKNOWN_FILE: ("warn", "question-circle"),
    Verdict.UNREADABLE: ("warn", "question-circle"),
    Verdict.REVOKED: ("bad", "x-octagon"),
    Verdict.NOT_OURS: ("bad", "x-octagon"),
}
"""Colour and symbol."""

REVOCATIONS: Mapping[str, Lazy] = {
    RevocationCode.HOLDER_ASKED: later("dikembalikan pemegangnya"),
    RevocationCode.VIOLATION: later("ketentuannya dilanggar"),
    RevocationCode.FALSE_DATA: later("terbit atas data yang tidak benar"),
    RevocationCode.ERROR: later("kekeliruan kantor; diganti surat yang benar"),
    RevocationCode.COURT: later("dibatalkan pengadilan atau atasan"),
    RevocationCode.REPLACED: later("diganti surat yang baru"),
}
