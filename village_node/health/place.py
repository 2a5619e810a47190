"""What the self-test and the support file look at: this PC with its store, its clock, its keys and its settings."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from village_node.health.clock import ClockFinding, hub_times, judge_clock
from village_node.health.link_meter import LinkMeter
from village_node.health.road import validity_of
from village_node.identity.hub import find_enrolled
from village_node.identity.keys import TlsFiles
from village_node.outbox.casebook import LocalFacts, road_of
from village_node.outbox.doctor import Road
from village_node.settings import Settings
from village_node.store.engine import Database
from village_node.store.ports import Clock
from village_node.store.space import Space, SpaceState, SpaceWatch


@dataclass(frozen=True, kw_only=True)
class Place:
    """This PC."""

    database: Database
    clock: Clock
    settings: Settings
    tls: TlsFiles
    space: SpaceWatch
    meter: LinkMeter


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What is seen of it at one moment."""

    road: Road
    space: Space
    clock: ClockFinding


def look_at(session: Session, place: Place) -> Sight:
    """Return how this PC stands now; asks no network."""
    now, space = place.clock.now(), place.space.look()
    enrolled, clock = find_enrolled(session), judge_clock(now, hub_times(session))
    validity = None if enrolled is None else validity_of(enrolled.certificate)
    facts = LocalFacts(
        now=now,
        is_enrolled=enrolled is not None,
        is_disk_well=space.state in {SpaceState.GOOD, SpaceState.SCARCE},
        is_clock_wrong=clock.is_wrong,
        certificate=validity.code(now) if validity else "",
    )
    return Sight(road=road_of(session, facts), space=space, clock=clock)
