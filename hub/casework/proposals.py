"""What one person proposes and a second person of another office agrees to, before it happens.

Rules:
1. A refusal of an accepted application, a reopening, a revocation and a fee change need two persons of two offices.
2. The second office follows from the first (``hub.catalogue.rules.second_office``); its head answers.
3. One proposal at a time. Who proposed it may take it back; nothing has happened then.
4. Two people of whom one stands in for the other these days are one. Who prepared a case agrees to no refusal of it.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.acting import stand_in_for_each_other
from hub.accounts.rules import DESK_ROLES, Actor, Role
from hub.casework import timekeeping
from hub.casework.commands import AnswerCommand, CaseCommand, ProposalCommand, ProposalKind
from hub.casework.decided import make_final
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools, Happening, data_key, seal_text, write_event
from hub.casework.flow import PROPOSAL, Mark, undecided
from hub.casework.routing import least_loaded
from hub.casework.rules import (
    PAST,
    CaseRule,
    CaseState,
    EventKind,
    StageOutcome,
    StageState,
    words_rule,
)
from hub.casework.stages import (
    Work,
    finish_row,
    is_own_case,
    load_work,
    note_routing,
    open_proposal,
    open_row,
    prepared_by,
    refuse,
    set_state,
    standing_decision,
    touch,
)
from hub.casework.tables import CaseProposal, CaseStage
from hub.catalogue.rules import second_office
from protocol.catalogue import OfficeCode, StageAction
from protocol.ids import VillageCode
from protocol.receipt import Outcome

_REOPENABLE = frozenset({Outcome.REFUSED, Outcome.WITHDRAWN})


def propose(session: Session, now: datetime, actor: Actor, command: ProposalCommand, tools: CaseTools) -> str:
    """Propose a reopening, a revocation or a fee change; return the id of the proposal. A refusal comes by ``decide``.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it, or proposed something first.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    refuse(_who_rule(session, actor, work, command.kind))
    if command.version != work.case.version_id or open_proposal(session, work.case.case_id) is not None:
        raise ConflictError
    refuse(_what_rule(work, command.kind) or words_rule(command.reason, needed=True))
    proposal = write_proposal(session, now, actor, work, (command.kind, command.reason, command.payload), tools)
    happening = Happening(kind=EventKind.PROPOSED, stage=PROPOSAL, code=str(command.kind), note=command.reason)
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, work.rows[-1:], index)
    return proposal.proposal_id


def reopen(session: Session, now: datetime, actor: Actor, command: CaseCommand, reason: str, tools: CaseTools) -> str:
    """Propose that a refused or withdrawn case is taken up again; return the id of the proposal.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    wanted = ProposalCommand(case_id=command.case_id, version=command.version, kind=ProposalKind.REOPEN, reason=reason)
    return propose(session, now, actor, wanted, tools)


def answer_proposal(session: Session, now: datetime, actor: Actor, command: AnswerCommand, tools: CaseTools) -> None:
    """Agree, and let it happen; or say no.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: it was answered already, or somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work = load_work(session, actor, command.case_id, tools, lock=True)
    proposal = open_proposal(session, work.case.case_id)
    if proposal is None or proposal.proposal_id != command.proposal_id:
        raise ConflictError
    refuse(_answer_rule(session, now, actor, work, (proposal, command)))
    if command.version != work.case.version_id:
        raise ConflictError
    is_own = actor.person_id == proposal.proposed_by
    proposal.state = "confirmed" if command.agrees else "taken_back" if is_own else "declined"
    proposal.answered_by, proposal.answered_at = actor.person_id, now
    row = work.row(PROPOSAL, proposal.seat)
    if row is not None:
        finish_row(row, now, actor, StageOutcome.CONFIRMED if command.agrees else StageOutcome.NO)
    touch(work.case, now)
    kind = EventKind.AGREED if command.agrees else EventKind.DISAGREED
    happening = Happening(kind=kind, stage=PROPOSAL, code=proposal.kind, note=command.note)
    if ProposalKind(proposal.kind) is ProposalKind.REFUSAL:
        _settle_refusal(session, now, actor, work, (proposal, happening), tools)
        return
    opened = []
    if command.agrees:
        opened = _carry_out(session, now, actor, work, proposal, tools)
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, opened, index)


