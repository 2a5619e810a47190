"""Words of the catalogue's and the drafts' codes, and how answers, sizes and times are written for people."""

from collections.abc import Mapping
from datetime import date, datetime

from protocol.answers import ProblemCode, SummaryLine
from protocol.catalogue import FieldType, ServiceKind, Sla, SlaOrigin, Text
from protocol.fees import Fee, FeeKind
from protocol.nik import NikFindingCode, Sex
from village_node.drafts.pictures import UploadProblem
from village_node.register.columns import RowProblem
from village_node.register.errors import FileProblem
from village_node.web.language import Lazy, day, decimal, later, say, spoken

KINDS: Mapping[ServiceKind, Lazy] = {
    ServiceKind.PERMIT: later("Perizinan"),
    ServiceKind.NON_PERMIT: later("Nonperizinan"),
    ServiceKind.CIVIL_REGISTRATION: later("Administrasi kependudukan"),
    ServiceKind.VILLAGE_LETTER: later("Surat desa/kelurahan"),
}

ORIGINS: Mapping[SlaOrigin, Lazy] = {
    SlaOrigin.SRAGEN: later("ketentuan Kabupaten Sragen"),
    SlaOrigin.CENTRAL_JAVA: later("ketentuan daerah lain di Jawa Tengah"),
    SlaOrigin.ELSEWHERE: later("ketentuan daerah lain"),
    SlaOrigin.NATIONAL: later("ketentuan nasional"),
    SlaOrigin.ESTIMATE: later("perkiraan, belum ketentuan"),
}

PROBLEMS: Mapping[ProblemCode, Lazy] = {
    ProblemCode.UNKNOWN_FIELD: later("Formulir ini tidak memiliki isian tersebut."),
    ProblemCode.NOT_SHOWN: later("Isian ini tidak ditanyakan untuk jawaban yang dipilih."),
    ProblemCode.MISSING: later("Isian ini belum diisi."),
    ProblemCode.WRONG_TYPE: later("Isian ini tidak terbaca; periksa angka atau tanggalnya."),
    ProblemCode.CHARACTERS: later("Isian ini memuat karakter yang tidak boleh dipakai."),
    ProblemCode.TOO_SHORT: later("Isian ini terlalu pendek."),
    ProblemCode.TOO_LONG: later("Isian ini terlalu panjang."),
    ProblemCode.TOO_SMALL: later("Angka ini terlalu kecil."),
    ProblemCode.TOO_LARGE: later("Angka ini terlalu besar."),
    ProblemCode.PATTERN: later("Penulisan isian ini tidak sesuai; lihat contohnya."),
    ProblemCode.NOT_A_CHOICE: later("Pilih salah satu jawaban yang tersedia."),
    ProblemCode.NIK: later("Ini bukan NIK: harus 16 angka dengan tanggal lahir yang ada."),
    ProblemCode.KK_NO: later("Nomor KK harus 16 angka."),
    ProblemCode.PHONE: later("Nomor telepon tidak terbaca; contoh 0812 3456 7890."),
    ProblemCode.DATE: later("Tanggal ini tidak ada; contoh 17-08-1990."),
    ProblemCode.DATE_ORDER: later("Tanggal ini lebih awal daripada tanggal yang mendahuluinya."),
    ProblemCode.VILLAGE: later("Ini bukan kode desa/kelurahan; contoh 33.14.01.2001."),
    ProblemCode.UNKNOWN_REQUIREMENT: later("Persyaratan ini tidak ada pada layanan."),
    ProblemCode.NOT_ASKED: later("Berkas ini tidak diperlukan untuk jawaban yang dipilih; hapus berkasnya."),
    ProblemCode.FILES_MISSING: later("Berkas wajib ini belum dilampirkan."),
    ProblemCode.TOO_MANY_FILES: later("Berkas terlalu banyak; hapus sebagian."),
    ProblemCode.MEDIA_TYPE: later("Jenis berkas ini tidak diterima untuk persyaratan ini."),
}

