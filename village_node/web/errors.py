"""Every trouble as a page or an answer to the page's script: what happened, what was kept, what to do.

The one table from a room's refusal to an HTTP status. Texts hold no value that somebody typed.
"""

from collections.abc import Mapping
from typing import TypeAlias

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from village_node.store.errors import DomainError
from village_node.web.language import later
from village_node.web.rejections import Advice

log = structlog.get_logger()

_SAVED = later("Semua yang sudah tersimpan tetap ada.")
_HOME = later("Kembali ke Beranda dan lanjutkan dari sana.")
_RETRY = later("Muat ulang halaman, lalu coba sekali lagi.")

Known: TypeAlias = tuple[int, Advice]

DOMAIN: Mapping[str, Known] = {
    "draft_gone": (404, Advice(
        happened=later("Isian ini tidak ada lagi: sudah dikirim, dihapus, atau milik petugas lain."),
        kept=_SAVED, to_do=_HOME)),
    "draft_changed": (409, Advice(
        happened=later("Isian berubah saat sedang ditandatangani, mungkin di jendela lain."),
        kept=later("Isian tetap tersimpan; belum ada yang dikirim."),
        to_do=later("Buka halaman Periksa sekali lagi, lalu tanda tangani."))),
    "draft_full": (409, Advice(
        happened=later("Berkas terlalu banyak atau terlalu besar untuk satu permohonan."),
        kept=later("Berkas yang sudah ada tetap tersimpan; yang terakhir tidak ditambahkan."),
        to_do=later("Hapus berkas yang tidak perlu, atau pindai lebih kasar (paling banyak 24 berkas, 60 MB)."))),
    "draft_key": (400, Advice(
        happened=later("Isian ini tidak dikenal formulir, atau terlalu panjang."), kept=_SAVED, to_do=_RETRY)),
    "draft_invalid": (409, Advice(
        happened=later("Masih ada isian atau berkas yang akan ditolak pusat."),
        kept=later("Isian tetap tersimpan; belum ada yang dikirim."),
        to_do=later("Buka halaman Periksa dan perbaiki yang ditandai."))),
    "draft_too_large": (409, Advice(
        happened=later("Isian atau berkas terlalu besar untuk satu kiriman."),
        kept=later("Isian tetap tersimpan; belum ada yang dikirim."),
        to_do=later("Persingkat isian yang panjang atau hapus sebagian berkas."))),
    "no_number_left": (409, Advice(
        happened=later("Persediaan nomor registrasi di komputer ini habis."),
        kept=later("Isian tetap tersimpan; belum ada yang dikirim. Nomor yang tercetak selalu nomor akhir, jadi tanpa "
                   "nomor tidak ada tanda terima."),
        to_do=later("Sambungkan komputer ke internet sebentar; pusat mengirim nomor baru dengan sendirinya. Sesudah "
                    "itu tanda tangani di sini."))),
    "officer_not_certified": (409, Advice(
        happened=later("Anda belum disahkan pusat sebagai petugas, jadi belum dapat menandatangani."),
        kept=later("Isian tetap tersimpan."),
        to_do=later("Tunggu pengesahan (lihat halaman Petugas). Isian dapat dikirim sesudahnya."))),
    "service_closed": (409, Advice(
        happened=later("Layanan ini tidak lagi menerima permohonan baru."),
        kept=later("Isian tetap tersimpan untuk dilihat."),
        to_do=later("Pilih layanan penggantinya di halaman Permohonan baru."))),
    "service_unknown_here": (404, Advice(
        happened=later("Layanan ini tidak ada di komputer ini."), kept=_SAVED, to_do=_HOME)),
    "item_unknown": (404, Advice(
        happened=later("Kiriman ini tidak ada di komputer ini."), kept=_SAVED, to_do=_HOME)),
    "pin_wrong": (403, Advice(
        happened=later("PIN salah."), kept=_SAVED, to_do=later("Periksa lalu masukkan PIN lagi."))),
    "pin_locked": (429, Advice(
        happened=later("PIN salah beberapa kali; kunci ditahan sebentar."),
        kept=_SAVED, to_do=later("Tunggu sebentar, lalu coba lagi. Setiap kali salah, waktu tunggu bertambah."))),
    "pin_form": (400, Advice(
        happened=later("PIN harus 6 angka atau lebih, tidak kembar dan tidak berurutan."),
        kept=_SAVED, to_do=later("Pilih PIN lain."))),
    "officer_unknown_here": (404, Advice(
        happened=later("Petugas ini tidak terdaftar di komputer ini."), kept=_SAVED, to_do=_HOME)),
    "not_enrolled": (409, Advice(
        happened=later("Komputer ini belum terdaftar di pusat kabupaten."),
        kept=_SAVED, to_do=later("Minta kode pendaftaran kepada administrator jaringan."))),
    "letter_unknown": (404, Advice(
        happened=later("Surat dari kantor ini tidak ada di komputer ini."), kept=_SAVED, to_do=_HOME)),
    "letter_unreadable": (500, Advice(
        happened=later("Surat dari kantor ini tidak dapat dibuka; mungkin rusak."),
        kept=later("Surat itu tetap disimpan seperti datangnya."),
        to_do=later("Telepon kantor itu, dan beri tahu administrator jaringan."))),
    "mailbox_closed": (409, Advice(
        happened=later("Anda belum memegang kunci surat komputer ini."),
        kept=later("Surat dari kantor tetap tersimpan tersegel."),
        to_do=later("Minta rekan yang sudah memegangnya masuk sekali dengan PIN; sesudah itu masuklah lagi."))),
    "document_not_here": (409, Advice(
        happened=later("Dokumen belum sampai seluruhnya di komputer ini."),
        kept=later("Bagian yang sudah sampai tetap tersimpan; sisanya menyusul sendiri begitu tersambung."),
        to_do=later("Sambungkan komputer, lalu buka lagi halaman keputusannya."))),
    "document_damaged": (409, Advice(
        happened=later("Sebagian dokumen rusak di jalan dan sudah dibuang."),
        kept=later("Keputusan tetap tersimpan; bagian yang rusak diminta lagi dari pusat."),
        to_do=later("Tunggu sebentar dengan komputer tersambung, lalu buka lagi."))),
    "correction_answered": (409, Advice(
        happened=later("Permintaan ini sudah dijawab: di sini, oleh rekan, atau di komputer lain."),
        kept=later("Isian Anda tetap tersimpan, tetapi tidak perlu dikirim lagi."),
        to_do=later("Lihat perjalanannya di Beranda, lalu hapus perbaikan yang tidak jadi dikirim ini."))),
    "correction_incomplete": (409, Advice(
        happened=later("Masih ada yang diminta dan belum dijawab."),
        kept=later("Isian tetap tersimpan; belum ada yang dikirim."),
        to_do=later("Kembali ke perbaikan, lalu ubah, lampirkan, atau tulis alasannya."))),
    "case_unknown": (404, Advice(
        happened=later("Tidak ada surat tentang permohonan ini di komputer ini."), kept=_SAVED, to_do=_HOME)),
    "hand_over": (422, Advice(
        happened=later("Nama penerima belum ditulis, atau terlalu panjang."),
        kept=later("Belum ada yang dicatat."),
        to_do=later("Tulis nama orang yang menerima (paling banyak 120 huruf), lalu masukkan PIN lagi."))),
    "parcel_refused": (422, Advice(
        happened=later("Berkas ini bukan paket Simpul untuk komputer ini."),
        kept=later("Tidak ada yang diubah."),
        to_do=later("Pilih berkas jawaban dari pusat untuk desa ini."))),
    "vault": (500, Advice(
        happened=later("Data tersegel di komputer ini tidak dapat dibuka; mungkin rusak."),
        kept=later("Tidak ada yang diubah atau dihapus."),
        to_do=later("Catat kode ini dan hubungi administrator jaringan."))),
    "register_locked": (409, Advice(
        happened=later("Anda belum memegang kunci data penduduk di komputer ini."),
        kept=_SAVED,
        to_do=later("Minta petugas lain yang sudah disahkan masuk sekali di komputer ini, lalu coba lagi."))),
    "resident_unknown": (404, Advice(
        happened=later("Warga ini tidak (lagi) ada di data penduduk komputer ini."),
        kept=_SAVED,
        to_do=later("Cari sekali lagi, atau ketik isiannya sendiri."))),
    "no_space": (503, Advice(
        happened=later("Cakram komputer ini penuh atau tidak dapat ditulisi; permohonan baru belum dapat dimulai."),
        kept=_SAVED,
        to_do=later("Kosongkan tempat di cakram, lalu coba lagi; program tidak perlu dimulai ulang."))),
    "storage": (503, Advice(
        happened=later("Cakram komputer ini penuh atau bermasalah; yang terakhir belum tersimpan."),
        kept=later("Yang tersimpan sebelumnya tetap ada. Isian di layar jangan ditutup."),
        to_do=later("Kosongkan tempat di cakram, lalu coba lagi. Bila berulang, hubungi administrator jaringan."))),
}  # fmt: skip

