"""What every answer and every request of the officer's pages must satisfy.

Rules (fault F39: another web site, or a name that was pointed at 127.0.0.1, calls this program through the browser):
1. The Host header is one of our names; Flask's TRUSTED_HOSTS answers 400 before any view runs.
2. A request that changes something comes from our own page: Sec-Fetch-Site or Origin say so, and the CSRF token agrees.
3. A page may load, run and send to nothing but ourselves; no script or style stands inside a page.
4. Nothing is kept by a cache: the next person at this computer must not find it with the back button.
"""

from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request

TRUSTED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob: mediastream:; base-uri 'none'; frame-ancestors 'none'"
)
"""Of every page. ``data:`` are Bootstrap's own small pictures, ``blob:`` is a photo that is not saved yet."""

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer browsers send ``Origin: null`` from our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), usb=(), payment=()",
    "Cache-Control": "no-store",
}

FILE_CSP = "default-src 'none'; sandbox"
"""For a file that somebody attached or sent: whatever is in it, nothing of it runs.

The browser's own viewer shows a PDF all the same (Chromium 156); one that does not offers to save it.
"""


def is_from_our_page(incoming: Request) -> bool:
    """Tell whether a request was made by one of our own pages (rule 2); other programs send neither header."""
    site = incoming.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = incoming.headers.get("Origin")
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme == incoming.scheme and parts.netloc == incoming.host


def guard(app: Flask) -> None:
    """Make the app keep the rules above."""
    app.config.update(
        TRUSTED_HOSTS=TRUSTED_HOSTS,
        SESSION_COOKIE_NAME="simpul-node",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open for a day; the token ends with the session
        WTF_CSRF_SSL_STRICT=False,
    )

    @app.before_request
    def refuse_strangers() -> None:
        if request.method not in SAFE_METHODS and not is_from_our_page(request):
            abort(403)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.endpoint in {"static", "bootstrap.static"}:
            response.headers["Cache-Control"] = "max-age=3600"
        return response
