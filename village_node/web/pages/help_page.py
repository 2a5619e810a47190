"""Bantuan: the road to the hub, walked step by step, and a file for the administrator. No personal data."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from village_node.health.place import look_at
from village_node.health.selftest import self_test
from village_node.health.support import support_file
from village_node.identity.hub import find_enrolled, newest_checkpoint
from village_node.outbox import queries
from village_node.web.checkup import clock_finding, road_finding, road_now, tried_lines
from village_node.web.desk import context, desk, for_officers, local, now
from village_node.web.diagnosis import clock_words, outcome_words, space_words
from village_node.web.language import say
from village_node.web.rejections import REJECTIONS, flag_advice
from village_node.web.roadmap import Milestone, milestones
from village_node.web.standing import since_words
from village_node.web.words import moment, size

blueprint = Blueprint("help", __name__)


@blueprint.get("/bantuan")
@for_officers
def index() -> ResponseReturnValue:
    """Show what is known about the road to the hub."""
    return _page(())


@blueprint.post("/bantuan/uji")
@for_officers
def test_road() -> ResponseReturnValue:
    """Test this PC and walk the road now, and show each step."""
    place = context().place(desk().space)
    checked = self_test(place)
    with context().database.reading() as db:
        sight = look_at(db, place)
    return _page(milestones(checked, sight))


@blueprint.get("/bantuan/berkas-dukungan.json")
@for_officers
def hand_out_support_file() -> ResponseReturnValue:
    """Hand out what an administrator wants to know: codes, counts and times, nothing about any resident."""
    response = Response(support_file(context().place(desk().space)), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="simpul-dukungan.json"'
    return response


@blueprint.post("/bantuan/kirim-sekarang")
@for_officers
def send_now() -> ResponseReturnValue:
    """Let the program try at once."""
    context().wake()
    flash(say("Program mencoba menyambung dan mengirim sekarang."), "ok")
    return redirect(url_for("help.index"))


def _page(tested: tuple[Milestone, ...]) -> str:
    with context().database.reading() as db:
        return render_template("help.html", tested=tested, codes=sorted(REJECTIONS.items()), **_facts(db))


def _facts(db: Session) -> dict[str, object]:
    here, state, space = local(now()), queries.home(db), desk().space.look()
    road = road_now(db)
    flags = [(each, flag_advice(each.code), moment(local(each.last_at))) for each in queries.list_flags(db, limit=20)]
    return {
        "state": state,
        "enrolled": find_enrolled(db),
        "seen": newest_checkpoint(db),
        "flags": flags,
        "clock": moment(here),
        "clock_problem": clock_words(clock_finding(db)),
        "reason": outcome_words(state.reason) if state.reason else "",
        "finding": road_finding(db),
        "tried": tried_lines(db),
        "last_answer": since_words(local(state.last_answer_at), here) if state.last_answer_at else "–",
        "last_beacon": since_words(local(road.last_beacon_at), here) if road.last_beacon_at else "–",
        "space_problem": space_words(space),
        "free": size(space.free_bytes),
        "used": size(context().files.used_bytes()),
    }