NIK_FINDINGS: Mapping[NikFindingCode, Lazy] = {
    NikFindingCode.DIGITS: later("NIK harus 16 angka."),
    NikFindingCode.DATE: later("Tanggal lahir di dalam NIK tidak ada."),
    NikFindingCode.SERIAL: later("Nomor urut di dalam NIK tidak boleh 0000."),
    NikFindingCode.REGION_UNKNOWN: later(
        "Kode wilayah NIK dari luar kabupaten ini: wajar bagi pendatang, lihat KTP-nya."
    ),
    NikFindingCode.TEST_REALM: later("Ini NIK untuk uji coba, bukan milik penduduk."),
    NikFindingCode.BIRTH_DATE_DIFFERS: later(
        "Tanggal lahir di dalam NIK berbeda dengan isian. Periksa, lalu tulis alasannya."
    ),
    NikFindingCode.SEX_DIFFERS: later("Jenis kelamin menurut NIK berbeda dengan isian. Periksa, lalu tulis alasannya."),
}

UPLOADS: Mapping[UploadProblem, Lazy] = {
    UploadProblem.EMPTY: later("Berkas kosong. Pilih berkas lain."),
    UploadProblem.TOO_LARGE: later("Berkas terlalu besar. Pindai ulang dengan mutu lebih rendah, paling besar 20 MB."),
    UploadProblem.KIND: later(
        "Berkas ini bukan foto JPEG, PNG, WEBP, dan bukan PDF. Foto atau pindai ulang dokumennya."
    ),
    UploadProblem.NOT_ACCEPTED: later("Jenis berkas ini tidak diterima untuk persyaratan ini."),
    UploadProblem.DAMAGED: later("Berkas rusak dan tidak dapat dibuka. Foto atau pindai ulang dokumennya."),
    UploadProblem.TOO_MANY_PIXELS: later("Ukuran gambar tidak wajar besarnya. Foto ulang dengan kamera biasa."),
    UploadProblem.LOCKED: later("PDF ini terkunci kata sandi. Simpan salinan tanpa kata sandi."),
    UploadProblem.ACTIVE: later("PDF ini memuat program atau berkas lain di dalamnya. Cetak ulang ke PDF biasa."),
    UploadProblem.TOO_MANY_PAGES: later("PDF ini lebih dari 300 halaman. Bagi menjadi beberapa berkas."),
}

ROW_PROBLEMS: Mapping[RowProblem, Lazy] = {
    RowProblem.NIK_MISSING: later("NIK kosong."),
    RowProblem.NIK_WRONG: later("Bukan NIK: harus 16 angka dengan tanggal lahir yang ada."),
    RowProblem.NIK_NUMBER: later(
        "NIK tersimpan sebagai bilangan, angka terakhirnya hilang. Ekspor ulang dengan kolom NIK sebagai teks."
    ),
    RowProblem.NIK_TWICE: later("NIK ini sudah ada di baris sebelumnya."),
    RowProblem.NAME_MISSING: later("Nama kosong."),
    RowProblem.NAME_WRONG: later("Nama terlalu panjang atau tanpa huruf."),
    RowProblem.FORMULA: later("Ada isi yang diawali tanda rumus (=, +, -, @)."),
    RowProblem.NOT_HERE: later("Tercatat meninggal, pindah, atau hilang."),
}

FILE_PROBLEMS: Mapping[str, Lazy] = {
    FileProblem.EMPTY: later("Berkas kosong."),
    FileProblem.TOO_LARGE: later("Berkas terlalu besar untuk data penduduk satu desa."),
    FileProblem.KIND: later("Berkas ini bukan XLSX atau CSV. Simpan ulang sebagai XLSX."),
    FileProblem.DAMAGED: later("Berkas rusak dan tidak dapat dibaca. Ekspor ulang dari OpenSID."),
    FileProblem.ENCODING: later("Huruf di berkas ini tidak terbaca. Simpan ulang sebagai CSV UTF-8 atau XLSX."),
    FileProblem.HEADINGS: later("Tidak ada kolom NIK dan nama seperti pada ekspor penduduk OpenSID."),
    FileProblem.TOO_MANY_ROWS: later("Baris terlalu banyak untuk data penduduk satu desa."),
    "storage": later("Cakram komputer ini penuh atau bermasalah."),
    "broken": later("Program mengalami kesalahan saat mengimpor."),
    "not_enrolled": later("Belum ada petugas dengan kunci di komputer ini."),
}

