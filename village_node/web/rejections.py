"""What the hub's refusals mean for an officer: what happened, what was kept, what to do.

One entry for each code of ``protocol.errors``; a test fails when one is missing or has no English. The sentences name
no value from an application, and no program's inner words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.errors import BY_CODE, ProtocolError, Turn
from village_node.web.language import Lazy, later


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Three sentences about one trouble."""

    happened: Lazy
    kept: Lazy
    to_do: Lazy


_KEPT = later("Berkas tetap tersimpan tersegel di komputer ini, dan penolakan pusat dicatat dengan tanda tangan.")
_CALL = later(
    "Hubungi administrator jaringan kabupaten dan sebutkan kode ini. Jangan membuat permohonan yang sama lagi."
)
_AGAIN = later("Program mengirim ulang sendiri. Tidak ada yang perlu Anda lakukan.")
_RENEW = later("Buat permohonan baru dengan isian yang benar; nomor lama tidak dipakai lagi.")

REJECTIONS: Mapping[str, Advice] = {
    "malformed": Advice(happened=later("Pusat tidak dapat membaca kiriman ini."), kept=_KEPT, to_do=_CALL),
    "too_large": Advice(
        happened=later("Kiriman lebih besar daripada yang diterima pusat."),
        kept=_KEPT,
        to_do=later("Buat permohonan baru dengan lampiran yang lebih kecil atau lebih sedikit."),
    ),
    "schema": Advice(happened=later("Susunan kiriman tidak sesuai dengan aturan pusat."), kept=_KEPT, to_do=_CALL),
    "version": Advice(
        happened=later("Versi program di komputer ini tidak lagi dikenal pusat."),
        kept=_KEPT,
        to_do=later("Minta administrator jaringan memperbarui program di komputer ini."),
    ),
    "algorithm": Advice(
        happened=later("Cara tanda tangan pada kiriman ini tidak diterima pusat."), kept=_KEPT, to_do=_CALL
    ),
    "purpose": Advice(
        happened=later("Tanda tangan pada kiriman ini dibuat untuk keperluan lain."), kept=_KEPT, to_do=_CALL
    ),
    "key_unknown": Advice(
        happened=later("Pusat tidak mengenal kunci yang menandatangani kiriman ini."), kept=_KEPT, to_do=_CALL
    ),
    "signature": Advice(
        happened=later("Tanda tangan kiriman tidak cocok; isinya mungkin rusak di jalan."), kept=_KEPT, to_do=_CALL
    ),
    "seal": Advice(
        happened=later("Segel kiriman tidak dapat dibuka; isinya mungkin rusak di jalan."), kept=_KEPT, to_do=_CALL
    ),
    "sealing_key_unknown": Advice(
        happened=later("Kiriman disegel untuk kunci pusat yang sudah diganti."), kept=_KEPT, to_do=_CALL
    ),
    "identity": Advice(
        happened=later("Kiriman memakai nama komputer atau desa yang tidak cocok dengan kuncinya."),
        kept=_KEPT,
        to_do=_CALL,
    ),
    "node_unknown": Advice(happened=later("Pusat tidak mengenal komputer ini."), kept=_KEPT, to_do=_CALL),
    "node_revoked": Advice(
        happened=later("Pendaftaran komputer ini dicabut atau ditangguhkan; kirimannya ditahan di pusat."),
        kept=_KEPT,
        to_do=_CALL,
    ),
    "officer_unknown": Advice(
        happened=later("Petugas yang menandatangani belum disahkan pusat untuk desa ini."),
        kept=_KEPT,
        to_do=later("Tunggu pengesahan petugas (lihat halaman Petugas), lalu hubungi administrator jaringan."),
    ),
    "officer_revoked": Advice(
        happened=later("Wewenang petugas yang menandatangani sudah dicabut pusat."),
        kept=_KEPT,
        to_do=later("Minta petugas lain membuat permohonan baru, dan hubungi administrator jaringan."),
    ),
    "counter_conflict": Advice(
        happened=later("Dua kiriman berbeda memakai nomor urut yang sama; mungkin ada salinan dari komputer ini."),
        kept=later("Keduanya disimpan sebagai bukti, di sini dan di pusat."),
        to_do=_CALL,
    ),
    "number_not_leased": Advice(
        happened=later("Nomor registrasi ini tidak dijatahkan untuk komputer ini."), kept=_KEPT, to_do=_CALL
    ),
    "number_used": Advice(
        happened=later("Nomor registrasi ini sudah dipakai oleh permohonan lain."), kept=_KEPT, to_do=_CALL
    ),
    "service_unknown": Advice(
        happened=later("Pusat tidak (lagi) memiliki layanan ini dalam versi yang dipakai."), kept=_KEPT, to_do=_RENEW
    ),
    "answers_invalid": Advice(
        happened=later("Ada isian yang tidak sesuai dengan formulir layanan."), kept=_KEPT, to_do=_RENEW
    ),
    "attachments_invalid": Advice(
        happened=later("Ada lampiran wajib yang kurang, atau jenis dan jumlahnya tidak sesuai."),
        kept=_KEPT,
        to_do=later("Buat permohonan baru dengan lampiran yang lengkap; nomor lama tidak dipakai lagi."),
    ),
    "quota": Advice(
        happened=later("Terlalu banyak kiriman dari komputer ini yang belum utuh di pusat."),
        kept=later("Kiriman ini menunggu di sini sampai yang lebih lama selesai."),
        to_do=_AGAIN,
    ),
    "chunk_range": Advice(
        happened=later("Sepotong lampiran bernomor salah dan tidak dipakai pusat."),
        kept=later("Potongan lain sudah disimpan pusat; tidak perlu dikirim ulang."),
        to_do=_AGAIN,
    ),
    "chunk_auth": Advice(
        happened=later("Sepotong lampiran rusak di jalan dan tidak dipakai pusat."),
        kept=later("Potongan lain sudah disimpan pusat; tidak perlu dikirim ulang."),
        to_do=_AGAIN,
    ),
    "attachment_digest": Advice(
        happened=later("Lampiran yang tersusun di pusat tidak sama dengan aslinya."),
        kept=later("Lampiran aslinya masih tersegel di komputer ini."),
        to_do=_AGAIN,
    ),
    "proof": Advice(
        happened=later("Bukti pencatatan dari pusat tidak cocok dengan buku besar yang dikenal komputer ini."),
        kept=later("Jawaban itu tidak dipercaya; permohonan tetap dianggap belum diterima."),
        to_do=later("Segera hubungi administrator jaringan dan inspektorat: ini bisa berarti catatan pusat diubah."),
    ),
    "commitment": Advice(
        happened=later("Jawaban pusat tidak cocok dengan catatannya sendiri di buku besar."),
        kept=later("Jawaban itu tidak dipercaya; permohonan tetap dianggap belum diterima."),
        to_do=later("Segera hubungi administrator jaringan dan inspektorat: ini bisa berarti catatan pusat diubah."),
    ),
    "topic": Advice(happened=later("Kiriman sampai di alamat pusat yang tidak dikenal."), kept=_KEPT, to_do=_CALL),
    "correction_unknown": Advice(
        happened=later("Pusat tidak mengenal permohonan yang diperbaiki oleh kiriman ini."), kept=_KEPT, to_do=_CALL
    ),
    "correction_closed": Advice(
        happened=later("Perbaikan ini tidak (lagi) diminta: sudah dijawab, atau permintaannya dicabut."),
        kept=_KEPT,
        to_do=later("Lihat halaman permohonan: bila kantor meminta lagi, jawab permintaan yang terbaru."),
    ),
    "correction_not_asked": Advice(
        happened=later("Perbaikan ini mengubah isian atau berkas yang tidak diminta."),
        kept=_KEPT,
        to_do=later("Ubah hanya yang diminta, lalu kirim perbaikan sekali lagi."),
    ),
    "act_unknown": Advice(
        happened=later("Pusat tidak mengenal permohonan yang disebut dalam pernyataan petugas ini."),
        kept=_KEPT,
        to_do=_CALL,
    ),
    "act_not_allowed": Advice(
        happened=later("Pernyataan petugas ini belum atau tidak lagi berlaku untuk permohonan itu."),
        kept=_KEPT,
        to_do=later("Lihat halaman permohonan, lalu nyatakan lagi bila memang sudah waktunya."),
    ),
    "document_unknown": Advice(
        happened=later("Pusat tidak memiliki dokumen yang diminta komputer ini."), kept=_KEPT, to_do=_CALL
    ),
    "parcel": Advice(
        happened=later("Berkas USB ini rusak atau bukan untuk komputer ini."),
        kept=later("Isi yang masih terbaca sudah dipakai; yang lain tetap tersimpan di asalnya."),
        to_do=later("Salin berkas USB itu sekali lagi dari asalnya."),
    ),
    "put_aside": Advice(
        happened=later("Pusat menyisihkan kiriman ini untuk diperiksa orang."),
        kept=_KEPT,
        to_do=later("Tunggu kabar dari administrator jaringan; jangan membuat permohonan yang sama lagi."),
    ),
    "enrolment": Advice(
        happened=later("Kode pendaftaran komputer ini salah, sudah dipakai, atau kedaluwarsa."),
        kept=later("Kunci yang dibuat di komputer ini tetap ada."),
        to_do=later("Minta kode baru kepada administrator jaringan."),
    ),
}