HTTP: Mapping[int, Advice] = {
    400: Advice(happened=later("Permintaan tidak terbaca."), kept=_SAVED, to_do=_RETRY),
    403: Advice(
        happened=later("Permintaan ini tidak datang dari halaman Simpul sendiri."),
        kept=_SAVED,
        to_do=later("Buka Simpul lewat pintasan di komputer ini, bukan lewat tautan dari situs lain."),
    ),
    404: Advice(happened=later("Halaman ini tidak ada."), kept=_SAVED, to_do=_HOME),
    405: Advice(happened=later("Halaman ini tidak dapat dipakai dengan cara itu."), kept=_SAVED, to_do=_HOME),
    413: Advice(
        happened=later("Berkas terlalu besar."),
        kept=_SAVED,
        to_do=later("Pindai ulang dengan mutu lebih rendah, paling besar 20 MB."),
    ),
}

TOKEN = Advice(
    happened=later("Halaman ini sudah terlalu lama terbuka atau program dimulai ulang."), kept=_SAVED, to_do=_RETRY
)
BROKEN = Advice(
    happened=later("Program mengalami kesalahan pada permintaan ini."),
    kept=_SAVED,
    to_do=later("Coba sekali lagi. Bila berulang, catat kodenya dan hubungi administrator jaringan."),
)
FALLBACK: Known = (409, Advice(happened=later("Permintaan ini ditolak."), kept=_SAVED, to_do=_HOME))


