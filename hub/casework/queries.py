"""The work queue: filtered, paged by key, oldest first. No personal data: numbers, services, places, states."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.rules import TO_DO, CaseState, DeskState
from hub.casework.scope import cases_for
from hub.casework.tables import Case, Desk
from hub.intake.tables import Bundle

PAGE_SIZE = 25
EXPORT_BATCH = 500
MAX_EXPORT = 50_000
"""Rows of one export: a year of a busy agency; more is a report, not a list."""


class View(StrEnum):
    """Which part of the queue."""

    TO_DO = "todo"  # my desk has to act
    MINE = "mine"  # my office has taken it up
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueFilter:
    """What the URL says; an empty value filters nothing."""

    view: View
    state: CaseState | None = None
    service: str = ""
    subdistrict: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """The last row of a page: the next page begins behind it."""

    received_at: datetime
    case_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueRow:
    """One line of the queue."""

    case_id: str
    registration_no: str
    service: str
    service_version: int
    village: str
    state: CaseState
    is_whole: bool
    received_at: datetime
    desk: DeskState | None
    """State of the actor's own desk."""
    since: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuePage:
    """One page, and where the next one begins."""

    rows: tuple[QueueRow, ...]
    next: Position | None


def work_queue(
    session: Session, actor: Actor, wanted: QueueFilter, after: Position | None = None, size: int = PAGE_SIZE
) -> QueuePage:
    """Return one page of the actor's queue, oldest first."""
    query = _filtered(actor, wanted).order_by(Case.received_at, Case.case_id).limit(size + 1)
    if after is not None:
        query = query.where(tuple_(Case.received_at, Case.case_id) > (after.received_at, after.case_id))
    rows = [_row(*values) for values in session.execute(query)]
    more = len(rows) > size
    last = rows[size - 1] if more else None
    position = None if last is None else Position(received_at=last.received_at, case_id=last.case_id)
    return QueuePage(rows=tuple(rows[:size]), next=position)


def counts(session: Session, actor: Actor) -> dict[View, int]:
    """Return how many cases each view has, for the badges."""
    found = {}
    for view in View:
        inner = _filtered(actor, QueueFilter(view=view)).with_only_columns(Case.case_id).subquery()
        found[view] = session.scalar(select(func.count()).select_from(inner)) or 0
    return found


def export_rows(session: Session, actor: Actor, wanted: QueueFilter) -> Iterator[QueueRow]:
    """Yield exactly what the filter shows, over all pages, at most ``MAX_EXPORT`` rows."""
    after: Position | None = None
    for _ in range(MAX_EXPORT // EXPORT_BATCH):
        page = work_queue(session, actor, wanted, after, EXPORT_BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _filtered(actor: Actor, wanted: QueueFilter) -> Select[Case, Desk, str]:
    own = and_(Desk.case_id == Case.case_id, Desk.office == str(actor.office))
    query = (
        cases_for(actor)
        .outerjoin(Desk, own)
        .join(Bundle, Bundle.bundle_id == Case.bundle_id)
        .with_only_columns(Case, Desk, Bundle.state)
    )
    if wanted.view is View.TO_DO:
        query = query.where(Desk.state.in_([str(state) for state in sorted(TO_DO)]))
    elif wanted.view is View.MINE:
        query = query.where(Desk.state == str(DeskState.TAKEN))
    if wanted.state is not None:
        query = query.where(Case.state == str(wanted.state))
    if wanted.service:
        query = query.where(Case.service == wanted.service)
    if wanted.subdistrict:
        query = query.where(Case.subdistrict == wanted.subdistrict)
    if wanted.number:
        query = query.where(Case.registration_no.contains(wanted.number, autoescape=True))
    return query


def _row(case: Case, desk: Desk | None, bundle_state: str) -> QueueRow:
    return QueueRow(
        case_id=case.case_id,
        registration_no=case.registration_no,
        service=case.service,
        service_version=case.service_version,
        village=case.village,
        state=CaseState(case.state),
        is_whole=bundle_state == "whole",
        received_at=case.received_at,
        desk=None if desk is None else DeskState(desk.state),
        since=None if desk is None else desk.since,
        completed_at=case.completed_at,
    )
