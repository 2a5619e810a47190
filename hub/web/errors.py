"""One table from what rooms refuse to HTTP, and the pages for it.

Every page says what happened, what was kept and what to do. Nothing of the request is repeated. The 500 page shows an
id under which the log has the error's type and place, never its values (they may be personal).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from hub.accounts.errors import AccountError, DelegationRefusedError
from hub.casework.errors import CaseNotFoundError, ConflictError, FileQuarantinedError, MoveRefusedError
from hub.fees.errors import FeeError
from hub.logs import trail_of
from hub.permits.errors import DocumentNotFoundError, PermitError
from hub.registry.errors import RegistryError
from hub.storage.errors import StorageError

SERVER_ERROR = 500

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Heading and advice of an error page; both are msgids."""

    title: str
    advice: str


PAGES: Mapping[int, Words] = {
    400: Words(title="Permintaan tidak dapat dibaca", advice="Muat ulang halaman, lalu coba lagi."),
    403: Words(title="Anda tidak berwenang membuka halaman ini", advice="Peran Anda tidak mencakup halaman ini."),
    404: Words(
        title="Tidak ditemukan",
        advice="Alamat ini tidak ada, atau berkasnya bukan di meja kantor Anda. Periksa nomornya di antrean kerja.",
    ),
    405: Words(title="Cara ini tidak dilayani di sini", advice="Kembali ke halaman sebelumnya, lalu pakai tombolnya."),
    409: Words(
        title="Keadaan berkas sudah berubah",
        advice="Orang lain lebih dahulu mengerjakannya. Buka lagi berkasnya untuk melihat keadaan terakhir.",
    ),
    413: Words(title="Kiriman terlalu besar", advice="Kurangi isi kiriman, lalu coba lagi. Tidak ada yang tersimpan."),
    422: Words(title="Isian belum dapat diterima", advice="Periksa isian, lalu kirim lagi. Tidak ada yang tersimpan."),
    423: Words(
        title="Lampiran dikarantina",
        advice="Tidak ada yang membukanya. Berkas tetap berjalan; minta desa mengirim lampiran baru bila perlu.",
    ),
    429: Words(title="Terlalu sering", advice="Tunggu sebentar, lalu coba lagi."),
    500: Words(
        title="Terjadi kesalahan di hub",
        advice="Yang sudah tersimpan tetap aman. Coba lagi; bila berulang, sampaikan nomor kejadian ini kepada admin.",
    ),
    503: Words(
        title="Basis data sedang tidak dapat dihubungi",
        advice="Yang sudah tersimpan tetap aman. Tunggu sebentar, lalu muat ulang halaman.",
    ),
}

CSRF_WORDS = Words(
    title="Formulir ini sudah kedaluwarsa",
    advice="Kembali ke halaman sebelumnya (isian Anda masih ada di sana), muat ulang, lalu kirim lagi.",
)

TABLE: Mapping[type[Exception], int] = {
    CaseNotFoundError: 404,
    ConflictError: 409,
    FileQuarantinedError: 423,
    MoveRefusedError: 422,
    DocumentNotFoundError: 404,
    PermitError: 422,
    FeeError: 422,
    AccountError: 422,
    DelegationRefusedError: 422,
    RegistryError: 409,
    StorageError: 503,
}
"""What a room raises, and the status that it becomes."""


def set_up_errors(app: Flask) -> None:
    """Register the pages."""
    app.register_error_handler(SecurityError, wrong_host)
    app.register_error_handler(CSRFError, csrf_page)
    app.register_error_handler(HTTPException, http_page)
    for kind, status in TABLE.items():
        app.register_error_handler(kind, _table_page(status))
    app.register_error_handler(Exception, crash_page)


def wrong_host(_: SecurityError) -> ResponseReturnValue:
    """Answer a request under a foreign host name in plain text: no address of ours can be built for it (fault F13)."""
    return "400: host name not served here\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def csrf_page(_: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is missing or old."""
    return render_template("error.html", status=400, words=CSRF_WORDS, error_id=None), 400


def http_page(error: HTTPException) -> ResponseReturnValue:
    """Answer what Flask and the views refuse; redirects pass."""
    status = error.code or 500
    if status < 400:  # noqa: PLR2004  # a redirect that is raised, not an error
        return error.get_response()
    headers = [(name, value) for name, value in error.get_headers() if name in {"Allow", "Retry-After"}]
    words = PAGES.get(status, PAGES[400 if status < SERVER_ERROR else 500])
    return render_template("error.html", status=status, words=words, error_id=None), status, headers


def crash_page(error: Exception) -> ResponseReturnValue:
    """Answer everything else: log where it happened, show an id."""
    trail = trail_of(error)
    log.error("web.crash", error=type(error).__name__, place=trail[-1] if trail else "?", trail=trail)
    error_id = g.get("request_id")
    try:
        return render_template("error.html", status=500, words=PAGES[500], error_id=error_id), 500
    except Exception as second:  # noqa: BLE001  # the layout itself may be what is broken
        log.error("web.crash_page", error=type(second).__name__)
        return f"500: {error_id}\n", 500, {"Content-Type": "text/plain; charset=utf-8"}


def _table_page(status: int) -> Callable[[Exception], ResponseReturnValue]:
    def page(error: Exception) -> ResponseReturnValue:
        log.warning("web.refused", error=type(error).__name__, status=status)
        error_id = g.get("request_id") if status >= SERVER_ERROR else None
        return render_template("error.html", status=status, words=PAGES[status], error_id=error_id), status

    return page
