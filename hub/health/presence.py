"""Hears the nodes: birth, heartbeat and death become presence and figures. One call, one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.health.rules import DEAD_AFTER, Known, Reported, hear
from hub.health.tables import Presence
from hub.registry.records import NodeRecord, node_record
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from protocol.health import Health, HealthKind
from protocol.ids import NodeId


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a birth, heartbeat or death changed."""

    node: NodeId
    is_new_session: bool
    """The node (re)connected: what waits for it may be sent now."""
    is_ignored: bool
    """A late will, or the same message again."""


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


def reachable_nodes(session: Session, now: datetime) -> list[NodeRecord]:
    """Return the nodes in service that are connected, as far as the hub knows."""
    seen = Presence.seen_at > now - DEAD_AFTER
    live = (Presence.state == Reported.LIVE.value) & seen & (Node.status == NodeStatus.ACTIVE.value)
    wanted = select(Node).join(Presence, Presence.node_id == Node.node_id).where(live)
    return [node_record(row) for row in session.scalars(wanted.order_by(Node.node_id))]
