"""Read models of one node's page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.tables import NodeCertificate
from hub.health.gaps import gaps_of
from hub.health.hours import Excuse, Excuses
from hub.health.rules import Ailment, Gap, Reported, State, Vitals, ailments, count_missing, shown
from hub.health.tables import Presence
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeRefusal, IntakeTally
from hub.registry.queries import load_node
from hub.registry.records import NodeRecord
from hub.registry.rules import NodeStatus
from protocol.ids import NodeId

RECENT = timedelta(days=1)
"""Refusals of the last day make a node unwell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeCard:
    """One node with everything that the wall and its page show."""

    record: NodeRecord
    vitals: Vitals
    ailments: tuple[Ailment, ...]
    gaps: tuple[Gap, ...]
    """Counters that the hub has no verdict about."""
    accepted: int
    presence: Presence | None
    """The newest that it reported; None: nothing heard yet."""
    excuse: Excuse | None

    @property
    def state(self) -> State:
        """Presence at the moment of reading."""
        return self.vitals.state


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentBundle:
    """The newest bundle that the hub accepted from a node."""

    counter: int
    registration_no: str
    received_at: datetime
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Troubles:
    """Messages of one node that became no accepted bundle."""

    refused: tuple[tuple[str, int], ...]
    """Reject code and how often in the last day."""
    rejected: int
    quarantined: int


def node_card(session: Session, now: datetime, node_id: NodeId, excuses: Excuses) -> NodeCard | None:
    """Return one node."""
    record = load_node(session, node_id)
    return None if record is None else _card(session, record, now, excuses)


def newest_bundle(session: Session, node_id: NodeId) -> RecentBundle | None:
    """Return the bundle with the highest counter that was accepted from a node."""
    wanted = select(Bundle.counter, Bundle.registration_no, Bundle.received_at, Bundle.state)
    row = session.execute(
        wanted.where(Bundle.node_id == str(node_id)).order_by(Bundle.counter.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return RecentBundle(counter=row[0], registration_no=row[1], received_at=row[2], state=row[3])


def troubles(session: Session, now: datetime, node_id: NodeId) -> Troubles:
    """Return what was refused, rejected and put aside from a node."""
    refused = session.execute(
        select(IntakeRefusal.code, func.sum(IntakeRefusal.times))
        .where(IntakeRefusal.node_id == str(node_id), IntakeRefusal.refused_at >= now - RECENT)
        .group_by(IntakeRefusal.code)
        .order_by(IntakeRefusal.code)
    ).all()
    tally = session.get(IntakeTally, str(node_id))
    aside = select(func.count()).where(IntakeQuarantine.node_id == str(node_id))
    return Troubles(
        refused=tuple((code, int(times)) for code, times in refused),
        rejected=0 if tally is None else tally.rejected,
        quarantined=session.scalar(aside) or 0,
    )


def _card(session: Session, record: NodeRecord, now: datetime, excuses: Excuses) -> NodeCard:
    name = str(record.node_id)
    presence, tally = session.get(Presence, name), session.get(IntakeTally, name)
    accepted = 0 if tally is None else tally.accepted
    refusals = select(func.sum(IntakeRefusal.times)).where(
        IntakeRefusal.node_id == name, IntakeRefusal.refused_at >= now - RECENT
    )
    ends = select(func.max(NodeCertificate.expires_at)).where(NodeCertificate.node_id == name)
    last_counter = 0 if presence is None else presence.last_counter
    gaps = tuple(gaps_of(session, {name: last_counter})[name]) if last_counter > accepted else ()
    state = shown(
        None if presence is None else Reported(presence.state),
        None if presence is None else presence.seen_at,
        now,
        is_active=record.status is not NodeStatus.REVOKED,
        is_suspended=record.status is NodeStatus.SUSPENDED,
        excuse=excuses.of(record.node_id),
    )
    vitals = Vitals(
        state=state,
        enrolled_at=record.enrolled_at,
        missing=count_missing(gaps),
        waiting=0 if presence is None else presence.waiting,
        oldest_waiting_s=0 if presence is None else presence.oldest_waiting_s,
        disk_free_mb=None if presence is None else presence.disk_free_mb,
        certificate_ends_at=session.scalar(ends),
        recent_refusals=int(session.scalar(refusals) or 0),
    )
    return NodeCard(
        record=record,
        vitals=vitals,
        ailments=ailments(vitals, now),
        gaps=gaps,
        accepted=accepted,
        presence=presence,
        excuse=excuses.of(record.node_id),
    )
