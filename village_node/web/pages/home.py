"""The first page: what this computer has to do, what waits, whether the hub can be reached."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from village_node.cases.tasks import correction_drafts, idle_corrections, newest_correction_item, open_letters
from village_node.catalogue.service import newest_services
from village_node.drafts.queries import list_drafts
from village_node.identity.officers import list_officers
from village_node.outbox import queries
from village_node.outbox.label import open_label
from village_node.outbox.numbers import FEW
from village_node.web.checkup import Checkup, FileBar, checkup_of, file_bars, link_speed, road_finding, road_now
from village_node.web.desk import context, for_officers, local, now, officer, open_to_all
from village_node.web.language import say
from village_node.web.standing import since_words, tag_of
from village_node.web.tasks import is_open_return, open_new_letters, tasks_of
from village_node.web.words import duration, in_words, moment, size

blueprint = Blueprint("home", __name__)

SHOWN_ITEMS = 30

ON_THE_WAY = frozenset({queries.ItemStep.SAVED, queries.ItemStep.SENT, queries.ItemStep.ARRIVED})


@dataclass(frozen=True, kw_only=True)
class ItemLine:
    """One sealed item of the list."""

    row: queries.ItemRow
    service: str
    applicant: str
    """Only of this officer's own items."""
    tag: tuple[str, str, str]
    is_returned: bool
    """Returned, and no letter says what is asked."""
    when: str
    files: tuple[FileBar, ...]
    checkup: Checkup | None
    """The outbox doctor's answer, while the item is on its way."""


@blueprint.get("/")
@for_officers
def index() -> ResponseReturnValue:
    """Show the work queue."""
    open_new_letters()
    with context().database.reading() as db:
        names = _service_names(db)
        corrections = correction_drafts(db) - idle_corrections(db, officer())
        drafts = [
            (draft, names.get(draft.service, draft.service), moment(local(draft.changed_at)))
            for draft in list_drafts(db, officer())
            if draft.draft_id not in corrections
        ]
        waiting = [each for each in list_officers(db) if not each.certified]
        return render_template(
            "home.html", drafts=drafts, uncertified=waiting, tasks=tasks_of(db, names), **_outbox(db, names)
        )


@blueprint.get("/keadaan/sambungan")
@open_to_all
def link_fragment() -> ResponseReturnValue:
    """Answer the page's question for news about the link."""
    return _news(render_template("fragments/link.html"))


@blueprint.get("/keadaan/kiriman")
@for_officers
def outbox_fragment() -> ResponseReturnValue:
    """Answer the page's question for news about the outbox."""
    with context().database.reading() as db:
        return _news(render_template("fragments/outbox.html", **_outbox(db, _service_names(db))))


def _news(text: str) -> ResponseReturnValue:
    response = Response(text, mimetype="text/html")
    response.add_etag()
    return response.make_conditional(request)


def _service_names(db: Session) -> dict[str, str]:
    """Return the names of services, and of their requirements as ``CODE/key``."""
    names: dict[str, str] = {}
    for service in newest_services(db):
        names[service.code] = in_words(service.name)
        names |= {f"{service.code}/{each.key}": in_words(each.label) for each in service.requirements}
    return names


def _outbox(db: Session, names: dict[str, str]) -> dict[str, object]:
    state = queries.home(db)
    rows = queries.list_items(db, limit=SHOWN_ITEMS)
    road, speed = road_now(db), link_speed(db)
    checked = {row.bundle: checkup_of(db, row, road) for row in rows if row.step in ON_THE_WAY}
    lines = [_line(db, row, names, checked.get(row.bundle), speed) for row in rows]
    here = local(now())
    times = {
        "last_success": state.last_success_at,
        "oldest": state.oldest_waiting_at,
        "since": state.link_since,
    }
    return {
        "state": state,
        "times": {key: since_words(local(at), here) if at else "–" for key, at in times.items()},
        "road": road_finding(db),
        "beacon": since_words(local(road.last_beacon_at), here) if road.last_beacon_at else "–",
        "speed": speed // 1_000,
        "bytes": size(state.waiting_bytes) if state.waiting_bytes else "–",
        "age": duration(int((now() - state.oldest_waiting_at).total_seconds())) if state.oldest_waiting_at else "",
        "few_numbers": state.free_numbers <= FEW,
        "returned": [each for each in lines if each.is_returned],
        "rejected": [each for each in lines if each.row.step is queries.ItemStep.REJECTED],
        "items": lines,
    }


def _needed(row: queries.ItemRow) -> set[str]:
    return {each.requirement for each in row.attachments}


def _line(db: Session, row: queries.ItemRow, names: dict[str, str], checked: Checkup | None, speed: int) -> ItemLine:
    label = open_label(officer(), row.label)
    is_returned = row.step is queries.ItemStep.RETURNED
    is_answered = (
        is_returned and newest_correction_item(db, row.bundle) is not None and not open_letters(db, row.bundle)
    )
    return ItemLine(
        row=row,
        service=names.get(row.service, row.service),
        applicant=label.applicant if label else "",
        tag=("calm", say("Perbaikan disegel"), "clock") if is_answered else tag_of(row),
        is_returned=is_returned and is_open_return(db, row.bundle),
        when=since_words(local(row.sealed_at), local(now())),
        checkup=checked,
        files=file_bars(row, {key: names.get(f"{row.service}/{key}", key) for key in _needed(row)}, speed),
    )