FEES: Mapping[FeeKind, Lazy] = {
    FeeKind.FREE: later("GRATIS"),
    FeeKind.EXEMPT: later("GRATIS"),
    FeeKind.FIXED: later("tarif tetap"),
    FeeKind.FORMULA: later("dihitung dari isian"),
    FeeKind.LOCAL_TAX: later("Layanan gratis; pajak daerah ditetapkan dinas"),
    FeeKind.ASSESSED_LEVY: later("Retribusi ditetapkan dinas, bukan dibayar di desa"),
    FeeKind.NATIONAL_SYSTEM: later("Dibayar lewat sistem nasional, bukan di desa"),
}

_MEGABYTE = 1_000_000
_YES, _NO = later("Ya"), later("Tidak")


def in_words(text: Text | None) -> str:
    """Return a text of the catalogue in the officer's language."""
    return text.in_language(spoken()) if text else ""


def money(amount_rp: int) -> str:
    """Return rupiah as Indonesians write them."""
    return "Rp" + f"{amount_rp:,}".replace(",", ".")


def fee_words(fee: Fee) -> str:
    """Return the fee in words, never a guess."""
    if fee.amount_rp is not None and not fee.is_free:
        return money(fee.amount_rp)
    return str(FEES[fee.kind])


def promised(sla: Sla) -> str:
    """Return the promised time in working days."""
    if not sla.max_days:
        return say("Selesai hari itu juga")
    if sla.min_days in {0, sla.max_days}:
        return say("%(days)s hari kerja", days=sla.max_days)
    return say("%(least)s–%(most)s hari kerja", least=sla.min_days, most=sla.max_days)


def size(size_bytes: int) -> str:
    """Return a file size."""
    if size_bytes < _MEGABYTE:
        return f"{-(-size_bytes // 1000)} kB"
    return f"{decimal(size_bytes / _MEGABYTE, '0.0')} MB"


def duration(seconds: int) -> str:
    """Return how long something takes, rounded up."""
    if seconds < 60:  # noqa: PLR2004  # a minute
        return say("%(count)s detik", count=seconds)
    if seconds < 3600:  # noqa: PLR2004  # an hour
        return say("%(count)s menit", count=-(-seconds // 60))
    return say("%(hours)s jam %(minutes)s menit", hours=seconds // 3600, minutes=seconds % 3600 // 60)


def moment(at: datetime) -> str:
    """Return day and time of an already local time, with its zone: ``24 November 2026 09.12 WIB``."""
    return f"{day(at.date())} {clock_time(at)} {at.tzname() or ''}".strip()


def clock_time(at: datetime, *, seconds: bool = False) -> str:
    """Return hours and minutes: ``09.12``, in English ``09:12``."""
    colon = ":" if spoken() == "en" else "."
    return at.strftime(colon.join(["%H", "%M", "%S"] if seconds else ["%H", "%M"]))


def sex_words(sex: Sex) -> str:
    """Return the word for a sex."""
    return say("perempuan") if sex is Sex.FEMALE else say("laki-laki")


def answer_words(line: SummaryLine) -> str:
    """Return an answer as it is shown on the check page and the slip."""
    answer, field = line.answer, line.field
    if line.choice:
        return in_words(line.choice)
    if isinstance(answer, bool):
        return str(_YES if answer else _NO)
    if isinstance(answer, int):
        return _number_words(field.type, answer, field.unit)
    if field.type is FieldType.DATE:
        return day(date.fromisoformat(answer))
    return answer


def _number_words(kind: FieldType, answer: int, unit: str) -> str:
    if kind is FieldType.MONEY:
        return money(answer)
    shown = decimal(answer / 100 if kind is FieldType.HUNDREDTHS else answer)
    return f"{shown} {unit}".strip()