UNKNOWN = Advice(
    happened=later("Pusat menolak dengan kode yang belum dikenal program ini."),
    kept=_KEPT,
    to_do=later("Hubungi administrator jaringan dan sebutkan kode ini; mungkin program perlu diperbarui."),
)

_EVIDENCE = later("Pesan itu tidak dipakai; byte-nya disimpan sebagai bukti.")
_SUSPICIOUS = later("Segera hubungi administrator jaringan dan inspektorat: ini bisa berarti catatan pusat diubah.")

FLAGS: Mapping[str, Advice] = {
    "split_view": Advice(
        happened=later("Pusat menunjukkan dua buku besar yang tidak cocok satu sama lain."),
        kept=later("Keduanya disimpan sebagai bukti; yang lama tetap dipercaya."),
        to_do=_SUSPICIOUS,
    ),
    "proof_withheld": Advice(
        happened=later("Berjam-jam tidak ada bukti bahwa buku besar pusat utuh, padahal pertanyaan lain dijawab."),
        kept=later("Bukti yang dulu diterima tetap disimpan dan tetap dipercaya."),
        to_do=later("Hubungi administrator jaringan dan inspektorat: perantara menahan bukti, atau pusat tidak punya."),
    ),
    "receipt_contradiction": Advice(
        happened=later("Dua tanda terima pusat untuk permohonan yang sama saling bertentangan."),
        kept=later("Keduanya disimpan sebagai bukti."),
        to_do=_SUSPICIOUS,
    ),
    "receipt_foreign": Advice(
        happened=later("Pusat mengirim tanda terima untuk permohonan yang bukan dari komputer ini."),
        kept=_EVIDENCE,
        to_do=later("Hubungi administrator jaringan dan sebutkan kode ini."),
    ),
    "files_damaged": Advice(
        happened=later("Lampiran tersegel di cakram komputer ini rusak, jadi tidak dapat dikirim."),
        kept=later("Isian permohonan dan lampiran lain tetap ada."),
        to_do=later("Minta pemohon membawa lampirannya lagi, dan periksa cakram komputer ini."),
    ),
    "notice_unknown": Advice(
        happened=later("Pusat mengirim pemberitahuan jenis baru yang belum dikenal program ini."),
        kept=later("Pemberitahuan itu disimpan di komputer ini."),
        to_do=later("Perbarui program di komputer ini, atau hubungi administrator jaringan."),
    ),
    "notice_unreadable": Advice(
        happened=later("Pemberitahuan dari pusat tiba, tetapi isinya tidak dapat dibaca."),
        kept=later("Pemberitahuan itu tidak dipakai; isinya disimpan sebagai bukti."),
        to_do=later("Hubungi administrator jaringan dan sebutkan kode ini."),
    ),
}
"""Things that should not have happened, as the sync engine flags them."""

UNVERIFIED = Advice(
    happened=later("Pesan yang mengaku dari pusat tidak lulus pemeriksaan."),
    kept=_EVIDENCE,
    to_do=later("Bila berulang, hubungi administrator jaringan dan sebutkan kode ini."),
)

TURNS: Mapping[Turn, Lazy] = {
    Turn.NODE: later("program di komputer ini"),
    Turn.OFFICER: later("petugas desa"),
    Turn.ADMINISTRATOR: later("administrator jaringan kabupaten"),
}


def advice_for(code: str) -> Advice:
    """Return what a reject code means; a newer hub may know codes that this program does not."""
    return REJECTIONS.get(code, UNKNOWN)


def flag_advice(code: str) -> Advice:
    """Return what a flag means: its own words, the refusal that the hub sent, or a message that did not verify."""
    if code.startswith("refused_"):
        return advice_for(code.removeprefix("refused_"))
    return FLAGS.get(code, UNVERIFIED)


def turn_after(code: str) -> Turn:
    """Return who has to act after this rejection."""
    return BY_CODE.get(code, ProtocolError).turn
