"""Who works on a case, as the case page shows it: desks with their time, clock and pauses, decisions, proposals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.queries import names_of
from hub.calendar.rules import Calendar, CalendarYearError
from hub.calendar.service import current_calendar
from hub.casework.flow import PROPOSAL
from hub.casework.proposals import proposal_place
from hub.casework.rules import StageOutcome, StageState
from hub.casework.stages import Work
from hub.casework.tables import CaseDecision, CaseProposal, CaseStage
from hub.clocks.clock import PauseReason, Reading, read_clock
from hub.clocks.deadlines import WHOLE, clock_of_row
from hub.clocks.tables import CaseClock, ClockPause, DueChange
from hub.desks.time_left import NO_CLOCK, TimeLeft, time_left
from hub.storage.keyring import DataKey
from protocol.catalogue import StageAction, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseLine:
    """A time in which the office could not act."""

    stage: str
    reason: PauseReason
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DueChangeLine:
    """A due time that was replaced."""

    at: datetime
    reason: str
    old: datetime | None
    new: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPart:
    """The statutory clock of the whole case."""

    limit_days: int
    started_at: datetime
    stopped_at: datetime | None
    reading: Reading | None
    """None: the calendar lacks a year."""
    left: TimeLeft
    deemed_at: datetime | None
    pauses: tuple[PauseLine, ...]
    changes: tuple[DueChangeLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StageLine:
    """One stage at one desk."""

    stage: str
    seat: int
    label: Text | None
    """None: a proposal that waits for its second person."""
    action: StageAction
    role: str
    office: str
    state: StageState
    outcome: StageOutcome
    since: datetime
    opened_at: datetime | None
    taken_by: str
    taken_at: datetime | None
    done_by: str
    done_at: datetime | None
    proposed_to: str
    reference: str
    left: TimeLeft
    office_time: timedelta | None
    """Service hours that it lay here, pauses left out; None where no clock runs."""
    limit_days: int
    older: int
    """Cases that lie longer at the same desk."""

    @property
    def is_at_work(self) -> bool:
        """Whether it lies on a desk now."""
        return self.state in {StageState.OPEN, StageState.TAKEN, StageState.ASKED}


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionLine:
    """One decision, whether it stands or not."""

    verdict: str
    state: str
    person: str
    office: str
    capacity: str
    at: datetime
    confirmed_by: str
    confirmed_office: str
    confirmed_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposalLine:
    """What one person proposed and another one of another office has to agree to."""

    proposal_id: str
    kind: str
    state: str
    person_id: str
    person: str
    office: str
    at: datetime
    asked_office: str
    reason: str
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkPart:
    """The right half of the case page."""

    clock: ClockPart | None
    stages: tuple[StageLine, ...]
    decisions: tuple[DecisionLine, ...]
    proposals: tuple[ProposalLine, ...]


def read_work(session: Session, now: datetime, work: Work, key: DataKey) -> WorkPart:
    """Read the desks, clocks, decisions and proposals of a case."""
    case_id, calendar = work.case.case_id, current_calendar(session)
    rows = session.scalars(select(CaseClock).where(CaseClock.case_id == case_id)).all()
    pauses = session.scalars(select(ClockPause).where(ClockPause.case_id == case_id).order_by(ClockPause.id)).all()
    decisions = session.scalars(
        select(CaseDecision).where(CaseDecision.case_id == case_id).order_by(CaseDecision.number)
    ).all()
    proposals = session.scalars(
        select(CaseProposal).where(CaseProposal.case_id == case_id).order_by(CaseProposal.seat)
    ).all()
    names = names_of(session, _people(work.rows, decisions, proposals))
    clocks = {row.stage: row for row in rows}
    whole = clocks.get(WHOLE)
    return WorkPart(
        clock=None if whole is None else _clock(session, now, whole, pauses, calendar),
        stages=tuple(
            _stage(session, now, work, row, (clocks.get(row.stage), pauses, calendar, names)) for row in work.rows
        ),
        decisions=tuple(_decision(row, names) for row in decisions),
        proposals=tuple(_proposal(row, key, names) for row in proposals),
    )


def _people(
    stages: Iterable[CaseStage], decisions: Iterable[CaseDecision], proposals: Iterable[CaseProposal]
) -> list[str]:
    found = [who for row in stages for who in (row.taken_by, row.done_by, row.proposed_to)]
    found += [who for row in decisions for who in (row.person_id, row.confirmed_by)]
    found += [who for row in proposals for who in (row.proposed_by, row.answered_by)]
    return [who for who in found if who]


def _clock(
    session: Session, now: datetime, row: CaseClock, pauses: Sequence[ClockPause], calendar: Calendar
) -> ClockPart:
    changes = select(DueChange).where(DueChange.case_id == row.case_id, DueChange.stage == WHOLE).order_by(DueChange.id)
    return ClockPart(
        limit_days=row.limit_days,
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        reading=_reading(row, pauses, calendar, now),
        left=_left(row, calendar, now),
        deemed_at=row.deemed_at,
        pauses=tuple(
            PauseLine(
                stage=each.stage,
                reason=PauseReason(each.reason),
                started_at=each.started_at,
                ended_at=each.ended_at,
            )
            for each in pauses
        ),
        changes=tuple(
            DueChangeLine(at=each.at, reason=each.reason, old=each.old_due_at, new=each.new_due_at)
            for each in session.scalars(changes)
        ),
    )


def _reading(row: CaseClock, pauses: Sequence[ClockPause], calendar: Calendar, now: datetime) -> Reading | None:
    try:
        return read_clock(clock_of_row(row, pauses), calendar.of(row.office), now)
    except CalendarYearError:
        return None


def _left(row: CaseClock | None, calendar: Calendar, now: datetime) -> TimeLeft:
    if row is None or row.stopped_at is not None:
        return NO_CLOCK
    return time_left(calendar, row.office, row.due_at, now, is_paused=row.is_paused)


def _stage(
    session: Session,
    now: datetime,
    work: Work,
    row: CaseStage,
    context: tuple[CaseClock | None, Sequence[ClockPause], Calendar, Mapping[str, str]],
) -> StageLine:
    clock, pauses, calendar, names = context
    known = work.service.stage(row.stage) if row.stage != PROPOSAL else None
    reading = None if clock is None else _reading(clock, pauses, calendar, now)
    return StageLine(
        stage=row.stage,
        seat=row.seat,
        label=None if known is None else known.label,
        action=StageAction(row.action),
        role=row.role,
        office=row.office,
        state=StageState(row.state),
        outcome=StageOutcome(row.outcome),
        since=row.since,
        opened_at=row.opened_at,
        taken_by=names.get(row.taken_by or "", ""),
        taken_at=row.taken_at,
        done_by=names.get(row.done_by or "", ""),
        done_at=row.done_at,
        proposed_to=names.get(row.proposed_to or "", ""),
        reference=row.reference,
        left=_left(clock, calendar, now),
        office_time=None if reading is None else reading.office_time,
        limit_days=0 if clock is None else clock.limit_days,
        older=_older(session, row) if row.state == StageState.OPEN else 0,
    )


def _older(session: Session, row: CaseStage) -> int:
    """Return how many cases wait longer at the same desk for the same kind of work."""
    older = select(func.count()).where(
        CaseStage.office == row.office,
        CaseStage.state == str(StageState.OPEN),
        CaseStage.role == row.role,
        CaseStage.action == row.action,
        CaseStage.opened_at < row.opened_at,
    )
    return session.scalar(older) or 0


def _decision(row: CaseDecision, names: Mapping[str, str]) -> DecisionLine:
    return DecisionLine(
        verdict=row.verdict,
        state=row.state,
        person=names.get(row.person_id, ""),
        office=row.office,
        capacity=row.capacity,
        at=row.at,
        confirmed_by=names.get(row.confirmed_by or "", ""),
        confirmed_office=row.confirmed_office,
        confirmed_at=row.confirmed_at,
    )


def _proposal(row: CaseProposal, key: DataKey, names: Mapping[str, str]) -> ProposalLine:
    return ProposalLine(
        proposal_id=row.proposal_id,
        kind=row.kind,
        state=row.state,
        person_id=row.proposed_by,
        person=names.get(row.proposed_by, ""),
        office=row.office,
        at=row.at,
        asked_office=row.asked_office,
        reason=key.open(row.note, proposal_place(row.proposal_id)).decode(),
        answered_by=names.get(row.answered_by or "", ""),
        answered_at=row.answered_at,
    )