def advice_of(error: DomainError) -> Advice:
    """Return the sentences for a refusal."""
    return DOMAIN.get(error.code, FALLBACK)[1]


def sentence(advice: Advice) -> str:
    """Return all three sentences in one line, for a script."""
    return f"{advice.happened} {advice.kept} {advice.to_do}"


def wants_json() -> bool:
    """Tell whether a script of ours asks."""
    return request.is_json or request.headers.get("X-Requested-With") == "simpul"


def answer(status: int, code: str, advice: Advice) -> Response:
    """Return the trouble as a page, or as JSON for our scripts."""
    if wants_json():
        response = jsonify(problem=sentence(advice), code=code)
    else:
        response = Response(render_template("problem.html", advice=advice, code=code))
    response.status_code = status
    return response


def register(app: Flask) -> None:
    """Handle every exception that a view may let out."""

    @app.errorhandler(DomainError)
    def refused(error: DomainError) -> ResponseReturnValue:
        status, advice = DOMAIN.get(error.code, FALLBACK)
        log.info("refused", code=error.code, endpoint=request.endpoint)
        return answer(status, error.code, advice)

    @app.errorhandler(CSRFError)
    def stale(_: CSRFError) -> ResponseReturnValue:
        response = answer(400, "token", TOKEN)
        response.headers["X-Simpul-Problem"] = "token"
        return response

    @app.errorhandler(SecurityError)
    def foreign_host(_: SecurityError) -> ResponseReturnValue:
        return Response("400", status=400, mimetype="text/plain")  # no page of ours under a name that is not ours

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if error.response is not None or status < 400:  # noqa: PLR2004  # redirects pass as they are
            return error
        return answer(status, f"http_{status}", HTTP.get(status, BROKEN))

    @app.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        log.error("page_failed", kind=type(error).__name__, endpoint=request.endpoint)
        return answer(500, "broken", BROKEN)
