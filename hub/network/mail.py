"""Reads what a node writes on ``up/mail``, and says what the hub answers.

What a mail leads to for good (a lease, a request to certify an officer) is a row of this transaction; what is answered
at once (notices beyond the cursor, a consistency proof) may be lost, since the node asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.renewal import note_wish
from hub.dispatch.ahead import SentAhead
from hub.dispatch.service import pending_notices, render_notice, write_notice
from hub.dispatch.tables import NoticeRow
from hub.intake.carrier import Outgoing
from hub.intake.tables import Bundle
from hub.ledger.service import consistency, ledger_size
from hub.network.rules import needs_numbers
from hub.registry.errors import RegistryError
from hub.registry.queries import load_leases
from hub.registry.records import NodeRecord
from hub.registry.rules import lease_year
from hub.registry.service import (
    RequestedOfficers,
    lease_numbers,
    note_lease_notice,
    note_mail,
    request_officers,
)
from protocol.envelope import Purpose, sign
from protocol.ids import NodeId, OfficerId
from protocol.mailbox import Control, Mail, NoticeKind, NumberLease, ProofRequest
from protocol.topics import Down, down
from protocol.wire import to_bytes

NEXT_LEASE = 200
"""Numbers of a further block."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRead:
    """What a node's mail asks for; notices that it led to are written already."""

    node: NodeId
    cursor: int
    """Send the notices beyond this number again."""
    proof: ProofRequest | None
    leased: NumberLease | None
    officers: tuple[OfficerId, ...]
    """Officers about whom a person has to decide now."""


def answer_mail(
    session: Session, now: datetime, mail: Mail, *, message_key: Ed25519PrivateKey, ahead: SentAhead
) -> list[Outgoing]:
    """Take a node's mail and return what to publish after the commit: notices that it lacks, and the proof it asks for.

    Raises:
        RegistryError: there is no such node.
        LedgerCorruptError: the ledger does not add up.
    """
    read = record_mail(session, now, mail)
    answers = [render_notice(row, message_key) for row in _due(session, now, mail, ahead)]
    if read.proof is not None:
        answers += _prove(session, mail.node, read.proof, message_key)
    return answers


def _due(session: Session, now: datetime, mail: Mail, ahead: SentAhead) -> Sequence[NoticeRow]:
    stretch = ahead.stretch(mail.node, mail.cursor, now)
    rows = pending_notices(session, mail.node, stretch.after, stretch.limit) if stretch.limit else ()
    if rows:
        ahead.note(mail.node, mail.cursor, rows[-1].number, now)
    return rows


def record_mail(session: Session, now: datetime, mail: Mail) -> MailRead:
    """Take a node's mail: keep its cursor, note the officers it asks for, lease numbers before they run out.

    Raises:
        RegistryError: there is no such node.
    """
    node = note_mail(session, mail.node, cursor=mail.cursor, free_numbers=mail.free_numbers)
    asked = RequestedOfficers(added=(), refused=())
    if mail.officers:
        asked = request_officers(session, mail.node, mail.officers, now)
    if mail.renewal is not None:
        note_wish(session, now, mail.node, mail.renewal)
    leased = _lease_if_due(session, now, mail, node)
    return MailRead(node=mail.node, cursor=mail.cursor, proof=mail.proof, leased=leased, officers=asked.added)


def _lease_if_due(session: Session, now: datetime, mail: Mail, node: NodeRecord) -> NumberLease | None:
    """Lease a further block, unless the node has not even stored the one before."""
    if not node.is_active or mail.cursor < node.lease_notice:
        return None
    blocks = [lease.block for lease in load_leases(session, [mail.node])[mail.node]]
    leased = sum(block.last - block.first + 1 for block in blocks)
    used = session.scalar(select(func.count()).where(Bundle.node_id == str(mail.node), Bundle.corrects.is_(None))) or 0
    year = lease_year(now)
    has_this_year = any(block.year == year for block in blocks)
    if not needs_numbers(mail.free_numbers, has_this_year=has_this_year, unused=leased - used):
        return None
    try:
        made = lease_numbers(session, mail.node, year, NEXT_LEASE)
    except RegistryError as error:
        # One regency has ten million numbers a year. Without one, this node waits; all others go on.
        log.warning("lease.none_left", node=str(mail.node), rule=error.rule.value)
        return None
    number = write_notice(session, now, mail.node, NoticeKind.LEASE, to_bytes(made))
    note_lease_notice(session, mail.node, number)
    return made


def _prove(session: Session, node: NodeId, asked: ProofRequest, message_key: Ed25519PrivateKey) -> list[Outgoing]:
    """Return the consistency proof between two sizes of the log; nothing for sizes that the log never had."""
    if not 0 < asked.old_size <= asked.new_size <= ledger_size(session):
        log.warning("proof.refused", node=str(node))
        return []
    path = consistency(session, asked.old_size, asked.new_size)
    answer = Control(node=node, old_size=asked.old_size, new_size=asked.new_size, path=path)
    return [Outgoing(down(node, Down.CONTROL), sign(to_bytes(answer), key=message_key, purpose=Purpose.CONTROL))]
