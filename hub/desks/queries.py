"""The work queue: filtered, paged by key. No personal data: numbers, services, places, states, times.

A line of a desk's queue is a stage (a case may lie at two desks of one office); a line of "all" is a case. Order: by
what is due first, or by age. A query picks the keys of one page and the rest is read for these few, so that a page
costs nearly the same with a hundred cases and with a hundred thousand (``loadtests/pages.py``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, literal_column, select, tuple_
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.finding import has_marks
from hub.casework.rules import CaseState, StageState
from hub.casework.scope import cases_for
from hub.casework.tables import Case, CaseBundle, CaseStage
from hub.clocks.deadlines import WHOLE
from hub.clocks.tables import CaseClock
from hub.intake.tables import Bundle
from hub.storage.base import UtcDateTime
from protocol.catalogue import StageAction

PAGE_SIZE = 25
EXPORT_BATCH = 1_000
MAX_EXPORT = 50_000
"""Rows of one export: a year of a busy agency; more is a report, not a list."""

MOST_COUNTED = 1_000
"""A badge that says 1,000 and more says enough, and costs the same however long the queue is."""

FAR = datetime(2200, 1, 1, tzinfo=UTC)
"""Stands for "nothing is due": behind everything that is."""

ON_DESK = frozenset({StageState.OPEN, StageState.TAKEN})


class View(StrEnum):
    """Which part of the queue."""

    TO_DO = "todo"  # lies on the desk of my role at my office
    MINE = "mine"  # I have taken it
    OFFICE = "office"  # lies, or waits for a correction, on any desk of my office
    ALL = "all"  # every case that I may know of


DESK_VIEWS = (View.TO_DO, View.MINE, View.OFFICE)


class Sort(StrEnum):
    """In which order."""

    DUE = "due"
    OLD = "old"
    NEW = "new"


class DueFilter(StrEnum):
    """How much time is left."""

    OVERDUE = "overdue"
    NEAR = "near"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueFilter:
    """What the URL says; an empty value filters nothing."""

    view: View
    sort: Sort | None = None
    state: CaseState | None = None
    service: str = ""
    subdistrict: str = ""
    action: StageAction | None = None
    due: DueFilter | None = None
    number: str = ""
    marks: tuple[bytes, ...] = ()

    @property
    def order(self) -> Sort:
        """The order that applies: a desk's queue by what is due, "all" from the newest on."""
        if self.view is View.ALL:
            return Sort.OLD if self.sort is Sort.OLD else Sort.NEW
        return self.sort or Sort.DUE


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """What "overdue" and "near" mean now: before ``now``, and up to ``near``."""

    now: datetime
    near: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """The last row of a page: the next page begins behind it."""

    key: datetime
    case_id: str
    stage: str = ""
    seat: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFacts:
    """What a clock says: when it is due, and whether it stands. ``office`` is whose calendar counts."""

    office: str
    due_at: datetime | None
    is_paused: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StageFacts:
    """The stage that makes a line of a desk's queue."""

    stage: str
    seat: int
    action: StageAction
    office: str
    state: StageState
    since: datetime
    taken_by: str
    proposed_to: str
    clock: ClockFacts | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueRow:
    """One line of the queue."""

    case_id: str
    version: int
    registration_no: str
    service: str
    service_version: int
    village: str
    state: CaseState
    outcome: str
    is_whole: bool
    received_at: datetime
    completed_at: datetime | None
    clock: ClockFacts | None
    """Of the whole case."""
    stage: StageFacts | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuePage:
    """One page, and where the next one begins."""

    rows: tuple[QueueRow, ...]
    next: Position | None


def work_queue(
    session: Session,
    actor: Actor,
    wanted: QueueFilter,
    moments: Moments,
    after: Position | None = None,
    size: int = PAGE_SIZE,
) -> QueuePage:
    """Return one page of the actor's queue."""
    keys, places = _keys(actor, wanted, moments)
    is_descending = wanted.order is Sort.NEW
    if after is not None:
        here, there = tuple_(*places), _there(after)[: len(places)]
        keys = keys.where(here < there if is_descending else here > there)
    keys = keys.order_by(*(place.desc() if is_descending else place.asc() for place in places)).limit(size + 1)
    found = session.execute(keys).all()
    last = found[size - 1] if len(found) > size else None
    return QueuePage(rows=tuple(_load(session, found[:size])), next=None if last is None else _position(last))


