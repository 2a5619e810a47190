"""Read models of the fleet: the wall and a node's page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.tables import NodeCertificate
from hub.catalogue.regions import Region, Regions
from hub.health import tables
from hub.health.gaps import among, gaps_of, pairs
from hub.health.rules import (
    Ailment,
    Gap,
    Reported,
    State,
    Vitals,
    ailments,
    count_missing,
    shown,
)
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeRefusal, IntakeTally
from hub.registry.queries import all_nodes, load_node
from hub.registry.records import NodeRecord
from protocol.ids import NodeId

T = TypeVar("T")

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
    last_counter: int
    accepted: int
    seen_at: datetime | None
    born_at: datetime | None
    program: str
    waiting_bytes: int

    @property
    def state(self) -> State:
        """Presence at the moment of reading."""
        return self.vitals.state


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One village on the wall: its nodes in service, the worst of them first."""

    village: Region
    cards: tuple[NodeCard, ...]

    @property
    def is_unwell(self) -> bool:
        """Whether a node of the village has an ailment. A village without a node is not unwell."""
        return any(card.ailments for card in self.cards)


@dataclass(frozen=True, kw_only=True, slots=True)
class WallSection:
    """One subdistrict on the wall."""

    subdistrict: Region
    tiles: tuple[Tile, ...]


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


def fleet(session: Session, now: datetime) -> list[NodeCard]:
    """Return every node, revoked ones too, in the order of the names; a handful of statements for any number."""
    return _cards(session, now, all_nodes(session), only=None)


def node_card(session: Session, now: datetime, node_id: NodeId) -> NodeCard | None:
    """Return one node."""
    record = load_node(session, node_id)
    return None if record is None else _cards(session, now, [record], only=[node_id])[0]


def wall(cards: Iterable[NodeCard], regions: Regions, *, only_unwell: bool = False) -> list[WallSection]:
    """Sort the nodes in service into the map of villages by subdistrict."""
    by_village: dict[str, list[NodeCard]] = {}
    for card in cards:
        if card.record.is_active:
            by_village.setdefault(str(card.record.village), []).append(card)
    sections = []
    for subdistrict in regions.subdistricts:
        tiles = [_tile(village, by_village) for village in regions.villages_of(subdistrict.code)]
        shown_tiles = tuple(tile for tile in tiles if tile.is_unwell or not only_unwell)
        if shown_tiles:
            sections.append(WallSection(subdistrict=subdistrict, tiles=shown_tiles))
    return sections


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


def _tile(village: Region, by_village: Mapping[str, list[NodeCard]]) -> Tile:
    cards = sorted(by_village.get(str(village.code), []), key=lambda card: (-len(card.ailments), card.record.node_id))
    return Tile(village=village, cards=tuple(cards))


def _cards(
    session: Session, now: datetime, records: Sequence[NodeRecord], *, only: Collection[NodeId] | None
) -> list[NodeCard]:
    presences = {
        row.node_id: row for row in session.scalars(select(tables.Presence).where(among(tables.Presence.node_id, only)))
    }
    accepted = pairs(session, select(IntakeTally.node_id, IntakeTally.accepted).where(among(IntakeTally.node_id, only)))
    refusals = pairs(
        session,
        select(IntakeRefusal.node_id, func.sum(IntakeRefusal.times))
        .where(IntakeRefusal.refused_at >= now - RECENT, among(IntakeRefusal.node_id, only))
        .group_by(IntakeRefusal.node_id),
    )
    ends = pairs(
        session,
        select(NodeCertificate.node_id, func.max(NodeCertificate.expires_at))
        .where(among(NodeCertificate.node_id, only))
        .group_by(NodeCertificate.node_id),
    )
    behind = {name: row.last_counter for name, row in presences.items() if row.last_counter > accepted.get(name, 0)}
    gaps = gaps_of(session, behind)
    return [
        _card(
            record,
            presences.get(record.node_id),
            now,
            _Counts(
                accepted=accepted.get(record.node_id, 0),
                refusals=int(refusals.get(record.node_id, 0)),
                certificate_ends_at=ends.get(record.node_id),
                gaps=tuple(gaps.get(record.node_id, ())),
            ),
        )
        for record in records
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counts:
    accepted: int
    refusals: int
    certificate_ends_at: datetime | None
    gaps: tuple[Gap, ...]


def _card(record: NodeRecord, presence: tables.Presence | None, now: datetime, counts: _Counts) -> NodeCard:
    state = shown(
        None if presence is None else Reported(presence.state),
        None if presence is None else presence.seen_at,
        now,
        is_active=record.is_active,
    )
    vitals = Vitals(
        state=state,
        enrolled_at=record.enrolled_at,
        missing=count_missing(counts.gaps),
        waiting=0 if presence is None else presence.waiting,
        oldest_waiting_s=0 if presence is None else presence.oldest_waiting_s,
        disk_free_mb=None if presence is None else presence.disk_free_mb,
        certificate_ends_at=counts.certificate_ends_at,
        recent_refusals=counts.refusals,
    )
    return NodeCard(
        record=record,
        vitals=vitals,
        ailments=ailments(vitals, now),
        gaps=counts.gaps,
        last_counter=0 if presence is None else presence.last_counter,
        accepted=counts.accepted,
        seen_at=None if presence is None else presence.seen_at,
        born_at=None if presence is None else presence.born_at,
        program=record.program if presence is None else presence.program,
        waiting_bytes=0 if presence is None else presence.waiting_bytes,
    )
