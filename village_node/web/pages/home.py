"""The first page: what this computer has to do, what waits, whether the hub can be reached."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from village_node.catalogue.service import newest_services
from village_node.drafts.queries import list_drafts
from village_node.identity.officers import list_officers
from village_node.outbox import queries
from village_node.outbox.label import open_label
from village_node.web.desk import context, for_officers, local, now, officer, open_to_all
from village_node.web.standing import reason_words, since_words, tag_of
from village_node.web.words import duration, in_words, moment, size

blueprint = Blueprint("home", __name__)

FEW_NUMBERS = 20
"""Registration numbers left; below it the officer is told to connect once."""

SHOWN_ITEMS = 30


@dataclass(frozen=True, kw_only=True)
class ItemLine:
    """One sealed item of the list."""

    row: queries.ItemRow
    service: str
    applicant: str
    """Only of this officer's own items."""
    tag: tuple[str, str, str]
    when: str
    files: tuple[tuple[str, queries.AttachmentProgress], ...]
    """Name of the requirement, and how far the file is."""


@blueprint.get("/")
@for_officers
def index() -> ResponseReturnValue:
    """Show the work queue."""
    with context().database.reading() as db:
        names = _service_names(db)
        drafts = [
            (draft, names.get(draft.service, draft.service), moment(local(draft.changed_at)))
            for draft in list_drafts(db, officer())
        ]
        waiting = [each for each in list_officers(db) if not each.certified]
        return render_template("home.html", drafts=drafts, uncertified=waiting, **_outbox(db, names))


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
    lines = [_line(row, names) for row in queries.list_items(db, limit=SHOWN_ITEMS)]
    here = local(now())
    times = {
        "last_success": state.last_success_at,
        "oldest": state.oldest_waiting_at,
        "since": state.link_since,
    }
    return {
        "state": state,
        "times": {key: since_words(local(at), here) if at else "–" for key, at in times.items()},
        "reason": reason_words(state.reason),
        "bytes": size(state.waiting_bytes) if state.waiting_bytes else "–",
        "age": duration(int((now() - state.oldest_waiting_at).total_seconds())) if state.oldest_waiting_at else "",
        "few_numbers": state.free_numbers < FEW_NUMBERS,
        "returned": [each for each in lines if each.row.step is queries.ItemStep.RETURNED],
        "rejected": [each for each in lines if each.row.step is queries.ItemStep.REJECTED],
        "items": lines,
    }


def _line(row: queries.ItemRow, names: dict[str, str]) -> ItemLine:
    label = open_label(officer(), row.label)
    return ItemLine(
        row=row,
        service=names.get(row.service, row.service),
        applicant=label.applicant if label else "",
        tag=tag_of(row),
        when=since_words(local(row.sealed_at), local(now())),
        files=tuple(
            (names.get(f"{row.service}/{each.requirement}", each.requirement), each) for each in row.attachments
        ),
    )
