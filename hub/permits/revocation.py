"""Revoking a document: one person proposes, a second one of another office agrees, and every village is told.

Rules:
1. Only what was issued can be revoked, once, for ever. Who agreed is another person of another office (casework's
   proposals see to that); both are named in the ledger.
2. Every node is brought the list of what was revoked (``revocation_lists.py``).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.commands import ProposalCommand, ProposalKind
from hub.casework.events import data_key, tell
from hub.casework.rules import is_reason
from hub.casework.scope import load_case
from hub.casework.service import propose
from hub.casework.tables import Case, CaseEvent
from hub.permits.errors import PermitRefusedError, PermitRule
from hub.permits.rules import PermitState
from hub.permits.service import PermitTools, number_of
from hub.permits.subjects import Note, write_entry
from hub.permits.tables import Permit, PermitRevocation
from protocol.ids import RegistrationNo
from protocol.limits import MAX_MAIL_BYTES
from protocol.notices import CaseNews
from protocol.permit import RevocationCode
from protocol.wire import Wire, from_bytes, to_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class RevocationCommand:
    """Which case's document shall be revoked, and why."""

    case_id: str
    version: int
    code: RevocationCode
    reason: str


class RevocationOrder(Wire, frozen=True, kw_only=True):
    """What the proposal carries until the second person agrees; sealed there."""

    permit: str
    code: str
    reason: str
    by: str


def propose_revocation(
    session: Session, now: datetime, actor: Actor, command: RevocationCommand, tools: PermitTools
) -> str:
    """Propose that the document of a case is revoked; return the id of the proposal.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: this person may not propose it.
        PermitRefusedError: there is nothing to revoke, or no reason.
    """
    load_case(session, actor, command.case_id)
    permit = issued_permit(session, command.case_id)
    if permit is None:
        raise PermitRefusedError(PermitRule.NOT_REVOCABLE)
    if not is_reason(command.reason):
        raise PermitRefusedError(PermitRule.REASON_NEEDED)
    reason = command.reason.strip()
    order = RevocationOrder(permit=permit.permit_id, code=str(command.code), reason=reason, by=actor.person_id)
    wanted = ProposalCommand(
        case_id=command.case_id,
        version=command.version,
        kind=ProposalKind.REVOCATION,
        reason=reason,
        payload=to_bytes(order),
    )
    return propose(session, now, actor, wanted, tools.case)


def revoke(session: Session, now: datetime, actor: Actor, case: Case, payload: bytes, tools: PermitTools) -> None:
    """Carry a revocation out: what casework calls when the second person agrees (``CaseTools.effects``).

    Raises:
        PermitRefusedError: the document is not issued (any more).
    """
    order = from_bytes(payload, RevocationOrder, max_bytes=MAX_MAIL_BYTES)
    permit = session.get(Permit, order.permit, with_for_update=True, populate_existing=True)
    if permit is None or permit.case_id != case.case_id or permit.state != PermitState.ISSUED:
        raise PermitRefusedError(PermitRule.NOT_REVOCABLE)
    permit.state = str(PermitState.REVOKED)
    note = Note(
        what="revoked",
        number=number_of(session, permit),
        code=order.code,
        mark=permit.mark,
        reason=hashlib.sha256(order.reason.encode()).digest(),
        second=order.by,
    )
    index, time_ms = write_entry(session, now, actor, case, note, tools.case.randomness)
    key = data_key(session, tools.case.keyring, case.bundle_id)
    session.add(
        PermitRevocation(
            permit_id=permit.permit_id,
            mark=permit.mark,
            code=order.code,
            reason=key.seal(order.reason.encode(), reason_place(permit.permit_id), tools.case.randomness),
            proposed_by=order.by,
            confirmed_by=actor.person_id,
            revoked_at=now,
            ledger_index=index,
        )
    )
    _tell(session, now, actor, case, (order.code, index, time_ms), tools)
    session.flush()


def _tell(
    session: Session, now: datetime, actor: Actor, case: Case, what: tuple[str, int, int], tools: PermitTools
) -> None:
    """Write the revocation into the case's history and tell its village, whose resident holds the paper."""
    code, index, time_ms = what
    session.add(
        CaseEvent(
            case_id=case.case_id,
            kind=str(PermitState.REVOKED),
            office=str(actor.office),
            person_id=actor.person_id,
            at=now,
            ledger_index=index,
            code=code,
        )
    )
    news = CaseNews(
        bundle=case.bundle_id,
        registration_no=RegistrationNo(case.registration_no),
        event=str(PermitState.REVOKED),
        office=str(actor.office),
        at=time_ms,
        ledger_index=index,
        code=code,
    )
    tell(session, now, case, news, tools.case)


def issued_permit(session: Session, case_id: str) -> Permit | None:
    """Return the permit or letter of a case that counts; a refusal is no such thing."""
    wanted = select(Permit).where(
        Permit.case_id == case_id, Permit.state == str(PermitState.ISSUED), Permit.kind != "refusal"
    )
    return session.scalar(wanted.order_by(Permit.round.desc()).limit(1))


def reason_place(permit_id: str) -> str:
    """Return the place that the words of a revocation are bound to."""
    return f"permit_revocation.reason:{permit_id}"