def counts(session: Session, actor: Actor, moments: Moments) -> dict[View, int]:
    """Return how many lines each view of a desk has, for the badges, up to ``MOST_COUNTED``; "all" is not counted."""
    found = {}
    for view in DESK_VIEWS:
        keys, _places = _desk(actor, QueueFilter(view=view, sort=Sort.OLD), moments)
        some = keys.limit(MOST_COUNTED).subquery()
        found[view] = session.scalar(select(func.count()).select_from(some)) or 0
    return found


def export_rows(session: Session, actor: Actor, wanted: QueueFilter, moments: Moments) -> Iterator[QueueRow]:
    """Yield exactly what the filter shows, over all pages, at most ``MAX_EXPORT`` rows."""
    after: Position | None = None
    for _ in range(MAX_EXPORT // EXPORT_BATCH):
        page = work_queue(session, actor, wanted, moments, after, EXPORT_BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


Keyed = tuple[Select[*tuple[Any, ...]], tuple[ColumnElement[Any], ...]]
"""Selects the fields of ``Position``, and what they are ordered by."""


_IS_ON_DESK = CaseStage.state.in_([literal_column(f"'{state}'") for state in (StageState.OPEN, StageState.TAKEN)])
"""In literals, so that SQLite sees that its partial indexes hold for it; a bound value could be anything."""


def _keys(actor: Actor, wanted: QueueFilter, moments: Moments) -> Keyed:
    return _all(actor, wanted, moments) if wanted.view is View.ALL else _desk(actor, wanted, moments)


def _desk(actor: Actor, wanted: QueueFilter, moments: Moments) -> Keyed:
    is_by_clock = wanted.order is Sort.DUE
    key: ColumnElement[Any] = (
        func.coalesce(CaseClock.due_at, literal(FAR, UtcDateTime())) if is_by_clock else CaseStage.since.expression
    )
    query = select(key, CaseStage.case_id, CaseStage.stage, CaseStage.seat)
    states = ON_DESK | {StageState.ASKED} if wanted.view is View.OFFICE else ON_DESK
    query = query.where(CaseStage.office == str(actor.office), CaseStage.state.in_(_words(states)))
    if wanted.view is View.TO_DO:
        query = query.where(CaseStage.role == str(actor.role))
    elif wanted.view is View.MINE:
        query = query.where(CaseStage.taken_by == actor.person_id, _IS_ON_DESK)
    if wanted.action is not None:
        query = query.where(CaseStage.action == str(wanted.action))
    if is_by_clock or wanted.due is not None:
        own = and_(
            CaseClock.case_id == CaseStage.case_id, CaseClock.stage == CaseStage.stage, CaseClock.stopped_at.is_(None)
        )
        query = query.outerjoin(CaseClock, own)
    conditions = _case_conditions(wanted)
    if conditions:
        query = query.join(Case, Case.case_id == CaseStage.case_id).where(*conditions)
    places = (key, CaseStage.case_id.expression, CaseStage.stage.expression, CaseStage.seat.expression)
    return query.where(*_due_conditions(wanted, moments)), places


def _all(actor: Actor, wanted: QueueFilter, moments: Moments) -> Keyed:
    query = cases_for(actor).where(*_case_conditions(wanted), *_due_conditions(wanted, moments))
    if wanted.due is not None:
        whole = and_(CaseClock.case_id == Case.case_id, CaseClock.stage == WHOLE, CaseClock.stopped_at.is_(None))
        query = query.join(CaseClock, whole)
    if wanted.action is not None:
        at_stage = select(CaseStage.case_id).where(CaseStage.action == str(wanted.action), _IS_ON_DESK)
        query = query.where(Case.case_id.in_(at_stage))
    keys = query.with_only_columns(Case.received_at, Case.case_id, literal(""), literal(0))
    return keys, (Case.received_at.expression, Case.case_id.expression)


def _case_conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions = has_marks(wanted.marks)
    if wanted.state is not None:
        conditions.append(Case.state == str(wanted.state))
    if wanted.service:
        conditions.append(Case.service == wanted.service)
    if wanted.subdistrict:
        conditions.append(Case.subdistrict == wanted.subdistrict)
    if wanted.number:
        conditions.append(Case.registration_no.contains(wanted.number, autoescape=True))
    return conditions


def _due_conditions(wanted: QueueFilter, moments: Moments) -> list[ColumnElement[bool]]:
    if wanted.due is DueFilter.OVERDUE:
        return [CaseClock.due_at < moments.now]
    if wanted.due is DueFilter.NEAR:
        return [CaseClock.due_at >= moments.now, CaseClock.due_at <= moments.near]
    return [CaseClock.is_paused.expression] if wanted.due is DueFilter.PAUSED else []


def _position(row: Row[*tuple[Any, ...]]) -> Position:
    key, case_id, stage, seat = row
    return Position(key=key, case_id=case_id, stage=stage, seat=seat)


def _there(after: Position) -> tuple[Any, ...]:
    return after.key, after.case_id, after.stage, after.seat


def _words(states: frozenset[StageState]) -> list[str]:
    return sorted(str(state) for state in states)


def _load(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[QueueRow]:
    """Read what the lines of one page show: three queries, whatever its length."""
    places = [_position(row) for row in found]
    ids = sorted({place.case_id for place in places})
    cases = {row.case_id: row for row in session.execute(_CASE_COLUMNS.where(Case.case_id.in_(ids)))}
    stages = {
        (row.case_id, row.stage, row.seat): row
        for row in session.scalars(select(CaseStage).where(CaseStage.case_id.in_(ids)))
        if places and places[0].stage
    }
    clocks = {
        (row.case_id, row.stage): ClockFacts(office=row.office, due_at=row.due_at, is_paused=row.is_paused)
        for row in session.scalars(select(CaseClock).where(CaseClock.case_id.in_(ids), CaseClock.stopped_at.is_(None)))
    }
    travelling = _travelling(session, ids)
    for place in places:
        stage = stages.get((place.case_id, place.stage, place.seat))
        facts = None if stage is None else _stage(stage, clocks.get((place.case_id, stage.stage)))
        whole = clocks.get((place.case_id, WHOLE))
        yield _row(cases[place.case_id], whole, facts, is_whole=place.case_id not in travelling)


_CASE_COLUMNS = select(
    Case.case_id,
    Case.version_id,
    Case.registration_no,
    Case.service,
    Case.service_version,
    Case.village,
    Case.state,
    Case.outcome,
    Case.received_at,
    Case.completed_at,
)


def _travelling(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """Return the cases of which some file is still on its way."""
    bundles = select(CaseBundle.case_id).join(Bundle, Bundle.bundle_id == CaseBundle.bundle_id)
    return frozenset(session.scalars(bundles.where(CaseBundle.case_id.in_(ids), Bundle.state != "whole")))


def _stage(row: CaseStage, clock: ClockFacts | None) -> StageFacts:
    return StageFacts(
        stage=row.stage,
        seat=row.seat,
        action=StageAction(row.action),
        office=row.office,
        state=StageState(row.state),
        since=row.since,
        taken_by=row.taken_by or "",
        proposed_to=row.proposed_to or "",
        clock=clock,
    )


def _row(row: Row[*tuple[Any, ...]], clock: ClockFacts | None, stage: StageFacts | None, *, is_whole: bool) -> QueueRow:
    return QueueRow(
        case_id=row.case_id,
        version=row.version_id,
        registration_no=row.registration_no,
        service=row.service,
        service_version=row.service_version,
        village=row.village,
        state=CaseState(row.state),
        outcome=row.outcome,
        is_whole=is_whole,
        received_at=row.received_at,
        completed_at=row.completed_at,
        clock=clock,
        stage=stage,
    )
