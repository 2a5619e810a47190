"""The words of this room for people; the text is the Indonesian msgid, looked up where it is shown."""

from collections.abc import Mapping

from hub.accounts.delegation_rules import AbsenceReason, DelegationRule
from hub.accounts.rules import Role, SignCapacity

ROLE_LABELS: Mapping[Role, str] = {
    Role.VILLAGE_OFFICER: "Perangkat desa/kelurahan",
    Role.FRONT_OFFICE: "Loket",
    Role.AGENCY_CLERK: "Petugas dinas teknis",
    Role.SUBDISTRICT_OFFICER: "Petugas kecamatan",
    Role.DIVISION_HEAD: "Kepala bidang/seksi",
    Role.HEAD: "Pimpinan",
    Role.NETWORK_ADMIN: "Admin jaringan",
    Role.INSPECTORATE: "Inspektorat",
}

CAPACITY_LABELS: Mapping[SignCapacity, str] = {
    SignCapacity.ON_BEHALF: "a.n.",
    SignCapacity.SUB_MANDATE: "u.b.",
    SignCapacity.ACTING: "Plt.",
    SignCapacity.DAILY: "Plh.",
}

CAPACITY_HELP: Mapping[SignCapacity, str] = {
    SignCapacity.ON_BEHALF: "atas nama pejabat yang melimpahkan",
    SignCapacity.SUB_MANDATE: "untuk beliau, dilimpahkan lagi oleh penerima a.n.",
    SignCapacity.ACTING: "pelaksana tugas, jabatan sedang kosong",
    SignCapacity.DAILY: "pelaksana harian, pejabat berhalangan beberapa hari",
}

ABSENCE_LABELS: Mapping[AbsenceReason, str] = {
    AbsenceReason.LEAVE: "Cuti",
    AbsenceReason.DUTY: "Dinas luar",
    AbsenceReason.SICK: "Sakit",
    AbsenceReason.TRAINING: "Diklat",
}

DELEGATION_RULES: Mapping[DelegationRule, str] = {
    DelegationRule.NOT_YOURS: "Hanya pimpinan kantor itu, atau admin jaringan, yang mencatat pelimpahan.",
    DelegationRule.SELF: "Tidak ada yang melimpahkan wewenang kepada dirinya sendiri.",
    DelegationRule.PERSON_UNKNOWN: "Orang itu tidak ada, atau akunnya sudah ditutup.",
    DelegationRule.ROLE: "Yang dapat dilimpahkan hanya wewenang pimpinan atau kepala bidang di kantor itu.",
    DelegationRule.PRINCIPAL_NEEDED: "Untuk a.n., u.b., dan Plh., sebut pejabat yang diwakili.",
    DelegationRule.PRINCIPAL_UNFIT: "Pejabat yang diwakili tidak memegang jabatan itu di kantor itu.",
    DelegationRule.POST_NOT_VACANT: "Plt. hanya untuk jabatan yang kosong; jabatan ini masih ada pejabatnya.",
    DelegationRule.DATES: "Tanggal akhir tidak boleh sebelum tanggal mulai, dan paling lama satu tahun.",
    DelegationRule.PAST: "Masa itu sudah lewat.",
    DelegationRule.BASIS: "Sebut dasar penugasan (nomor surat), 5 sampai 200 huruf.",
    DelegationRule.OVERLAP: "Orang ini sudah memegang pelimpahan yang sama pada masa itu.",
    DelegationRule.UNKNOWN: "Catatan itu tidak ada, atau sudah ditarik.",
}
