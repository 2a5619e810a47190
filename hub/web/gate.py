"""The gate before every view: who is it, and may they use this route.

``seal_routes`` makes the program refuse to start when a view declares no access: a forgotten decorator is found at
once, not by an attacker (fault F07).
"""

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.exceptions import Forbidden

from hub.accounts.access import Access, access_of, web_context
from hub.accounts.forms import SignInForm
from hub.accounts.rules import Actor
from hub.accounts.service import resume_session
from hub.accounts.views import cookie_name, late_form
from hub.web.security import STATIC_ENDPOINTS


class UndeclaredRouteError(Exception):
    """A view says nothing about who may use it."""


def name_requests(app: Flask) -> None:
    """Give every request an id, which its log lines and its answer carry; first, so that a refusal has it too."""

    @app.before_request
    def name_request() -> None:
        g.request_id = web_context().ids.new()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def tell_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "-")
        return response


def set_up_gate(app: Flask) -> None:
    """Ask for the person and the role before every view."""

    @app.before_request
    def check_access() -> ResponseReturnValue | None:
        if request.endpoint in STATIC_ENDPOINTS:
            return None
        g.actor = find_actor()
        view = app.view_functions.get(request.endpoint or "")
        access = access_of(view) if view is not None else None
        if access is None or access.is_public:
            return None
        refusal = refuse(access, g.actor)
        if refusal is None and access.max_bytes:
            request.max_content_length = access.max_bytes  # before anything reads the body
        return refusal


def find_actor() -> Actor | None:
    """Return the person of the session cookie, if its session stands."""
    context = web_context()
    token = request.cookies.get(cookie_name(context.settings), "")
    return resume_session(context.database, context.clock.now(), token) if token else None


def refuse(access: Access, actor: Actor | None) -> ResponseReturnValue | None:
    """Return the answer to somebody who may not use the view; None when they may.

    Raises:
        Forbidden: signed in, but not with a role that may.
    """
    if actor is None and request.method in {"GET", "HEAD"}:
        target = request.full_path if request.query_string else request.path
        return redirect(url_for("accounts.sign_in_page", next=target))
    if actor is None:
        form = SignInForm(formdata=None)
        return make_response(render_template("accounts/sign_in.html", form=form, kept=late_form(), next=""), 401)
    if actor.role not in access.roles:
        raise Forbidden
    return None


def seal_routes(app: Flask, csrf: CSRFProtect) -> None:
    """Check that every view declares its access, and free the views of programs from the form token.

    Raises:
        UndeclaredRouteError: a view without a decorator of ``hub.accounts.access``.
    """
    for endpoint, view in app.view_functions.items():
        if endpoint in STATIC_ENDPOINTS:
            continue
        access = access_of(view)
        if access is None:
            raise UndeclaredRouteError(endpoint)
        if access.is_machine:
            csrf.exempt(view)
