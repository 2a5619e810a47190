"""Deciding, and the second body that agrees or not.

One decision at a time: the row of the case is locked, the version is compared, and the database holds one decision per
case that is proposed or stands. A refusal of an application that was accepted as complete needs a second person of
another office: where two bodies decide anyway that is the confirmation, elsewhere a proposal.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.acting import stand_in_for_each_other
from hub.accounts.rules import Actor
from hub.casework import proposals, timekeeping
from hub.casework.commands import ConfirmCommand, DecisionCommand, ProposalKind
from hub.casework.decided import make_final
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools, Happening, seal_text, write_event
from hub.casework.flow import followers
from hub.casework.rules import (
    AT_WORK,
    RAPID_DECISIONS,
    VERDICTS,
    CaseRule,
    EventKind,
    Move,
    StageOutcome,
    StageState,
    words_rule,
)
from hub.casework.stages import (
    Work,
    advance,
    finish_row,
    is_skipping,
    load_work,
    note_routing,
    open_row,
    refuse,
    row_for,
    set_state,
    standing_decision,
)
from hub.casework.tables import CaseDecision, CaseStage, RapidDecisions
from protocol.catalogue import StageAction

_HOUR = timedelta(hours=1)


def decide(session: Session, now: datetime, actor: Actor, command: DecisionCommand, tools: CaseTools) -> None:
    """Grant or refuse. It stands at once unless a second body has to agree.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it, or decided first.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = _row(session, actor, work, (Move.DECIDE, StageAction.DECISION), command.version)
    if standing_decision(session, work.case.case_id) is not None:
        raise ConflictError
    refuse(_words(work, command))
    skipped = is_skipping(session, row, AT_WORK)
    decision = _add_decision(session, now, actor, work, command, tools)
    _count(session, now, actor)
    needs_proposal = command.verdict is StageOutcome.REFUSED and not work.service.two_bodies
    happening = Happening(
        kind=EventKind.PROPOSED if needs_proposal or work.service.two_bodies else EventKind.DECIDED,
        stage=row.stage,
        code=str(command.verdict),
        note=command.note,
        out_of_turn=skipped,
    )
    if needs_proposal:
        row.state, row.since = str(StageState.TAKEN), now
        row.taken_by, row.taken_at = actor.person_id, now
        proposals.write_proposal(session, now, actor, work, (ProposalKind.REFUSAL, command.note, b""), tools)
        index = write_event(session, now, actor, work.case, happening, tools)
        session.flush()
        note_routing(session, now, [each for each in work.rows if each.stage == "proposal"][-1:], index)
        return
    finish_row(row, now, actor, command.verdict)
    if work.service.two_bodies:
        _go_on(session, now, actor, work, (happening, row), tools)
        return
    decision.state = "standing"
    make_final(session, now, actor, work, (happening, row), tools)


def confirm(session: Session, now: datetime, actor: Actor, command: ConfirmCommand, tools: CaseTools) -> None:
    """Agree to a decision of another office, or send it back to them with the reason.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    row = _row(session, actor, work, (Move.CONFIRM, StageAction.CONFIRMATION), command.version)
    refuse(words_rule(command.note, needed=not command.agrees))
    decision = standing_decision(session, work.case.case_id)
    if decision is None:
        raise MoveRefusedError(CaseRule.STATE)
    if command.agrees and stand_in_for_each_other(session, now, actor.person_id, decision.person_id):
        raise MoveRefusedError(CaseRule.SAME_PERSON)
    decision.confirmed_by, decision.confirmed_office, decision.confirmed_at = actor.person_id, str(actor.office), now
    if not command.agrees:
        decision.state = "declined"
        _send_back(session, now, actor, work, (row, command.note), tools)
        return
    decision.state = "standing"
    finish_row(row, now, actor, StageOutcome.CONFIRMED)
    happening = Happening(kind=EventKind.CONFIRMED, stage=row.stage, code=decision.verdict, note=command.note)
    make_final(session, now, actor, work, (happening, row), tools)


def _row(session: Session, actor: Actor, work: Work, what: tuple[Move, StageAction], version: int) -> CaseStage:
    move, action = what
    found = work.of(action)
    if found is None:
        raise MoveRefusedError(CaseRule.STATE)
    return row_for(session, actor, work, move, (found.stage, found.seat), version)


def _words(work: Work, command: DecisionCommand) -> CaseRule | None:
    """Return the rule that verdict and reasons break (rule 6)."""
    if command.verdict not in VERDICTS:
        return CaseRule.OUTCOME_UNFIT
    is_against = any(row.outcome == StageOutcome.NO for row in work.rows)
    return words_rule(command.note, needed=command.verdict is StageOutcome.REFUSED or is_against)


def _add_decision(
    session: Session, now: datetime, actor: Actor, work: Work, command: DecisionCommand, tools: CaseTools
) -> CaseDecision:
    case_id = work.case.case_id
    newest = session.scalar(select(func.max(CaseDecision.number)).where(CaseDecision.case_id == case_id)) or 0
    note = command.note.strip()
    place = decision_place(case_id, newest + 1)
    decision = CaseDecision(
        case_id=case_id,
        number=newest + 1,
        verdict=str(command.verdict),
        state="proposed",
        person_id=actor.person_id,
        office=str(actor.office),
        role=str(actor.role),
        capacity=str(actor.capacity or ""),
        at=now,
        note=seal_text(session, work.case, note, place, tools) if note else None,
        confirmed_by=None,
        confirmed_office="",
        confirmed_at=None,
    )
    session.add(decision)
    session.flush()
    return decision


def decision_place(case_id: str, number: int) -> str:
    """Return the place that the reasons of a decision are bound to."""
    return f"case_decision.note:{case_id}:{number}"


def _count(session: Session, now: datetime, actor: Actor) -> None:
    """Flag who decides faster than anybody can read (fault F36)."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    wanted = select(func.count()).where(
        CaseDecision.person_id == actor.person_id, CaseDecision.at >= hour, CaseDecision.at < hour + _HOUR
    )
    decisions = session.scalar(wanted) or 0
    if decisions <= RAPID_DECISIONS:
        return
    flag = session.get(RapidDecisions, (actor.person_id, hour))
    if flag is None:
        flag = RapidDecisions(person_id=actor.person_id, hour=hour, office=str(actor.office))
        session.add(flag)
    flag.decisions = decisions


def _go_on(
    session: Session,
    now: datetime,
    actor: Actor,
    work: Work,
    done: tuple[Happening, CaseStage],
    tools: CaseTools,
) -> None:
    happening, row = done
    opened = advance(session, now, work, [row])
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, opened, index)


def _send_back(
    session: Session, now: datetime, actor: Actor, work: Work, what: tuple[CaseStage, str], tools: CaseTools
) -> None:
    """Open the decision again; what comes after it waits."""
    row, note = what
    decision = work.of(StageAction.DECISION)
    if decision is None:
        raise MoveRefusedError(CaseRule.STATE)
    later = [each for each in work.rows if each.stage in followers(work.service, decision.stage)]
    for each in later:
        each.state, each.since = str(StageState.WAITING), now
    timekeeping.end_stages(session, now, later)
    open_row(session, now, decision, work.service)
    set_state(session, now, work)
    happening = Happening(kind=EventKind.DECLINED, stage=row.stage, note=note)
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, [decision], index)
