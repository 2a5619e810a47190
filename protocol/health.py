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
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]

MAX_OFFSET_MS = 2**47
"""A clock that is wrong by 4,000 years: whatever an empty battery makes of it."""

RUN_BYTES = 8
"""Drawn once per start of the node program: two runs that take turns are two programs with one key."""


class HealthKind(StrEnum):
    """Which of the three."""

    BIRTH = "birth"
    HEARTBEAT = "heartbeat"
    DEATH = "death"


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the node measured about its PC, its link and its people. A figure that it does not know is left out."""

    ram_free_mb: Count | None = None
    disk_total_mb: Count | None = None
    battery_percent: Percent | None = None
    on_mains: bool | None = None
    clock_offset_ms: Annotated[int, msgspec.Meta(ge=-MAX_OFFSET_MS, le=MAX_OFFSET_MS)] | None = None
    """How far the hub's clock was ahead of the node's when the last beacon came."""
    rtt_ms: Milliseconds | None = None
    """From a small message to its PUBACK."""
    lost_percent: Percent | None = None
    """Of the newest messages, how many got no PUBACK before their link ended."""
    certificate_days: Annotated[int, msgspec.Meta(ge=-100_000, le=100_000)] | None = None
    """Until the node's certificate ends; negative: since it ended."""
    backup_age_h: Count | None = None
    """Since the hub said last that a verified backup covers more."""
    sign_ins: Count | None = None
    """Officers' sign-ins of the day, by the node's clock."""
    failed_sign_ins: Count | None = None


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
    run: Annotated[bytes, msgspec.Meta(max_length=RUN_BYTES)] = b""
    """Which start of the program this is; empty from an older program."""
    figures: Figures | None = None


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
