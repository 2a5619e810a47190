"""Birth, heartbeat and last will of a node, and the hub's beacon.

Birth and death are paired by a session number that the node draws at connect: a late will of an older session says
nothing about the present one. All of them are signed (node: purpose HEALTH; hub: purpose BEACON).
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from protocol.envelope import KeyFinder, Purpose, verify
from protocol.errors import IdentityError
from protocol.ids import HubId, NodeId
from protocol.limits import MAX_CHECKPOINT_BYTES, MAX_HEALTH_BYTES
from protocol.wire import Wire, from_bytes

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class HealthKind(StrEnum):
    """Which of the three."""

    BIRTH = "birth"
    HEARTBEAT = "heartbeat"
    DEATH = "death"


class Health(Wire, frozen=True, kw_only=True):
    """What a node reports about itself. No personal data."""

    kind: HealthKind
    node: NodeId
    session: Count
    """Node time in milliseconds at connect, made larger than the session before."""
    claimed_at: Count
    program: Annotated[str, msgspec.Meta(max_length=40)]
    """Version of the node program."""
    last_counter: Count = 0
    """Highest bundle counter that this node has sealed: the hub sees gaps by it."""
    waiting: Count = 0
    """Bundles without a receipt."""
    waiting_bytes: Count = 0
    oldest_waiting_s: Count = 0
    disk_free_mb: Count = 0


class Beacon(Wire, frozen=True, kw_only=True):
    """The hub is here; this is its newest checkpoint. With it a node tells a dead link from a dropped uplink."""

    hub: HubId
    number: Count
    time: Count
    checkpoint: Annotated[str, msgspec.Meta(max_length=MAX_CHECKPOINT_BYTES)]


def verify_health(raw: bytes, *, node: NodeId, find_key: KeyFinder) -> Health:
    """Return a health message that this node signed.

    Raises:
        ProtocolError: not signed by the node, not a health message, or of another node.
    """
    payload = verify(raw, purpose=Purpose.HEALTH, find_key=find_key, max_bytes=MAX_HEALTH_BYTES).payload
    health = from_bytes(payload, Health, max_bytes=MAX_HEALTH_BYTES)
    if health.node != node:
        raise IdentityError
    return health


def verify_beacon(raw: bytes, *, hub: HubId, find_key: KeyFinder) -> Beacon:
    """Return a beacon of this hub.

    Raises:
        ProtocolError: not signed by the hub, not a beacon, or of another hub.
    """
    payload = verify(raw, purpose=Purpose.BEACON, find_key=find_key, max_bytes=MAX_HEALTH_BYTES).payload
    beacon = from_bytes(payload, Beacon, max_bytes=MAX_HEALTH_BYTES)
    if beacon.hub != hub:
        raise IdentityError
    return beacon
