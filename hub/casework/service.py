"""The moves of a case, each in one transaction of the caller's.

Each move leaves two ledger entries: one whose hidden subject names who did it, and the receipt for the village, which
the worker signs.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import SALT_BYTES, CaseTools, Happening, write_event
from hub.casework.opening import open_cases
from hub.casework.rules import (
    CaseRule,
    CaseState,
    Correction,
    DeskState,
    EventKind,
    Move,
    Situation,
    broken_rule,
    correction_rule,
    is_out_of_turn,
    plan_desks,
)
from hub.casework.scope import load_case
from hub.casework.tables import Case, CaseEvent, Desk
from hub.intake.receipts import Statement, request_receipt
from hub.intake.tables import Bundle
from hub.storage.ports import to_ms
from protocol.catalogue import Service
from protocol.ids import VillageCode
from protocol.receipt import ReceiptKind

__all__ = ["CaseCommand", "ReturnCommand", "call_complete", "open_cases", "return_for_correction", "take_custody"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCommand:
    """Which case, and the version that the person had before the eyes."""

    case_id: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnCommand:
    """A return for correction."""

    case_id: str
    version: int
    correction: Correction


def call_complete(session: Session, now: datetime, actor: Actor, command: CaseCommand, tools: CaseTools) -> None:
    """Call a case complete and correct: the statutory clock starts, and the agencies' desks get it.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    case = load_case(session, actor, command.case_id, lock=True)
    desk = _front_desk_for(session, actor, case, Move.COMPLETE, command.version)
    plan = plan_desks(_service(case, tools), VillageCode(case.village))
    case.state, case.completed_at = str(CaseState.COMPLETE), now
    desk.state, desk.since = str(plan.front), now
    receipt = _receipt(session, now, actor, case, (ReceiptKind.COMPLETE, ""), tools)
    offices = tuple(str(office) for office in plan.waiting)
    happening = Happening(kind=EventKind.COMPLETE, names=offices, receipt_index=receipt)
    index = write_event(session, now, actor, case, happening, tools)
    session.flush()
    _route(session, now, case.case_id, offices, index)


def return_for_correction(
    session: Session, now: datetime, actor: Actor, command: ReturnCommand, tools: CaseTools
) -> None:
    """Return a case to the village, saying why and what.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    case = load_case(session, actor, command.case_id, lock=True)
    desk = _front_desk_for(session, actor, case, Move.RETURN, command.version)
    service, correction = _service(case, tools), command.correction
    fields = [field.key for field in service.fields]
    _refuse(correction_rule(correction, fields, [each.key for each in service.requirements]))
    case.state = str(CaseState.RETURNED)
    desk.state, desk.since = str(DeskState.DONE), now
    receipt = _receipt(session, now, actor, case, (ReceiptKind.RETURNED, str(correction.reason)), tools)
    happening = Happening(
        kind=EventKind.RETURNED,
        code=str(correction.reason),
        names=(*correction.fields, *correction.requirements),
        note=correction.note,
        receipt_index=receipt,
    )
    write_event(session, now, actor, case, happening, tools)
    session.flush()


def take_custody(session: Session, now: datetime, actor: Actor, command: CaseCommand, tools: CaseTools) -> None:
    """Take a case up at the actor's office. Other agencies of the same case do not stand in the way (rule 4).

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: a colleague took it up first.
        MoveRefusedError: a rule forbids it.
    """
    case = load_case(session, actor, command.case_id, lock=True)
    desk = session.get(Desk, (case.case_id, str(actor.office)))
    if desk is not None and desk.state == DeskState.TAKEN:
        raise ConflictError
    _refuse(broken_rule(Move.TAKE_CUSTODY, actor.role, situation_of(session, actor, case)))
    if desk is None:
        raise MoveRefusedError(CaseRule.NO_DESK)
    skipped = is_out_of_turn(desk.since, _oldest_waiting(session, actor, case.case_id))
    desk.state, desk.taken_by, desk.taken_at = str(DeskState.TAKEN), actor.person_id, now
    case.state = str(CaseState.TAKEN_UP)
    receipt = _receipt(session, now, actor, case, (ReceiptKind.CUSTODY, ""), tools)
    happening = Happening(kind=EventKind.CUSTODY, out_of_turn=skipped, receipt_index=receipt)
    write_event(session, now, actor, case, happening, tools)
    session.flush()


def situation_of(session: Session, actor: Actor, case: Case) -> Situation:
    """Return what decides about the moves of this actor."""
    desk = session.get(Desk, (case.case_id, str(actor.office)))
    state = session.scalars(select(Bundle.state).where(Bundle.bundle_id == case.bundle_id)).one()
    return Situation(
        state=CaseState(case.state),
        is_whole=state == "whole",
        is_front_desk=case.front_office == actor.office,
        desk=None if desk is None else DeskState(desk.state),
    )


def _front_desk_for(session: Session, actor: Actor, case: Case, move: Move, version: int) -> Desk:
    """Return the front desk when this actor may make the move now."""
    situation = situation_of(session, actor, case)
    rule = broken_rule(move, actor.role, situation)
    if rule not in {CaseRule.ROLE, CaseRule.NOT_FRONT_DESK} and case.version_id != version:
        raise ConflictError
    _refuse(rule)
    return session.get_one(Desk, (case.case_id, case.front_office))


def _refuse(rule: CaseRule | None) -> None:
    if rule is not None:
        raise MoveRefusedError(rule)


def _service(case: Case, tools: CaseTools) -> Service:
    return tools.catalogue.service(case.service, case.service_version)


def _receipt(
    session: Session, now: datetime, actor: Actor, case: Case, verdict: tuple[ReceiptKind, str], tools: CaseTools
) -> int:
    kind, code = verdict
    statement = Statement(kind=kind, office=str(actor.office), code=code)
    return request_receipt(session, to_ms(now), case.bundle_id, statement, tools.randomness.token(SALT_BYTES))


def _route(session: Session, now: datetime, case_id: str, offices: tuple[str, ...], index: int) -> None:
    """Put a complete case on the agencies' desks; the routings share the entry of the completion."""
    if not offices:
        return
    waiting = {"case_id": case_id, "state": str(DeskState.WAITING), "since": now}
    session.execute(insert(Desk), [waiting | {"office": office} for office in offices])
    routed = {"case_id": case_id, "kind": str(EventKind.ROUTED), "at": now, "ledger_index": index}
    session.execute(insert(CaseEvent), [routed | {"office": office} for office in offices])


def _oldest_waiting(session: Session, actor: Actor, case_id: str) -> datetime | None:
    wanted = select(func.min(Desk.since)).where(
        Desk.office == str(actor.office), Desk.state == str(DeskState.WAITING), Desk.case_id != case_id
    )
    return session.scalar(wanted)
