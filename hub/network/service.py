"""Use cases of the running fleet: hear a node, read its mail, revoke it, list what is revoked."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.dispatch.service import write_notice
from hub.intake.tables import Bundle
from hub.network.rules import Known, Reported, hear, needs_numbers
from hub.network.tables import Presence
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
from protocol.health import Health, HealthKind
from protocol.ids import NodeId, OfficerId
from protocol.mailbox import Mail, NoticeKind, NumberLease, ProofRequest
from protocol.wire import to_bytes

log = structlog.get_logger(__name__)

NEXT_LEASE = 200
"""Numbers of a further block."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a birth, heartbeat or death changed."""

    node: NodeId
    is_new_session: bool
    """The node (re)connected: what waits for it may be sent now."""
    is_ignored: bool
    """A late will, or the same message again."""


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


def on_health(session: Session, now: datetime, health: Health) -> Heard:
    """Take a birth, a heartbeat or a death that the node signed."""
    row = session.get(Presence, str(health.node), with_for_update=True, populate_existing=True)
    before = None if row is None else _known(row)
    after = hear(before, health, now)
    if after is None:
        return Heard(node=health.node, is_new_session=False, is_ignored=True)
    if row is None:
        row = Presence(node_id=str(health.node))
        session.add(row)
    _write(row, after)
    if health.kind is not HealthKind.DEATH or before is None:
        _write_figures(row, health)
    session.flush()
    is_new = before is None or after.session > before.session
    return Heard(node=health.node, is_new_session=is_new and after.reported is Reported.LIVE, is_ignored=False)


def record_mail(session: Session, now: datetime, mail: Mail) -> MailRead:
    """Take a node's mail: keep its cursor, note the officers it asks for, lease numbers before they run out.

    Raises:
        RegistryError: there is no such node.
    """
    node = note_mail(session, mail.node, cursor=mail.cursor, free_numbers=mail.free_numbers)
    asked = RequestedOfficers(added=(), refused=())
    if mail.officers:
        asked = request_officers(session, mail.node, mail.officers, now)
    leased = _lease_if_due(session, now, mail, node)
    return MailRead(node=mail.node, cursor=mail.cursor, proof=mail.proof, leased=leased, officers=asked.added)


def _lease_if_due(session: Session, now: datetime, mail: Mail, node: NodeRecord) -> NumberLease | None:
    """Lease a further block, unless the node has not even stored the one before."""
    if not node.is_active or mail.cursor < node.lease_notice:
        return None
    blocks = [lease.block for lease in load_leases(session, [mail.node])[mail.node]]
    leased = sum(block.last - block.first + 1 for block in blocks)
    used = session.scalar(select(func.count()).where(Bundle.node_id == str(mail.node))) or 0
    year = lease_year(now)
    has_this_year = any(block.year == year for block in blocks)
    if not needs_numbers(mail.free_numbers, has_this_year=has_this_year, unused=leased - used):
        return None
    try:
        made = lease_numbers(session, mail.node, year, NEXT_LEASE)
    except RegistryError as error:
        # One regency has ten million numbers a year. Without one, this node waits; all others go on.
        log.warning("no_numbers", node=str(mail.node), rule=error.rule.value)
        return None
    number = write_notice(session, now, mail.node, NoticeKind.LEASE, to_bytes(made))
    note_lease_notice(session, mail.node, number)
    return made


def _known(row: Presence) -> Known:
    return Known(
        session=row.session,
        reported=Reported(row.state),
        born_at=row.born_at,
        seen_at=row.seen_at,
        claimed_ms=row.claimed_ms,
        last_counter=row.last_counter,
    )


def _write(row: Presence, known: Known) -> None:
    row.session = known.session
    row.state = known.reported.value
    row.born_at = known.born_at
    row.seen_at = known.seen_at
    row.claimed_ms = known.claimed_ms
    row.last_counter = known.last_counter


def _write_figures(row: Presence, health: Health) -> None:
    row.program = health.program
    row.waiting = health.waiting
    row.waiting_bytes = health.waiting_bytes
    row.oldest_waiting_s = health.oldest_waiting_s
    row.disk_free_mb = health.disk_free_mb
