"""Messages of the hub to this office: outages, announcements, and requests that are agreed to or refused here."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from village_node.notices import service
from village_node.web.desk import context, for_officers, local, now, officer
from village_node.web.language import say
from village_node.web.notices import ACTIONS, BY_SETTING, OUTCOMES
from village_node.web.words import moment

blueprint = Blueprint("messages", __name__)

AHEAD = timedelta(days=200)


@blueprint.get("/pusat")
@for_officers
def index() -> ResponseReturnValue:
    """Show what the hub told this office, and what it asks for."""
    with context().database.reading() as db:
        outages = service.list_outages(db, now(), AHEAD)
        announcements = service.list_announcements(db, now())
        requests = service.list_requests(db)
    return render_template(
        "messages.html",
        outages=outages,
        announcements=announcements,
        requests=requests,
        policy=context().settings.remote_requests,
        actions=ACTIONS,
        outcomes=OUTCOMES,
        by_setting=BY_SETTING,
        moment=moment,
        local=local,
        now=now(),
    )


@blueprint.post("/pusat/<request_id>")
@for_officers
def decide(request_id: str) -> ResponseReturnValue:
    """Agree to a request, or refuse it."""
    agree = request.form.get("decision") == "agree"
    with context().database.session() as db:
        taken = service.decide_request(db, now(), request_id, str(officer().officer), agree=agree)
    if not taken:
        flash(say("Permintaan ini sudah diputuskan."), "warn")
    elif agree:
        flash(say("Disetujui. Program mengerjakannya sekarang."), "ok")
    else:
        context().wake()
        flash(say("Ditolak. Pusat diberi tahu."), "ok")
    return redirect(url_for("messages.index"))
