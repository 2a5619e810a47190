"""Use cases of the registry: enrol, revoke, certify, lease. One function, one transaction (opened by the caller)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.ledger.service import take_turn
from hub.registry import tables
from hub.registry.errors import RegistryError, RegistryRule
from hub.registry.queries import (
    holds_number,
    is_known_node_key,
    is_known_officer,
    load_leases,
    load_node,
    load_nodes,
    load_officers,
    officer_states,
    officers_by_kid,
)
from hub.registry.recording import Decision, lock_node, record
from hub.registry.records import Lease, NodeRecord, OfficerRecord, node_record
from hub.registry.rules import (
    LAST_NUMBER,
    EventKind,
    NodeStatus,
    OfficerStatus,
    next_block,
    next_node,
)
from hub.storage.ports import to_ms
from protocol.envelope import Purpose, load_public_key, sign
from protocol.errors import SignatureError
from protocol.ids import NodeId, OfficerId, VillageCode, key_id
from protocol.mailbox import NumberLease, OfficerCertificate, OfficerRequest
from protocol.sealing import load_sealing_key
from protocol.wire import to_bytes

__all__ = [
    "Decision",
    "Lease",
    "NewNode",
    "NodeRecord",
    "OfficerRecord",
    "RequestedOfficers",
    "approve_officer",
    "certify_officer",
    "enrol_node",
    "holds_number",
    "lease_numbers",
    "load_leases",
    "load_node",
    "load_nodes",
    "load_officers",
    "note_lease_notice",
    "note_mail",
    "officer_states",
    "officers_by_kid",
    "request_officers",
    "revoke_node",
    "revoke_officer",
]

MAX_WAITING_OFFICERS = 20
"""Officers of one node about whom nobody has decided: a node that asks for more is told nothing new."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewNode:
    """What an approved request contributes; the name is the hub's."""

    village: VillageCode
    signing_key: bytes
    sealing_key: bytes
    program: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestedOfficers:
    """What became of a node's requests: new ones wait for a person; refused ones clash with a key that is known."""

    added: tuple[OfficerId, ...]
    refused: tuple[OfficerId, ...]


def enrol_node(session: Session, new: NewNode, decision: Decision) -> NodeRecord:
    """Enter a node under the next name of its village.

    Raises:
        RegistryError: the signing key belongs to a node already, or the village used up its serials.
        SignatureError: the signing key is no usable Ed25519 key.
        SealError: the sealing key is no usable X25519 key.
    """
    load_public_key(new.signing_key)
    load_sealing_key(new.sealing_key)
    row = None
    while row is None:
        row = _insert_node(session, _next_name(session, new), new, decision.now)
    record(session, EventKind.NODE_ENROLLED, row, decision)
    return node_record(row)


def revoke_node(session: Session, node_id: NodeId, decision: Decision) -> None:
    """Take a node out of service for ever: what it sends from now on is quarantined.

    Raises:
        RegistryError: there is no such node, or it was revoked before.
    """
    take_turn(session)
    row = lock_node(session, node_id)
    if row.status == NodeStatus.REVOKED.value:
        raise RegistryError(RegistryRule.NODE_REVOKED)
    row.status = NodeStatus.REVOKED.value
    row.revoked_at = decision.now
    record(session, EventKind.NODE_REVOKED, row, decision)


def request_officers(
    session: Session, node_id: NodeId, requests: Sequence[OfficerRequest], now: datetime
) -> RequestedOfficers:
    """Note which officers a node asks for; asking again changes nothing.

    Raises:
        RegistryError: there is no such node.
    """
    row = lock_node(session, node_id)
    waiting = select(func.count()).where(
        tables.Officer.node_id == row.node_id, tables.Officer.status == OfficerStatus.PENDING.value
    )
    room = MAX_WAITING_OFFICERS - (session.scalar(waiting) or 0)
    added: list[OfficerId] = []
    refused: list[OfficerId] = []
    for request in requests:
        known = session.get(tables.Officer, str(request.officer))
        if known is not None and (known.node_id, known.public_key) == (row.node_id, request.public_key):
            continue
        if len(added) >= room or is_known_officer(session, request) or not _is_usable(request.public_key):
            refused.append(request.officer)
            continue
        session.add(_officer_row(row, request, now))
        session.flush()
        added.append(request.officer)
    return RequestedOfficers(added=tuple(added), refused=tuple(refused))


def approve_officer(session: Session, officer_id: OfficerId, by: str) -> None:
    """Say yes to an officer's key; the process that holds the hub's message key certifies it afterwards.

    Raises:
        RegistryError: no such officer, or revoked.
    """
    row = _officer(session, officer_id)
    if row.status == OfficerStatus.PENDING.value:
        row.status = OfficerStatus.APPROVED.value
        row.decided_by = by


