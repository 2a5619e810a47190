"""Revoking a document: one person proposes, a second one of another office agrees, and every village is told.

Rules:
1. Only what was issued can be revoked, once, for ever. Who agreed is another person of another office (casework's
   proposals see to that); both are named in the ledger.
2. The number of a list is one more than the documents that it holds: a larger number holds everything that a smaller
   one held, and no counter can go wrong.
3. A node is written the newest list when it has none or an older one; the worker does that, some nodes at a time.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
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
from hub.permits.tables import Permit, PermitRevocation, RevocationSent
from hub.storage.engine import Database
from hub.storage.ports import to_ms
from protocol.ids import HubId, NodeId, RegistrationNo
from protocol.limits import MAX_MAIL_BYTES
from protocol.notices import CaseNews
from protocol.permit import RevocationCode, RevocationList, Revoked, sign_revocations
from protocol.wire import Wire, from_bytes, to_bytes

NODES_AT_ONCE = 50
"""Nodes that one transaction writes to."""

WriteNotice: TypeAlias = Callable[[Session, datetime, NodeId, bytes], object]
"""Writes a notice of kind ``revocations`` into a node's mailbox."""


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


def newest_list(session: Session, now: datetime, hub: HubId, key: Ed25519PrivateKey) -> list[bytes]:
    """Return the whole list as it stands, signed now, in parts."""
    rows = session.execute(
        select(PermitRevocation.mark, PermitRevocation.revoked_at, PermitRevocation.code).order_by(
            PermitRevocation.revoked_at, PermitRevocation.permit_id
        )
    ).all()
    revoked = [Revoked(mark=row.mark, at_s=to_ms(row.revoked_at) // 1_000, code=row.code) for row in rows]
    head = RevocationList(hub=hub, number=len(revoked) + 1, issued_at=to_ms(now), part=1, parts=1, revoked=[])
    return sign_revocations(revoked, head, key)


def list_number(session: Session) -> int:
    """Return the number of the newest list (rule 2)."""
    return 1 + (session.scalar(select(func.count()).select_from(PermitRevocation)) or 0)


def send_lists(
    database: Database,
    now: datetime,
    nodes: Sequence[NodeId],
    signer: tuple[HubId, Ed25519PrivateKey],
    write: WriteNotice,
) -> int:
    """Write the newest list to nodes that lack it; return how many were written to. A step of the worker.

    Raises:
        StorageError: the database does not answer; whoever is left is written to next time.
    """
    with database.reading() as session:
        number = list_number(session)
        sent = {str(node): had for node, had in session.execute(select(RevocationSent.node_id, RevocationSent.number))}
    lacking = [node for node in nodes if sent.get(node, 1) < number]
    for start in range(0, len(lacking), NODES_AT_ONCE):
        with database.session() as session:
            parts, newest = newest_list(session, now, *signer), list_number(session)
            for node in lacking[start : start + NODES_AT_ONCE]:
                for part in parts:
                    write(session, now, node, part)
                session.merge(RevocationSent(node_id=str(node), number=newest))
    return len(lacking)
