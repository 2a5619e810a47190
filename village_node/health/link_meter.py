"""How long the link takes and how much of it is lost, measured on what is sent anyway.

Rules:
1. The round trip is from a small message to its PUBACK; large ones wait for the line and say more about it than about
   the distance. The middle of the newest ones is told: one late answer is no trend.
2. Lost is a message whose link ended before its PUBACK; the newest hundred count. TCP hides lost packets, and no system
   shows them alike; what a link costs an officer is what it breaks.
3. The carrier's threads and the reporter's share it.
"""

import threading
from collections import deque
from statistics import median

SMALL_BYTES = 1_500
ROUND_TRIPS, OUTCOMES = 9, 100
LEAST_OUTCOMES = 10
"""Below, a share says nothing."""

MOST_MS = 3_600_000


class LinkMeter:
    """The figures of the newest messages. Times are of a clock that never jumps, in seconds."""

    def __init__(self) -> None:
        """Begin without figures."""
        self._lock = threading.Lock()
        self._sent: dict[int, tuple[float, bool]] = {}
        self._early: dict[int, float] = {}
        """PUBACKs that another thread heard before the message was noted."""
        self._round_trips: deque[float] = deque(maxlen=ROUND_TRIPS)
        self._arrived: deque[bool] = deque(maxlen=OUTCOMES)

    def sent(self, message: int, size: int, at_s: float) -> None:
        """Note a message that was handed to the link."""
        with self._lock:
            self._sent[message] = (at_s, size <= SMALL_BYTES)
            came_s = self._early.pop(message, None)
            if came_s is not None:
                self._count(message, came_s)

    def acknowledged(self, message: int, at_s: float) -> None:
        """Note its PUBACK."""
        with self._lock:
            if message in self._sent:
                self._count(message, at_s)
            else:
                self._early[message] = at_s

    def _count(self, message: int, at_s: float) -> None:
        began_s, is_small = self._sent.pop(message)
        self._arrived.append(True)
        if is_small:
            self._round_trips.append(at_s - began_s)

    def ended(self) -> None:
        """Note that the link ended: what had no PUBACK is lost."""
        with self._lock:
            self._arrived.extend(False for _ in self._sent)
            self._sent.clear()
            self._early.clear()

    def round_trip_ms(self) -> int | None:
        """Return the round trip, or None before the first."""
        with self._lock:
            return min(MOST_MS, round(median(self._round_trips) * 1_000)) if self._round_trips else None

    def lost_percent(self) -> int | None:
        """Return the share of lost messages, or None while there are too few."""
        with self._lock:
            if len(self._arrived) < LEAST_OUTCOMES:
                return None
            return round(100 * self._arrived.count(False) / len(self._arrived))