def write_proposal(
    session: Session,
    now: datetime,
    actor: Actor,
    work: Work,
    what: tuple[ProposalKind, str, bytes],
    tools: CaseTools,
) -> CaseProposal:
    """Write the proposal and lay it on the desk of the office that has to answer."""
    (kind, reason, payload), case = what, work.case
    office = str(second_office(work.service, VillageCode(case.village), OfficeCode(str(actor.office))))
    proposal_id = tools.ids.new()
    seat = session.scalar(select(func.count()).where(CaseProposal.case_id == case.case_id)) or 0
    key = data_key(session, tools.keyring, case.bundle_id)
    proposal = CaseProposal(
        proposal_id=proposal_id,
        case_id=case.case_id,
        seat=seat,
        kind=str(kind),
        state="open",
        proposed_by=actor.person_id,
        office=str(actor.office),
        at=now,
        asked_office=office,
        note=seal_text(session, case, reason.strip(), proposal_place(proposal_id), tools),
        payload=key.seal(payload, payload_place(proposal_id), tools.randomness) if payload else None,
    )
    row = CaseStage(
        case_id=case.case_id,
        stage=PROPOSAL,
        seat=seat,
        position=len(work.service.stages) + seat,
        action=str(StageAction.CONFIRMATION),
        role=str(Role.HEAD),
        office=office,
        state=str(StageState.OPEN),
        since=now,
        opened_at=now,
        proposed_to=least_loaded(session, now, office, Role.HEAD),
        outcome="",
        reference="",
    )
    session.add_all([proposal, row])
    work.rows.append(row)
    touch(case, now)
    return proposal


def proposal_place(proposal_id: str) -> str:
    """Return the place that the reason of a proposal is bound to."""
    return f"case_proposal.note:{proposal_id}"


def payload_place(proposal_id: str) -> str:
    """Return the place that the payload of a proposal is bound to."""
    return f"case_proposal.payload:{proposal_id}"


def _who_rule(session: Session, actor: Actor, work: Work, kind: ProposalKind) -> CaseRule | None:
    if actor.role not in DESK_ROLES:
        return CaseRule.ROLE
    is_own_fee = kind is ProposalKind.FEE_CHANGE and any(
        (row.action, row.office, row.role) == (StageAction.ASSESSMENT, actor.office, actor.role) for row in work.rows
    )
    if actor.role not in {Role.HEAD, Role.DIVISION_HEAD} and not is_own_fee:
        return CaseRule.NOT_YOUR_STAGE
    return CaseRule.OWN_CASE if is_own_case(session, actor, work.case) else None


def _what_rule(work: Work, kind: ProposalKind) -> CaseRule | None:
    """Return the rule that forbids to propose this now."""
    fitting = {
        ProposalKind.REOPEN: work.case.outcome in _REOPENABLE,
        ProposalKind.REVOCATION: work.case.outcome == Outcome.ISSUED,
        ProposalKind.FEE_CHANGE: _is_unpaid(work),
    }
    return None if fitting.get(kind, False) else CaseRule.NOT_PROPOSABLE


def _is_unpaid(work: Work) -> bool:
    if work.case.state == CaseState.WITHDRAWN:
        return False
    done = [row for row in work.rows if row.action == StageAction.ASSESSMENT and row.state == StageState.DONE]
    left = [row for row in work.rows if row.action == StageAction.PAYMENT and StageState(row.state) not in PAST]
    return bool(done and left)


