"""Bantuan: the facts of the road to the hub in plain words, and what to tell the administrator. No personal data."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from village_node.identity.hub import find_enrolled, newest_checkpoint
from village_node.outbox import queries
from village_node.web.desk import context, for_officers, local, now
from village_node.web.language import say
from village_node.web.rejections import REJECTIONS, flag_advice
from village_node.web.standing import reason_words, since_words
from village_node.web.words import moment

blueprint = Blueprint("help", __name__)


@blueprint.get("/bantuan")
@for_officers
def index() -> ResponseReturnValue:
    """Show what is known about the road to the hub."""
    here = local(now())
    with context().database.reading() as db:
        state, enrolled, seen = queries.home(db), find_enrolled(db), newest_checkpoint(db)
        flags = [
            (each, flag_advice(each.code), moment(local(each.last_at))) for each in queries.list_flags(db, limit=20)
        ]
    return render_template(
        "help.html",
        state=state,
        enrolled=enrolled,
        seen=seen,
        flags=flags,
        clock=moment(here),
        reason=reason_words(state.reason),
        last_answer=since_words(local(state.last_answer_at), here) if state.last_answer_at else "–",
        codes=sorted(REJECTIONS.items()),
    )


@blueprint.post("/bantuan/kirim-sekarang")
@for_officers
def send_now() -> ResponseReturnValue:
    """Let the program try at once."""
    context().wake()
    flash(say("Program mencoba menyambung dan mengirim sekarang."), "ok")
    return redirect(url_for("help.index"))
