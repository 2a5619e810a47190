"""Sign-in and sign-out.

A form that was sent after the session had ended is not lost: its fields travel through the sign-in as hidden fields of
the same browser, and the person sends them again afterwards, having seen them (WCAG 2.2, 2.2.5 re-authenticating).
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hub.accounts.access import allow, public, web_context
from hub.accounts.forms import SignInForm
from hub.accounts.rules import ABSOLUTE, Role, network_of, visitor_of
from hub.accounts.service import Attempt, SignInResult, end_session, sign_in
from hub.settings import Settings

blueprint = Blueprint("accounts", __name__, template_folder="templates")

KEPT = "kept:"
KEPT_PATH = "kept-path"
MAX_KEPT = 40
_NEVER_KEPT = frozenset({"csrf_token", "username", "password"})


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptForm:
    """A form that came too late: where it goes and what was typed."""

    path: str
    fields: tuple[tuple[str, str], ...]


@blueprint.get("/sign-in")
@public
def sign_in_page() -> ResponseReturnValue:
    """Show the sign-in form."""
    if g.get("actor") is not None:
        return redirect(url_for("web.home"))
    return render_template("accounts/sign_in.html", form=SignInForm(), kept=None, next=request.args.get("next", ""))


@blueprint.post("/sign-in")
@public
def sign_in_now() -> ResponseReturnValue:
    """Check name and password; the answer to a failure is the same whatever was wrong (fault F12)."""
    form, kept, result = SignInForm(), kept_form(), SignInResult()
    if form.validate_on_submit():
        context = web_context()
        result = sign_in(context.database, context.clock, context.randomness, _attempt(form))
        if result.token is not None:
            return _signed_in(result.token, kept)
        form.password.errors = [_failure(result.wait_s)]
    page = render_template("accounts/sign_in.html", form=form, kept=kept, next=request.form.get("next", ""))
    response = make_response(page, 429 if result.wait_s else 401)
    if result.wait_s:
        response.headers["Retry-After"] = str(result.wait_s)
    return response


@blueprint.post("/sign-out")
@allow(*Role)
def sign_out() -> ResponseReturnValue:
    """End the session and forget what the browser holds (fault F29)."""
    context = web_context()
    with context.database.session() as transaction:
        end_session(transaction, request.cookies.get(cookie_name(context.settings), ""))
    session.clear()
    flash(_("Anda sudah keluar."), "success")
    response = make_response(redirect(url_for("accounts.sign_in_page")))
    response.delete_cookie(cookie_name(context.settings), path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie; ``__Host-`` binds it to this host and to TLS (RFC 6265bis)."""
    return "__Host-simpul" if settings.production else "simpul"


def kept_form() -> KeptForm | None:
    """Return the late form that travels through the sign-in, if there is one."""
    path = request.form.get(KEPT_PATH, "")
    if not is_local_path(path):
        return None
    fields = [(name.removeprefix(KEPT), value) for name, value in request.form.items(multi=True) if is_kept(name)]
    return KeptForm(path=path, fields=tuple(fields[:MAX_KEPT]))


def late_form() -> KeptForm:
    """Return the form of this request, which came after the session had ended."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _NEVER_KEPT]
    return KeptForm(path=request.path, fields=tuple(fields[:MAX_KEPT]))


def is_kept(name: str) -> bool:
    """Tell whether a field of the sign-in form belongs to a late form."""
    return name.startswith(KEPT) and name.removeprefix(KEPT) not in _NEVER_KEPT


def is_local_path(target: str) -> bool:
    r"""Tell whether a target stays on this site (fault F18: ``//evil``, ``/\evil``, ``javascript:``)."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and "\\" not in target


def _signed_in(token: str, kept: KeptForm | None) -> Response:
    """Answer a success: a new session, nothing of the one before (fault F08)."""
    session.clear()
    g.pop("csrf_token", None)
    if kept is not None:
        response = make_response(render_template("accounts/send_again.html", kept=kept))
    else:
        target = request.form.get("next", "")
        response = make_response(redirect(target if is_local_path(target) else url_for("web.home"), 303))
    keep_cookie(response, token)
    return response


def keep_cookie(response: Response, token: str) -> None:
    """Give the browser the session's token (fault F10)."""
    settings = web_context().settings
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        secure=settings.production,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def visitor_network() -> str:
    """Return the network that the request comes from, as failures and questions are counted."""
    return network_of(visitor_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", "")))


def _attempt(form: SignInForm) -> Attempt:
    return Attempt(username=form.username.data, password=form.password.data, network=visitor_network())


def _failure(wait_s: int) -> str:
    if wait_s:
        return str(_("Terlalu banyak percobaan. Tunggu %(seconds)s detik, lalu coba lagi.", seconds=wait_s))
    return str(_("Nama pengguna atau kata sandi salah."))
