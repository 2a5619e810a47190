"""Whether this PC's clock can be right: compared with what the hub signed, never with what this PC believes.

Rules:
1. The true time is not earlier than the newest time that the hub signed (log times of receipts, times of notices and
   beacons). A clock before it is behind, by at least the difference. This holds without any link.
2. A beacon that came over a living link tells both directions, within a beacon's distance.
   What it told of a clock that is ahead ends when the clock is before the moment at which it came: it was set back.
3. Nothing waits for a right clock: sealing goes on, the claim is flagged, the order comes from the log (fault D15).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from village_node.inbox.tables import LinkRecord, StoredNotice, StoredReceipt

TOLERANCE = timedelta(minutes=10)
"""Two beacons' distance and some: a beacon that waited at the broker is that old."""


class ClockState(StrEnum):
    """What is known about the clock."""

    PLAUSIBLE = "plausible"
    BEHIND = "behind"
    AHEAD = "ahead"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockFinding:
    """The judgement, and by how much the clock is wrong (at least)."""

    state: ClockState
    off_by: timedelta = timedelta()

    @property
    def is_wrong(self) -> bool:
        """Whether the clock cannot be right."""
        return self.state is not ClockState.PLAUSIBLE


@dataclass(frozen=True, kw_only=True, slots=True)
class HubTimes:
    """What the hub signed about time."""

    newest: datetime | None = None
    """The true time is not earlier (rule 1)."""
    ahead: timedelta | None = None
    """How far the hub was ahead of this PC at the last beacon (rule 2); negative: this PC is ahead."""
    heard_at: datetime | None = None
    """When that beacon came, by this PC's clock of then."""


def judge_clock(now: datetime, hub: HubTimes) -> ClockFinding:
    """Return whether this PC's clock can be right."""
    if hub.newest is not None and hub.newest - now > TOLERANCE:
        return ClockFinding(state=ClockState.BEHIND, off_by=hub.newest - now)
    was_set_back = hub.heard_at is not None and now < hub.heard_at
    if hub.ahead is not None and hub.ahead < -TOLERANCE and not was_set_back:
        return ClockFinding(state=ClockState.AHEAD, off_by=-hub.ahead)
    return ClockFinding(state=ClockState.PLAUSIBLE)


def hub_times(session: Session) -> HubTimes:
    """Return what the hub signed about time, as far as it is stored here."""
    link = session.get(LinkRecord, 1)
    known = (
        link.hub_time if link is not None else None,
        session.scalar(select(func.max(StoredReceipt.log_time))),
        session.scalar(select(func.max(StoredNotice.hub_time))),
    )
    ahead = link.hub_ahead_ms if link is not None else None
    return HubTimes(
        newest=max((each for each in known if each is not None), default=None),
        ahead=None if ahead is None else timedelta(milliseconds=ahead),
        heard_at=link.last_beacon_at if link is not None else None,
    )
