"""The stages of one case as rows: read as a board, changed by a step, with their clocks and their places on desks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from hub.accounts.rules import Actor, Role
from hub.accounts.tables import Person
from hub.casework import timekeeping
from hub.casework.duplicates_tables import CaseMark
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools
from hub.casework.flow import PROPOSAL, Mark, case_state, joined, outcome, settle, verdict
from hub.casework.routing import least_loaded
from hub.casework.rules import (
    AT_WORK,
    FORBIDDEN,
    PAST,
    PREPARING,
    VERDICTS,
    CaseRule,
    CaseState,
    EventKind,
    Move,
    Seat,
    Situation,
    StageOutcome,
    StageState,
    broken_rule,
)
from hub.casework.scope import load_case
from hub.casework.tables import Case, CaseBundle, CaseDecision, CaseEvent, CaseProposal, CaseStage
from hub.intake.tables import Bundle
from hub.ledger.service import take_turn
from hub.storage.base import table_of
from protocol.catalogue import Service, StageAction


@dataclass(frozen=True, kw_only=True)
class Work:
    """A case that somebody works on: its row, its service, the rows of its stages in the order of the service."""

    case: Case
    service: Service
    rows: list[CaseStage]

    @property
    def board(self) -> dict[str, Mark]:
        """How far each stage of the service is."""
        seats: dict[str, list[Mark]] = {}
        for row in self.rows:
            if row.stage != PROPOSAL:
                seats.setdefault(row.stage, []).append(mark_of(row))
        return {key: joined(marks) for key, marks in seats.items()}

    def row(self, stage: str, seat: int = 0) -> CaseStage | None:
        """Return one row, if there is such a stage and seat."""
        return next((row for row in self.rows if (row.stage, row.seat) == (stage, seat)), None)

    def of(self, action: StageAction) -> CaseStage | None:
        """Return the first row of an action; rows of proposals are none of the service's."""
        return next((row for row in self.rows if row.action == action and row.stage != PROPOSAL), None)


def mark_of(row: CaseStage) -> Mark:
    """Return how far a row is."""
    return Mark(state=StageState(row.state), outcome=StageOutcome(row.outcome))


def load_work(session: Session, actor: Actor, case_id: str, tools: CaseTools, *, lock: bool = False) -> Work:
    """Return a case within the actor's scope; with ``lock``, nobody else changes it until the end.

    A change takes its turn in the ledger first: intake holds the ledger when it locks a case for a correction.

    Raises:
        CaseNotFoundError: there is none, or it is none of the actor's business.
    """
    if lock:
        take_turn(session)
    return work_on(session, load_case(session, actor, case_id, lock=lock), tools)


def work_on(session: Session, case: Case, tools: CaseTools) -> Work:
    """Return a loaded case with its stages."""
    rows = session.scalars(
        select(CaseStage).where(CaseStage.case_id == case.case_id).order_by(CaseStage.position, CaseStage.seat)
    )
    service = tools.catalogue.service(case.service, case.service_version)
    return Work(case=case, service=service, rows=list(rows))


def situation_of(session: Session, actor: Actor, work: Work, row: CaseStage) -> Situation:
    """Return what decides about the moves of this actor at this row."""
    return situations(session, actor, work, [row])[0]


def situations(session: Session, actor: Actor, work: Work, rows: Sequence[CaseStage]) -> list[Situation]:
    """Return what decides about the moves of this actor at each of these rows; the case is asked about once."""
    decision = standing_decision(session, work.case.case_id)
    common = Situation(
        state=CaseState(work.case.state),
        seat=_seat(work.rows[0]),
        front=_seat(work.rows[0]),
        is_whole=is_whole(session, work.case.case_id),
        is_own_case=is_own_case(session, actor, work.case),
        is_proposal_open=open_proposal(session, work.case.case_id) is not None,
        prepared_by=prepared_by(work),
        drafted_by=_doers(work, {StageAction.DRAFT}),
        decided_by="" if decision is None else decision.person_id,
        decided_office="" if decision is None else decision.office,
    )
    return [replace(common, seat=_seat(row)) for row in rows]


def row_for(
    session: Session, actor: Actor, work: Work, move: Move, place: tuple[str, int], version: int | None
) -> CaseStage:
    """Return the row when this actor may make the move now; ``version`` None: whatever changed meanwhile.

    Raises:
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it, or the service has no such stage.
    """
    row = work.row(*place)
    if row is None or row.stage == PROPOSAL:
        raise MoveRefusedError(CaseRule.STATE)
    rule = broken_rule(move, actor, situation_of(session, actor, work, row))
    if rule not in FORBIDDEN and version is not None and version != work.case.version_id:
        raise ConflictError
    refuse(rule)
    return row


def refuse(rule: CaseRule | None) -> None:
    """Refuse when a rule is broken.

    Raises:
        MoveRefusedError: it is.
    """
    if rule is not None:
        raise MoveRefusedError(rule)


def finish_row(row: CaseStage, now: datetime, actor: Actor, ended: StageOutcome, reference: str = "") -> None:
    """Note that a row is done."""
    row.state, row.since, row.outcome = str(StageState.DONE), now, str(ended)
    row.done_by, row.done_at = actor.person_id, now
    row.reference = reference or row.reference


