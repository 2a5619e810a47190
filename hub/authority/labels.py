"""The words of this room for people; each text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.authority.rules import ApprovalRule, CodeState
from hub.registry.errors import RegistryRule
from hub.registry.rules import OfficerStatus

CODE_STATES: Mapping[CodeState, str] = {
    CodeState.OPEN: "Kode belum dipakai",
    CodeState.REQUESTED: "Menunggu orang kedua",
    CodeState.APPROVED: "Disetujui, sertifikat sedang dibuat",
    CodeState.ISSUED: "Jawaban siap diambil simpul",
    CodeState.REFUSED: "Ditolak",
    CodeState.CLOSED: "Selesai",
}

OFFICER_STATUSES: Mapping[OfficerStatus, str] = {
    OfficerStatus.PENDING: "Menunggu persetujuan",
    OfficerStatus.APPROVED: "Disetujui, sertifikat sedang dibuat",
    OfficerStatus.ACTIVE: "Berlaku",
    OfficerStatus.REVOKED: "Dicabut",
}

APPROVAL_RULES: Mapping[ApprovalRule, str] = {
    ApprovalRule.SAME_PERSON: "Anda yang membuat kode ini. Aturan dua orang: orang lain yang harus menyetujuinya.",
    ApprovalRule.CODE_UNKNOWN: "Pendaftaran ini tidak ada.",
    ApprovalRule.NOT_REQUESTED: "Tidak ada permintaan yang menunggu: belum dipakai simpul, atau sudah diputuskan.",
    ApprovalRule.VILLAGE_UNKNOWN: "Desa ini tidak ada di kabupaten. Pilih dari daftar.",
}

REGISTRY_RULES: Mapping[RegistryRule, str] = {
    RegistryRule.NODE_UNKNOWN: "Simpul ini tidak terdaftar.",
    RegistryRule.NODE_REVOKED: "Simpul ini sudah dicabut.",
    RegistryRule.NODE_NOT_SUSPENDED: "Simpul ini tidak sedang ditangguhkan.",
    RegistryRule.RESUME_NOT_ASKED: "Belum ada yang meminta simpul ini diaktifkan lagi.",
    RegistryRule.SAME_PERSON: "Anda yang memintanya. Aturan dua orang: orang lain yang harus mengaktifkannya.",
    RegistryRule.OFFICER_UNKNOWN: "Petugas ini tidak terdaftar.",
    RegistryRule.OFFICER_REVOKED: "Petugas ini sudah dicabut.",
    RegistryRule.KEY_TAKEN: "Kunci ini sudah milik simpul lain. Buat kode baru dan daftarkan ulang dengan kunci baru.",
    RegistryRule.SERIALS_USED_UP: "Desa ini sudah memakai ke-99 nomor simpulnya.",
    RegistryRule.NUMBERS_USED_UP: "Nomor pendaftaran tahun ini sudah habis.",
}

REVOCATION_REASONS: Mapping[str, str] = {
    "lost": "PC hilang atau dicuri",
    "replaced": "PC diganti",
    "misuse": "Dugaan penyalahgunaan",
    "closed": "Kantor ditutup",
}
"""Reason codes as they stand in the ledger entry."""

QUARANTINE_CODES: Mapping[str, str] = {
    "node_revoked": "Simpulnya dicabut atau ditangguhkan",
    "officer_revoked": "Petugasnya dicabut",
    "officer_unknown": "Petugasnya belum disahkan",
    "counter_conflict": "Nomor urutnya sudah dipakai untuk isi lain",
    "number_not_leased": "Nomor pendaftarannya bukan milik simpul itu",
    "number_used": "Nomor pendaftarannya sudah dipakai",
    "correction_unknown": "Perbaikan untuk berkas yang tidak dikenal",
    "correction_closed": "Perbaikan yang datang setelah ditutup",
    "put_aside": "Pesannya berulang kali menggagalkan pemeriksaan",
}
"""Why a message was put aside whole, by the codes of ``protocol.errors``."""
