"""Use cases of renewal: note a node's wish, make its next certificate, tell every node the roots of today.

1. A wish is one row per node, over the link (``note_wish``) or at the door (``knock``). The worker answers it; asking
   again before that changes nothing. The answer stays: a node that went away meanwhile gets the same bytes at the door.
2. Whoever asks while the newest certificate is young gets none: the answer is in the mailbox already.
3. A revoked or suspended node gets nothing. One that stayed away longer than ``grace`` after its certificate ended is
   enrolled anew, by two persons: nobody knows any more who has that PC.
4. When the roots change, every node in service is sent a certificate that comes with them (``spread_roots``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from hub.authority.certification import Issuer, certify_node
from hub.authority.pki_check import RequestRefusedError, check_request, proven_before
from hub.authority.queries import newest_certificates
from hub.authority.rules import Verdict, is_renewal_due, may_knock
from hub.authority.tables import NodeCertificate, NodeRenewal
from hub.dispatch.service import write_notice
from hub.registry.queries import load_node
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from hub.storage.engine import Database
from hub.storage.ports import to_ms
from protocol.envelope import Purpose, load_public_key, one_key, peek_kid, public_bytes, sign
from protocol.ids import NodeId
from protocol.limits import MAX_DOOR_BYTES
from protocol.mailbox import NoticeKind
from protocol.renewal import CertificateNotice, RenewalRequest, verify_door_request
from protocol.wire import to_bytes

MOST_AT_ONCE = 50
"""Certificates of one transaction: 20 ms of work."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Knocked:
    """What a node gets at the door: the certificate, or the verdict why there is none (yet)."""

    verdict: Verdict
    answer: bytes | None = None


def note_wish(session: Session, now: datetime, node_id: NodeId, request: RenewalRequest) -> bool:
    """Note that a node asks over the link; say whether the worker has something to do now."""
    node = load_node(session, node_id)
    if node is None or not node.is_active:
        return False
    try:
        key = public_bytes(check_request(request.csr).public_key)
    except RequestRefusedError as error:
        log.warning("renewal.refused", node=str(node_id), reason=error.reason.value)
        return False
    newest = newest_certificates(session, [node_id]).get(node_id)
    if newest is None or not is_renewal_due(newest.issued_at, newest.expires_at, now):
        return False
    _note(session, now, node_id, key)
    return True


def knock(session: Session, now: datetime, raw: bytes, grace: timedelta) -> Knocked:
    """Answer a node that cannot connect; nothing is written for whoever is not one of our nodes.

    Raises:
        ProtocolError: not a request, or signed by nobody we know.
    """
    kid = peek_kid(raw, purpose=Purpose.RENEWAL, max_bytes=MAX_DOOR_BYTES)
    row = session.scalar(select(Node).where(Node.signing_kid == kid))
    if row is None:
        return Knocked(verdict=Verdict.UNKNOWN)
    node_id = NodeId(row.node_id)
    request = verify_door_request(raw, node=node_id, find_key=one_key(load_public_key(row.signing_key)))
    key = public_bytes(check_request(request.csr).public_key)
    newest = newest_certificates(session, [node_id]).get(node_id)
    if newest is None:
        return Knocked(verdict=Verdict.UNKNOWN)
    wish = session.get(NodeRenewal, str(node_id), populate_existing=True)
    is_waiting = wish is not None and wish.answer is None
    verdict = may_knock(
        NodeStatus(row.status), newest.issued_at, newest.expires_at, now=now, grace=grace, is_waiting=is_waiting
    )
    is_answered = wish is not None and wish.public_key == key == newest.public_key
    if verdict is Verdict.NOT_DUE and wish is not None and is_answered:
        return Knocked(verdict=Verdict.PENDING, answer=wish.answer)
    if verdict is Verdict.PENDING and not is_waiting:
        _note(session, now, node_id, key)
    return Knocked(verdict=verdict)


def issue_renewals(database: Database, now: datetime, issuer: Issuer) -> tuple[NodeId, ...]:
    """Make the certificates that nodes wait for; nothing is locked when none does.

    Raises:
        StorageError: the database does not answer.
    """
    with database.reading() as session:
        if not session.scalar(select(exists().where(_is_waiting()))):
            return ()
    with database.session() as session:
        wanted = select(NodeRenewal).where(_is_waiting()).order_by(NodeRenewal.asked_at).limit(MOST_AT_ONCE)
        return tuple(_answer(session, row, now, issuer) for row in session.scalars(wanted.with_for_update()).all())


def spread_roots(database: Database, now: datetime, issuer: Issuer) -> int:
    """Let nodes in service that were not told today's roots wait for a certificate; return how many did not before.

    Raises:
        StorageError: the database does not answer.
    """
    trust = issuer.authority.trust_digest
    with database.reading() as session:
        if not session.scalar(select(exists().where(_is_untold(trust)))):
            return 0
    with database.session() as session:
        names = [NodeId(each) for each in session.scalars(select(Node.node_id).where(_is_untold(trust)))]
        newest = newest_certificates(session, names)
        for name in names:
            _note(session, now, name, newest[name].public_key)
    return len(names)


def _note(session: Session, now: datetime, node_id: NodeId, public_key: bytes) -> None:
    session.get(Node, str(node_id), with_for_update={"key_share": True})
    row = session.get(NodeRenewal, str(node_id), with_for_update=True, populate_existing=True)
    if row is None:
        row = NodeRenewal(node_id=str(node_id), public_key=public_key, asked_at=now)
        session.add(row)
    row.public_key, row.asked_at, row.answer = public_key, now, None
    session.flush()


def _answer(session: Session, row: NodeRenewal, now: datetime, issuer: Issuer) -> NodeId:
    node = NodeId(row.node_id)
    made = certify_node(session, node, proven_before(row.public_key), now, issuer)
    notice = CertificateNotice(
        node=node,
        certificate=made.chain,
        authority=issuer.authority.trust_pem.decode(),
        serial=made.serial,
        expires_at=to_ms(made.expires_at),
    )
    row.answer = sign(to_bytes(notice), key=issuer.message_key, purpose=Purpose.CERTIFICATE)
    write_notice(session, now, node, NoticeKind.CERTIFICATE, row.answer)
    log.info("renewal.issued", node=str(node))
    return node


def _is_waiting() -> ColumnElement[bool]:
    active = select(Node.node_id).where(Node.status == NodeStatus.ACTIVE.value)
    return NodeRenewal.answer.is_(None) & NodeRenewal.node_id.in_(active)


def _is_untold(trust: bytes) -> ColumnElement[bool]:
    """Return the condition for nodes that have a certificate, but none with these roots, and wait for none."""
    told, had = aliased(NodeCertificate), aliased(NodeCertificate)
    has_new = exists().where(told.node_id == Node.node_id, told.trust == trust)
    has_any = exists().where(had.node_id == Node.node_id)
    waits = exists().where(NodeRenewal.node_id == Node.node_id, NodeRenewal.answer.is_(None))
    return (Node.status == NodeStatus.ACTIVE.value) & has_any & ~has_new & ~waits