def advance(session: Session, now: datetime, work: Work, closed: Iterable[CaseStage] = ()) -> list[CaseStage]:
    """Let the case go on after rows in ``closed`` were finished; return the rows that opened.

    Skips and opens what follows, moves the clocks, and sets the state of the case.
    """
    step = settle(work.service, work.board)
    skipped = [row for row in work.rows if row.stage in step.skipped and StageState(row.state) not in PAST]
    for row in skipped:
        row.state, row.since = str(StageState.SKIPPED), now
    finished = [row for row in closed if work.board[row.stage].state in PAST]
    timekeeping.end_stages(session, now, [*finished, *skipped])
    opened = [row for row in work.rows if row.stage in step.opened and row.state == StageState.WAITING]
    for row in opened:
        open_row(session, now, row, work.service)
    set_state(session, now, work)
    return opened


def open_row(session: Session, now: datetime, row: CaseStage, service: Service) -> None:
    """Put a row on its desk, and propose who takes it."""
    row.state, row.since, row.outcome = str(StageState.OPEN), now, str(StageOutcome.NONE)
    row.opened_at = row.opened_at or now
    row.proposed_to = least_loaded(session, now, row.office, Role(row.role))
    row.taken_by, row.taken_at, row.done_by, row.done_at = None, None, None, None
    timekeeping.begin_stage(session, now, row, service)


def set_state(session: Session, now: datetime, work: Work) -> None:
    """Set what follows from the stages: state, outcome, decided and closed; stop the clocks at the end."""
    case, board = work.case, work.board
    case.state = str(case_state(work.service, board))
    case.outcome = str(outcome(work.service, board) or "")
    is_decided = bool(case.outcome)
    case.decided_at = (case.decided_at or now) if is_decided else None
    case.closed_at = (case.closed_at or now) if case.state == CaseState.CLOSED else None
    left = {row.action for row in work.rows if row.stage != PROPOSAL and StageState(row.state) not in PAST}
    if is_decided and left <= {str(StageAction.HANDOVER)}:
        timekeeping.end_case(session, now, case.case_id)
    touch(case, now)


def touch(case: Case, now: datetime) -> None:
    """Let the version of the case rise, whatever else changed."""
    case.changed_at = now
    flag_modified(case, "changed_at")  # two moves in one millisecond are two versions too


def note_routing(session: Session, now: datetime, rows: Sequence[CaseStage], ledger_index: int) -> None:
    """Note which desks got the case; this follows from the move, whose ledger entry it shares."""
    if not rows:
        return
    common = {"kind": str(EventKind.ROUTED), "at": now, "ledger_index": ledger_index, "code": "", "names": ""}
    session.execute(
        insert(table_of(CaseEvent)),
        [
            common | {"case_id": row.case_id, "office": row.office, "stage": row.stage, "out_of_turn": False}
            for row in rows
        ],
    )


def is_skipping(session: Session, row: CaseStage, states: Iterable[StageState]) -> bool:
    """Tell whether an older case waits at the same desk (rule 5)."""
    older = select(func.count()).where(
        CaseStage.office == row.office,
        CaseStage.state.in_([str(state) for state in states]),
        CaseStage.role == row.role,
        CaseStage.action == row.action,
        CaseStage.opened_at < row.opened_at,
        CaseStage.case_id != row.case_id,
    )
    return bool(session.scalar(older))


def is_whole(session: Session, case_id: str) -> bool:
    """Tell whether every file that the case's manifests name is here."""
    missing = (
        select(func.count())
        .select_from(CaseBundle)
        .join(Bundle, Bundle.bundle_id == CaseBundle.bundle_id)
        .where(CaseBundle.case_id == case_id, Bundle.state != "whole")
    )
    return not session.scalar(missing)


def is_own_case(session: Session, actor: Actor, case: Case) -> bool:
    """Tell whether the actor is the applicant (rule 9): equal blind indexes, no numbers."""
    own = select(func.count()).select_from(Person).join(CaseMark, CaseMark.value == Person.nik_index)
    found = own.where(Person.person_id == actor.person_id, CaseMark.case_id == case.case_id, CaseMark.kind == "nik")
    return bool(session.scalar(found))


def has_nik_mark(session: Session, actor: Actor) -> bool:
    """Tell whether the person gave their NIK, without which nobody can tell an own case."""
    return session.scalar(select(Person.nik_index).where(Person.person_id == actor.person_id)) is not None


def standing_decision(session: Session, case_id: str) -> CaseDecision | None:
    """Return the decision that stands or is proposed."""
    return session.scalar(
        select(CaseDecision).where(CaseDecision.case_id == case_id, CaseDecision.state.in_(("proposed", "standing")))
    )


def open_proposal(session: Session, case_id: str) -> CaseProposal | None:
    """Return the proposal that waits for its second person."""
    return session.scalar(select(CaseProposal).where(CaseProposal.case_id == case_id, CaseProposal.state == "open"))


def is_settled(work: Work) -> bool:
    """Tell whether a verdict stands."""
    return verdict(work.service, work.board) in VERDICTS


def at_work(work: Work) -> list[CaseStage]:
    """Return the rows that lie on a desk."""
    return [row for row in work.rows if StageState(row.state) in AT_WORK]


def prepared_by(work: Work) -> frozenset[str]:
    """Return who prepared the case (rule 7)."""
    return _doers(work, PREPARING)


def _seat(row: CaseStage) -> Seat:
    return Seat(action=StageAction(row.action), role=Role(row.role), office=row.office, state=StageState(row.state))


def _doers(work: Work, actions: Iterable[StageAction]) -> frozenset[str]:
    wanted = {str(action) for action in actions}
    return frozenset(row.done_by for row in work.rows if row.action in wanted and row.done_by)