def certify_officer(
    session: Session, officer_id: OfficerId, decision: Decision, message_key: Ed25519PrivateKey
) -> bytes:
    """Return the officer's certificate; certifying again gives the same bytes and no second ledger entry.

    Raises:
        RegistryError: no such officer, or the officer or the node was revoked.
    """
    take_turn(session)
    row = _officer(session, officer_id)
    if row.certificate is not None:
        return row.certificate
    node = lock_node(session, NodeId(row.node_id))
    if node.status == NodeStatus.REVOKED.value:
        raise RegistryError(RegistryRule.NODE_REVOKED)
    statement = OfficerCertificate(
        officer=officer_id,
        node=NodeId(row.node_id),
        public_key=row.public_key,
        issued_at=to_ms(decision.now),
    )
    row.certificate = sign(to_bytes(statement), key=message_key, purpose=Purpose.OFFICER)
    row.status = OfficerStatus.ACTIVE.value
    row.certified_at = decision.now
    row.decided_by = decision.by or row.decided_by
    record(session, EventKind.OFFICER_CERTIFIED, node, decision, officer=row)
    return row.certificate


def revoke_officer(session: Session, officer_id: OfficerId, decision: Decision) -> None:
    """Refuse everything that this officer signs from now on; refuse the request if it was still waiting.

    Raises:
        RegistryError: no such officer, or revoked before.
    """
    take_turn(session)
    row = _officer(session, officer_id)
    row.status = OfficerStatus.REVOKED.value
    row.revoked_at = decision.now
    row.decided_by = decision.by
    node = lock_node(session, NodeId(row.node_id))
    record(session, EventKind.OFFICER_REVOKED, node, decision, officer=row)


def lease_numbers(session: Session, node_id: NodeId, year: int, count: int) -> NumberLease:
    """Give a node the next ``count`` registration numbers of a year, for ever.

    Raises:
        RegistryError: no such node, or the year has no such block left.
    """
    row = lock_node(session, node_id)
    head = _lock_leases(session, year)
    block = next_block(year, head.next, count)
    if block is None:
        raise RegistryError(RegistryRule.NUMBERS_USED_UP)
    head.next = block.last + 1
    session.add(tables.NumberLease(node_id=row.node_id, year=year, first=block.first, last=block.last))
    session.flush()
    return block


def note_mail(session: Session, node_id: NodeId, *, cursor: int, free_numbers: int) -> NodeRecord:
    """Keep what a node last wrote about its mailbox and its numbers.

    The cursor is taken as the node says it, also when it went back: a node restored from an older backup needs the
    notices again, and a node that lies about it harms itself alone.

    Raises:
        RegistryError: there is no such node.
    """
    row = lock_node(session, node_id)
    row.mail_cursor = cursor
    row.free_numbers = min(free_numbers, LAST_NUMBER)
    return node_record(row)


def note_lease_notice(session: Session, node_id: NodeId, number: int) -> None:
    """Keep which mailbox notice carried the node's newest lease.

    Raises:
        RegistryError: there is no such node.
    """
    lock_node(session, node_id).lease_notice = number


def _lock_leases(session: Session, year: int) -> tables.LeaseHead:
    """Return the year's counter, locked until the end of the transaction (on SQLite all writers wait anyway)."""
    wanted = select(tables.LeaseHead).where(tables.LeaseHead.year == year).with_for_update()
    wanted = wanted.execution_options(populate_existing=True)
    head = session.scalar(wanted)
    if head is not None:
        return head
    try:
        with session.begin_nested():
            session.add(tables.LeaseHead(year=year, next=1))
            session.flush()
    except IntegrityError:
        pass  # another transaction made the row first: wait for its lock below
    made: tables.LeaseHead = session.scalars(wanted).one()
    return made


def _next_name(session: Session, new: NewNode) -> NodeId:
    if is_known_node_key(session, new.signing_key):
        raise RegistryError(RegistryRule.KEY_TAKEN)
    newest = session.scalar(select(func.max(tables.Node.serial)).where(tables.Node.village == str(new.village)))
    name = next_node(new.village, [] if newest is None else [newest])
    if name is None:
        raise RegistryError(RegistryRule.SERIALS_USED_UP)
    return name


def _insert_node(session: Session, name: NodeId, new: NewNode, now: datetime) -> tables.Node | None:
    """Return the new row, or None when another transaction took the name or the key first.

    No lock is held while the name is chosen: the ledger's head is locked before the lease counter everywhere.
    """
    row = tables.Node(
        node_id=str(name),
        village=str(new.village),
        serial=int(name[-2:]),
        signing_key=new.signing_key,
        signing_kid=key_id(new.signing_key),
        sealing_key=new.sealing_key,
        status=NodeStatus.ACTIVE.value,
        program=new.program,
        enrolled_at=now,
        mail_cursor=0,
        free_numbers=0,
        lease_notice=0,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return None
    return row


def _officer(session: Session, officer_id: OfficerId) -> tables.Officer:
    row = session.get(tables.Officer, str(officer_id), with_for_update=True, populate_existing=True)
    if row is None:
        raise RegistryError(RegistryRule.OFFICER_UNKNOWN)
    if row.status == OfficerStatus.REVOKED.value:
        raise RegistryError(RegistryRule.OFFICER_REVOKED)
    return row


def _is_usable(public_key: bytes) -> bool:
    try:
        load_public_key(public_key)
    except SignatureError:
        return False
    return True


def _officer_row(node: tables.Node, request: OfficerRequest, now: datetime) -> tables.Officer:
    return tables.Officer(
        officer_id=str(request.officer),
        node_id=node.node_id,
        name=request.name,
        public_key=request.public_key,
        kid=key_id(request.public_key),
        status=OfficerStatus.PENDING.value,
        requested_at=now,
    )
