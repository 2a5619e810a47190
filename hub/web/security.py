"""Headers of every answer, and the refusal of requests that another site sent.

Sources: OWASP ASVS 5.0 chapters 3.4 and 3.5; OWASP Secure Headers. No inline script or style anywhere, so no nonce.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import BadRequest, Forbidden

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",  # data: for the small pictures in Bootstrap's style sheet
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",  # pictures of attachments, each in a sandbox of its own
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_POLICY)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"
STATIC_ENDPOINTS = frozenset({"static", "bootstrap.static"})
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def guard(app: Flask, *, production: bool) -> None:
    """Put headers on every answer and refuse unsafe requests from other sites, before anything else happens."""
    app.before_request(_refuse_strangers)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if production:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if request.endpoint not in STATIC_ENDPOINTS or response.status_code >= 400:  # noqa: PLR2004
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refuse_strangers() -> None:
    if request.method not in SAFE_METHODS and _is_from_another_site():
        raise Forbidden
    if _holds_nul():
        raise BadRequest


def _holds_nul() -> bool:
    """Tell whether an address or a form holds U+0000, which no person types and PostgreSQL takes in no text."""
    values = [request.path, *(value for pair in request.args.items(multi=True) for value in pair)]
    if request.mimetype in FORM_TYPES and not _is_large():
        values += [value for pair in request.form.items(multi=True) for value in pair]
    return any("\x00" in value for value in values)


def _is_large() -> bool:
    """Tell whether a body is larger than a form: it is read behind the gate alone, if the view takes files."""
    return (request.content_length or 0) > int(current_app.config["MAX_CONTENT_LENGTH"])


def _is_from_another_site() -> bool:
    """Tell whether a browser says that another site made it send this (ASVS 3.5.1).

    Our own pages send ``Origin: null``, because they forbid the referrer; ``Sec-Fetch-Site`` is what tells them apart.
    A browser too old for that header is held by the form token alone.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.host
