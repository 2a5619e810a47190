"""Read model of the wall: every node in service with what decides its colour, in few statements for any number.

Rules:
1. The statement hands out plain columns: parsing 8,563 keys for a picture would cost more than drawing it.
2. In a large fleet the database leaves out who is *surely* well (``_surely_well``): of those the map needs nothing but
   the village. Who is not surely well is judged by the rules of ``hub.health``, and only by them; what the database
   takes for well those rules do too (a test holds both together).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from hub.authority.tables import NodeCertificate
from hub.catalogue.regions import Region, Regions
from hub.health.gaps import gaps_of, pairs
from hub.health.hours import Excuse, Excuses
from hub.health.rules import (
    CERTIFICATE_ENDS_WITHIN,
    DISK_LOW_MB,
    STALE_AFTER,
    WAITING_LONG_S,
    Ailment,
    Gap,
    Reported,
    State,
    Vitals,
    ailments,
    count_missing,
    shown,
)
from hub.health.tables import Presence
from hub.intake.tables import IntakeRefusal, IntakeTally
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node

RECENT = timedelta(days=1)
"""Refusals of the last day make a node unwell."""

MOST_TILES = 400
"""Up to this many nodes each village has a tile with words; beyond, each subdistrict has a small map (rule 2)."""

WORST_FIRST = (
    State.DEAD,
    State.STALE,
    State.SUSPENDED,
    State.NEVER,
    State.LIVE,
    State.MAINTENANCE,
    State.CLOSED,
    State.REVOKED,
)
_RANK = {state: rank for rank, state in enumerate(WORST_FIRST)}


@dataclass(frozen=True, kw_only=True, slots=True)
class WallNode:
    """One node, as the wall and its lists show it."""

    node_id: str
    village: str
    state: State
    ailments: tuple[Ailment, ...]
    gaps: tuple[Gap, ...]
    missing: int
    accepted: int
    last_counter: int
    waiting: int
    oldest_waiting_s: int
    seen_at: datetime | None
    program: str
    certificate_ends_at: datetime | None
    disk_free_mb: int | None

    @property
    def has_lost(self) -> bool:
        """Whether bundles are missing that the node does not even say it is sending."""
        return Ailment.LOST in self.ailments


@dataclass(frozen=True, kw_only=True, slots=True)
class WallFilter:
    """Which nodes are wanted; empty: all."""

    only_unwell: bool = False
    state: State | None = None
    subdistrict: str = ""

    def takes(self, node: WallNode) -> bool:
        """Say whether a node passes."""
        if self.only_unwell and not node.ailments:
            return False
        return self.state in {None, node.state} and (
            not self.subdistrict or node.village.startswith(f"{self.subdistrict}.")
        )

    @property
    def shows_empty_villages(self) -> bool:
        """Whether a village without a node belongs on the map too."""
        return not self.only_unwell and self.state is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wall:
    """The fleet for one picture."""

    nodes: Sequence[WallNode]
    """In a large fleet: those that are not surely well."""
    well: Sequence[str] = ()
    """Villages of the nodes that are surely well and not among ``nodes``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One village: its nodes that passed the filter, the worst of them first."""

    code: str
    name: str
    title: str
    nodes: tuple[WallNode, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WallSection:
    """One subdistrict: a state per village that passed the filter (None: no node), and tiles in a small fleet."""

    code: str
    title: str
    states: tuple[State | None, ...]
    tiles: tuple[Tile, ...] = ()


def read_wall(session: Session, now: datetime, excuses: Excuses, wanted: WallFilter) -> Wall:
    """Return what a picture of the fleet needs (rule 2); ``wanted`` is still to be applied to the nodes."""
    count = session.scalar(select(func.count()).select_from(Node).where(Node.status != NodeStatus.REVOKED.value)) or 0
    if count <= MOST_TILES:
        return Wall(nodes=wall_nodes(session, now, excuses))
    if wanted.subdistrict:
        return Wall(nodes=wall_nodes(session, now, excuses, subdistrict=wanted.subdistrict))
    well = case((_surely_well(now), 1), else_=0)
    statement = _joined(select(*_columns())).where(Node.status != NodeStatus.REVOKED.value, well == 0)
    takes_well = not wanted.only_unwell and wanted.state in {None, State.LIVE}
    villages = session.scalars(_joined(select(Node.village)).where(well == 1)).all() if takes_well else ()
    return Wall(nodes=_judged(session, now, excuses, statement), well=villages)


def wall_nodes(
    session: Session, now: datetime, excuses: Excuses, *, with_revoked: bool = False, subdistrict: str = ""
) -> list[WallNode]:
    """Return every node in the order of the names; revoked ones only if wanted."""
    statement = _joined(select(*_columns())).order_by(Node.node_id)
    if not with_revoked:
        statement = statement.where(Node.status != NodeStatus.REVOKED.value)
    if subdistrict:
        statement = statement.where(Node.village.startswith(f"{subdistrict}.", autoescape=True))
    return _judged(session, now, excuses, statement)


def wall_sections(wall: Wall, regions: Regions, wanted: WallFilter) -> list[WallSection]:
    """Sort the fleet into the map by subdistrict; a node whose village the regions lack is shown all the same."""
    by_village: dict[str, list[WallNode]] = {}
    for node in wall.nodes:
        if wanted.takes(node):
            by_village.setdefault(node.village, []).append(node)
    states: dict[str, State] = dict.fromkeys(wall.well, State.LIVE)
    for village, nodes in by_village.items():
        worst = min((node.state for node in nodes), key=_RANK.__getitem__)
        states[village] = min(worst, states.get(village, worst), key=_RANK.__getitem__)
    sections = []
    for subdistrict, villages in _places(regions, states):
        if wanted.subdistrict and subdistrict.code != wanted.subdistrict:
            continue
        shown_places = [place for place in villages if place.code in states or wanted.shows_empty_villages]
        if shown_places:
            tiles = () if wall.well else tuple(_tile(place, by_village) for place in shown_places)
            marks = tuple(states.get(place.code) for place in shown_places)
            sections.append(WallSection(code=subdistrict.code, title=subdistrict.title, states=marks, tiles=tiles))
    return sections


def unwell_first(nodes: Iterable[WallNode], wanted: WallFilter) -> list[WallNode]:
    """Return the nodes that are not well, what was lost first, then the worst state, then by name."""
    found = [node for node in nodes if node.ailments and wanted.takes(node)]
    return sorted(found, key=lambda node: (not node.has_lost, _RANK[node.state], node.node_id))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    code: str
    name: str
    title: str


def _tile(place: _Place, by_village: Mapping[str, Sequence[WallNode]]) -> Tile:
    nodes = _worst_first(by_village.get(place.code, ()))
    return Tile(code=place.code, name=place.name, title=place.title, nodes=nodes)


def _places(regions: Regions, states: Mapping[str, State]) -> Iterable[tuple[_Place, Sequence[_Place]]]:
    """Return the subdistricts with their villages: those of the regency, then those that only nodes name."""
    known: dict[str, list[_Place]] = {}
    subdistricts = {str(region.code): _place(region) for region in regions.subdistricts}
    for village in regions.villages:
        known.setdefault(str(village.code)[:8], []).append(_place(village))
    named = {str(village.code) for village in regions.villages}
    for code in sorted(set(states) - named):
        known.setdefault(code[:8], []).append(_Place(code=code, name=code, title=code))
    return [
        (subdistricts.get(code, _Place(code=code, name=code, title=code)), villages)
        for code, villages in sorted(known.items())
    ]


def _place(region: Region) -> _Place:
    return _Place(code=str(region.code), name=region.name, title=region.title)


def _worst_first(nodes: Sequence[WallNode]) -> tuple[WallNode, ...]:
    if len(nodes) < 2:  # noqa: PLR2004  # nothing to sort
        return tuple(nodes)
    return tuple(sorted(nodes, key=lambda node: (_RANK[node.state], -len(node.ailments), node.node_id)))


def _columns() -> tuple[Any, ...]:
    return (
        Node.node_id,
        Node.village,
        Node.status,
        Node.enrolled_at,
        Presence.state,
        Presence.seen_at,
        Presence.program,
        Presence.last_counter,
        Presence.waiting,
        Presence.oldest_waiting_s,
        Presence.disk_free_mb,
        IntakeTally.accepted,
        _ends(),
    )


def _ends() -> Any:  # noqa: ANN401  # a scalar subquery
    newest = select(func.max(NodeCertificate.expires_at)).where(NodeCertificate.node_id == Node.node_id)
    return newest.correlate(Node).scalar_subquery().label("ends_at")


def _joined(statement: Any) -> Any:  # noqa: ANN401  # a select of any columns
    return (
        statement.select_from(Node)
        .outerjoin(Presence, Presence.node_id == Node.node_id)
        .outerjoin(IntakeTally, IntakeTally.node_id == Node.node_id)
    )


def _surely_well(now: datetime) -> ColumnElement[bool]:
    """Return a condition under which ``shown`` says live and ``ailments`` says nothing."""
    certificate = select(NodeCertificate.serial).where(NodeCertificate.node_id == Node.node_id)
    refused = select(IntakeRefusal.message).where(
        IntakeRefusal.node_id == Node.node_id, IntakeRefusal.refused_at >= now - RECENT
    )
    return and_(
        Node.status == NodeStatus.ACTIVE.value,
        Presence.state == Reported.LIVE.value,
        Presence.seen_at > now - STALE_AFTER,
        Presence.seen_at <= now,
        Presence.last_counter <= func.coalesce(IntakeTally.accepted, 0),
        or_(Presence.waiting == 0, Presence.oldest_waiting_s < WAITING_LONG_S),
        or_(Presence.disk_free_mb.is_(None), Presence.disk_free_mb >= DISK_LOW_MB),
        certificate.where(NodeCertificate.expires_at >= now + CERTIFICATE_ENDS_WITHIN).correlate(Node).exists(),
        ~refused.correlate(Node).exists(),
    )


def _judged(session: Session, now: datetime, excuses: Excuses, statement: Any) -> list[WallNode]:  # noqa: ANN401
    rows = session.execute(statement).all()
    refusals = pairs(
        session,
        select(IntakeRefusal.node_id, func.sum(IntakeRefusal.times))
        .where(IntakeRefusal.refused_at >= now - RECENT)
        .group_by(IntakeRefusal.node_id),
    )
    behind = {row.node_id: row.last_counter for row in rows if (row.last_counter or 0) > (row.accepted or 0)}
    gaps = gaps_of(session, behind)
    return [_node(row, now, excuses, (gaps.get(row.node_id, ()), refusals.get(row.node_id, 0))) for row in rows]


_SAYS_ITSELF = frozenset({State.LIVE, State.SUSPENDED, State.REVOKED})


def _state(row: Any, now: datetime, excuse: Excuse | None) -> State:  # noqa: ANN401  # a row
    return shown(
        None if row.state is None else Reported(row.state),
        row.seen_at,
        now,
        is_active=row.status != NodeStatus.REVOKED.value,
        is_suspended=row.status == NodeStatus.SUSPENDED.value,
        excuse=excuse,
    )


def _node(row: Any, now: datetime, excuses: Excuses, found: tuple[Sequence[Gap], int]) -> WallNode:  # noqa: ANN401  # a row
    gaps, refusals = found
    state = _state(row, now, None)
    if state not in _SAYS_ITSELF:
        state = _state(row, now, excuses.of_village(row.village))  # looked up for those alone who need it
    missing = count_missing(gaps)
    vitals = Vitals(
        state=state,
        enrolled_at=row.enrolled_at,
        missing=missing,
        waiting=row.waiting or 0,
        oldest_waiting_s=row.oldest_waiting_s or 0,
        disk_free_mb=row.disk_free_mb,
        certificate_ends_at=row.ends_at,
        recent_refusals=refusals,
    )
    return WallNode(
        node_id=row.node_id,
        village=row.village,
        state=state,
        ailments=ailments(vitals, now),
        gaps=tuple(gaps),
        missing=missing,
        accepted=row.accepted or 0,
        last_counter=row.last_counter or 0,
        waiting=vitals.waiting,
        oldest_waiting_s=vitals.oldest_waiting_s,
        seen_at=row.seen_at,
        program=row.program or "",
        certificate_ends_at=row.ends_at,
        disk_free_mb=row.disk_free_mb,
    )