def _answer_rule(
    session: Session, now: datetime, actor: Actor, work: Work, what: tuple[CaseProposal, AnswerCommand]
) -> CaseRule | None:
    proposal, command = what
    if actor.role not in DESK_ROLES:
        return CaseRule.ROLE
    if actor.person_id == proposal.proposed_by:
        return CaseRule.SAME_PERSON if command.agrees else None  # rule 3: taking it back
    if command.agrees and _is_bound(session, now, actor, work, proposal):
        return CaseRule.SAME_PERSON
    if actor.office == proposal.office:
        return CaseRule.SAME_OFFICE
    if actor.office != proposal.asked_office or actor.role is not Role.HEAD:
        return CaseRule.NOT_YOUR_STAGE
    if is_own_case(session, actor, work.case):
        return CaseRule.OWN_CASE
    return words_rule(command.note, needed=not command.agrees)


def _is_bound(session: Session, now: datetime, actor: Actor, work: Work, proposal: CaseProposal) -> bool:
    """Tell whether the second person stands in for the first (or the other way round), or prepared what is refused."""
    if stand_in_for_each_other(session, now, actor.person_id, proposal.proposed_by):
        return True
    return ProposalKind(proposal.kind) is ProposalKind.REFUSAL and actor.person_id in prepared_by(work)


def _settle_refusal(
    session: Session,
    now: datetime,
    actor: Actor,
    work: Work,
    what: tuple[CaseProposal, Happening],
    tools: CaseTools,
) -> None:
    """Let a refusal stand, or open the decision again."""
    proposal, happening = what
    decision, row = standing_decision(session, work.case.case_id), work.of(StageAction.DECISION)
    if decision is None or row is None:
        raise MoveRefusedError(CaseRule.STATE)
    decision.confirmed_by, decision.confirmed_office, decision.confirmed_at = actor.person_id, str(actor.office), now
    if proposal.state == "confirmed":
        decision.state = "standing"
        row.state, row.since, row.outcome = str(StageState.DONE), now, str(StageOutcome.REFUSED)
        row.done_by, row.done_at = decision.person_id, decision.at
        make_final(session, now, actor, work, (happening, row), tools)
        return
    decision.state = "declined"
    open_row(session, now, row, work.service)
    set_state(session, now, work)
    index = write_event(session, now, actor, work.case, happening, tools)
    session.flush()
    note_routing(session, now, [row], index)


def _carry_out(
    session: Session, now: datetime, actor: Actor, work: Work, proposal: CaseProposal, tools: CaseTools
) -> list[CaseStage]:
    """Do what was agreed to; return the rows that opened by it."""
    kind = ProposalKind(proposal.kind)
    opened = _reopen(session, now, work) if kind is ProposalKind.REOPEN else []
    effect = tools.effects.get(kind)
    if effect is not None:
        key = data_key(session, tools.keyring, work.case.bundle_id)
        payload = key.open(proposal.payload, payload_place(proposal.proposal_id)) if proposal.payload else b""
        session.flush()
        effect(session, now, actor, work.case, payload)
    elif kind is not ProposalKind.REOPEN:
        raise MoveRefusedError(CaseRule.NOT_PROPOSABLE)
    return opened


def _reopen(session: Session, now: datetime, work: Work) -> list[CaseStage]:
    """Take the decision back; it, what follows it and what was skipped are to be done again."""
    decision = standing_decision(session, work.case.case_id)
    if decision is not None:
        decision.state = "superseded"
    half = {row.stage for row in work.rows if row.stage != PROPOSAL and row.state == StageState.SKIPPED}
    skipped = {stage: Mark(state=StageState.SKIPPED) for stage in half}  # one seat of a joint visit may be done
    board, opened = undecided(work.service, work.board | skipped), []
    for row in work.rows:
        mark, is_kept = board.get(row.stage), row.stage in half and row.state == StageState.DONE
        if mark is None or mark.state is StageState.DONE or is_kept:
            continue
        if mark.state is StageState.OPEN:
            opened.append(row)
        row.state, row.since, row.outcome = str(mark.state), now, str(mark.outcome)
        row.done_by, row.done_at = None, None
    if work.case.completed_at is not None:
        timekeeping.begin_case(session, now, work.case, work.service)
    for row in opened:
        open_row(session, now, row, work.service)
    work.case.round += 1
    set_state(session, now, work)
    return opened
