"""Routes of the shell itself: home, language, health."""

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from hub.accounts.access import allow, current_actor, machine, public, web_context
from hub.accounts.rules import Role
from hub.accounts.views import is_local_path
from hub.storage.errors import StorageError
from hub.web.language import COOKIE, LANGUAGES, YEAR_S
from hub.web.navigation import items_for

blueprint = Blueprint("web", __name__)


@blueprint.get("/")
@allow(*Role)
def home() -> ResponseReturnValue:
    """Lead each role to its first page."""
    first = next(items_for(current_actor()), None)
    return render_template("home.html") if first is None else redirect(url_for(first.endpoint))


@blueprint.post("/language")
@public
def set_language() -> ResponseReturnValue:
    """Remember the language and go back to the page."""
    chosen, target = request.form.get("language", ""), request.form.get("next", "")
    response = make_response(redirect(target if is_local_path(target) else "/", 303))
    if chosen in LANGUAGES:
        production = web_context().settings.production
        response.set_cookie(COOKIE, chosen, max_age=YEAR_S, secure=production, httponly=True, samesite="Lax")
    return response


@blueprint.get("/healthz")
@machine
def health() -> ResponseReturnValue:
    """Say whether this process and its database work; for a load balancer, so it tells nothing else."""
    try:
        with web_context().database.reading() as session:
            session.execute(text("SELECT 1"))
    except StorageError:
        return jsonify(ok=False), 503
    return jsonify(ok=True)


def page_values() -> dict[str, object]:
    """Return what every template may use."""
    actor = g.get("actor")
    return {"actor": actor, "menu": list(items_for(actor))}
