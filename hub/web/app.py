"""The app factory of the hub's web program."""

from datetime import timedelta
from typing import IO

import structlog
from flask import Flask, Request, Response, g, request
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect

from hub.accounts import delegation_views
from hub.accounts import views as accounts_views
from hub.accounts.access import EXTENSION, TOOLS, public, web_context
from hub.accounts.context import WebContext
from hub.accounts.labels import CAPACITY_LABELS, ROLE_LABELS
from hub.authority import api as authority_api
from hub.authority import views as authority_views
from hub.desks.move_views import blueprint as casework_blueprint
from hub.fees import views as fees_views
from hub.ledger.views import make_blueprint
from hub.network.hub_views import machine_blueprint
from hub.network.pages import blueprint as network_blueprint
from hub.parcels.spool import Spool
from hub.parcels.views import blueprint as parcels_blueprint
from hub.permits.verify_views import blueprint as permits_blueprint
from hub.residents.views import blueprint as residents_blueprint
from hub.web import views as web_views
from hub.web.errors import set_up_errors
from hub.web.gate import name_requests, seal_routes, set_up_gate
from hub.web.language import set_up_languages
from hub.web.naming import naming
from hub.web.secret import load_secret
from hub.web.security import STATIC_ENDPOINTS, guard

BLUEPRINTS = (
    web_views.blueprint,
    accounts_views.blueprint,
    delegation_views.blueprint,
    casework_blueprint,
    permits_blueprint,
    fees_views.blueprint,
    network_blueprint,
    machine_blueprint,
    authority_api.blueprint,
    authority_views.blueprint,
    parcels_blueprint,
    residents_blueprint,
)
"""The rooms' pages; a room is added here."""

MAX_REQUEST_BYTES = 1_000_000
"""The largest form is a return with a note (fault F24); a view that takes files says so (``allow(max_bytes=…)``)."""

MAX_FORM_PARTS = 500

log = structlog.get_logger()


class HubRequest(Request):
    """A request whose large files go to the data disk, beside the spool: ``/tmp`` may be memory."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if (total_content_length or 0) <= MAX_REQUEST_BYTES:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        spool = Spool(web_context().settings.data_dir / "parcels")
        return spool.scratch()


class HubFlask(Flask):
    """Flask that escapes in every template, whatever its file name ends in (fault F02)."""

    request_class = HubRequest  # type: ignore[mutable-override]  # Flask's way to choose it

    def select_jinja_autoescape(self, filename: str | None) -> bool:  # noqa: ARG002  # Flask's signature
        """Escape always."""
        return True


def create_app(context: WebContext, *tools: object) -> Flask:
    """Build the web program around its stores and ports; ``tools`` is what the rooms' use cases work with.

    Raises:
        UndeclaredRouteError: a view of a room does not say who may use it.
    """
    app = HubFlask("hub.web", template_folder="templates", static_folder="static")
    app.config.update(_configuration(context))
    app.extensions[EXTENSION] = context
    app.extensions[TOOLS] = {type(each): each for each in tools}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    name_requests(app)
    guard(app, production=context.settings.production)
    set_up_gate(app)
    csrf = CSRFProtect(app)
    set_up_languages(app)
    Bootstrap5(app)
    set_up_errors(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(make_blueprint(public, context.database.reading))
    app.context_processor(web_views.page_values)
    app.jinja_env.globals.update(naming(context.catalogue), role_labels=ROLE_LABELS, capacity_labels=CAPACITY_LABELS)
    app.after_request(_log_answer)
    seal_routes(app, csrf)
    return app


def _configuration(context: WebContext) -> dict[str, object]:
    settings = context.settings
    return {
        "SECRET_KEY": load_secret(settings.keys_dir, context.randomness),
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_REQUEST_BYTES,
        "MAX_FORM_PARTS": MAX_FORM_PARTS,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(hours=1),
        "SESSION_COOKIE_NAME": "__Host-simpul-form" if settings.production else "simpul-form",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "BOOTSTRAP_SERVE_LOCAL": True,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, which no page of ours sends; security.py checks the origin
        "PROPAGATE_EXCEPTIONS": False,
    }


def _log_answer(response: Response) -> Response:
    """Log one line per answer: route and status, no address and no path (both can point at a person)."""
    if request.endpoint not in STATIC_ENDPOINTS:
        actor = g.get("actor")
        log.info(
            "web.answer",
            method=request.method,
            endpoint=request.endpoint or "-",
            status=response.status_code,
            person=actor.person_id if actor is not None else "-",
        )
    return response
