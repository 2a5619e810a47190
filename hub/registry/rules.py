"""Decisions about nodes, officers and leased numbers. Values in, values out.

Rules:
1. The hub decides a node's name: the village's code and the next serial, which is never given twice, not even after a
   revocation (a name that once signed must not come back with another key).
2. Numbers are leased in blocks from one counter per year for the whole regency; a block never overlaps another and is
   never taken back, so that no number is printed twice (requirement: final numbers on slips that are printed offline).
3. The year of a lease is the year in Western Indonesia Time (UTC+7, no daylight saving).
4. What a ledger entry of this room commits to holds ids and keys, never a person's name.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from enum import StrEnum

from protocol.ids import NodeId, OfficerId, RegistrationNo, VillageCode
from protocol.mailbox import NumberLease
from protocol.wire import Wire, to_bytes

LAST_SERIAL = 99
LAST_NUMBER = 9_999_999
WIB = timezone(timedelta(hours=7), "WIB")


class NodeStatus(StrEnum):
    """Whether what a node sends is taken."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # put aside by a rule or a person; two persons let it in again
    REVOKED = "revoked"


class OfficerStatus(StrEnum):
    """Whether what an officer signs is taken."""

    PENDING = "pending"  # the node asks; nobody at the hub has answered
    APPROVED = "approved"  # a person said yes; the certificate is made by the process that holds the key
    ACTIVE = "active"
    REVOKED = "revoked"


class EventKind(StrEnum):
    """Kinds of ledger entries of this room."""

    NODE_ENROLLED = "node.enrolled"
    NODE_REVOKED = "node.revoked"
    NODE_SUSPENDED = "node.suspended"
    NODE_RESUMED = "node.resumed"
    OFFICER_CERTIFIED = "officer.certified"
    OFFICER_REVOKED = "officer.revoked"


class RegistrySubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a registry entry hides."""

    kind: EventKind
    node: NodeId
    officer: OfficerId | None = None
    public_key: bytes
    by: str = ""
    """Id of the person who decided; empty where a rule did."""
    reason: str = ""
    asked_by: str = ""
    """Id of the first of two persons, where two had to agree."""


def subject_bytes(subject: RegistrySubject) -> bytes:
    """Return the deterministic bytes that the entry commits to."""
    return to_bytes(subject)


def next_node(village: VillageCode, used_serials: Iterable[int]) -> NodeId | None:
    """Return the name of the next node of a village, or None when all 99 serials were given out."""
    serial = max(used_serials, default=0) + 1
    return NodeId(f"{village.dotless}-{serial:02d}") if serial <= LAST_SERIAL else None


def next_block(year: int, first: int, count: int) -> NumberLease | None:
    """Return the block of ``count`` numbers that begins at ``first``, or None when the year has not that many left."""
    last = first + count - 1
    return NumberLease(year=year, first=first, last=last) if count > 0 and last <= LAST_NUMBER else None


def covers(leases: Iterable[NumberLease], node: NodeId, wanted: RegistrationNo) -> bool:
    """Say whether a registration number lies in one of the node's leases and names the node's regency."""
    if wanted[:4] != node[:4]:
        return False
    year = year_of(wanted)
    return any(lease.year == year and lease.first <= wanted.number <= lease.last for lease in leases)


def year_of(number: RegistrationNo) -> int:
    """Return the full year that a registration number names with two digits."""
    return 2000 + int(number[5:7])


def lease_year(now: datetime) -> int:
    """Return the year in which numbers are leased at this moment (rule 3)."""
    return now.astimezone(WIB).year
