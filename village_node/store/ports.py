"""The clock, the random source and ids, as seams; the system's own stand here and nowhere else."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from protocol.ids import crockford


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC. A claim: it may be wrong by years."""

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970."""

    def elapsed_ms(self) -> int:
        """Return milliseconds that only ever grow, for waiting and back-off; no relation to any date."""


class Randomness(Protocol):
    """Gives unpredictable bytes."""

    def token(self, size: int) -> bytes:
        """Return this many random bytes."""


class Ids(Protocol):
    """Makes identifiers of rows."""

    def new(self) -> str:
        """Return 26 letters of Crockford's base 32 that sort by time."""


class SystemClock:
    """The clock of this PC; in a demo moved by as many milliseconds as a file says, so that it can play past weeks."""

    def __init__(self, shift_file: str = "") -> None:
        """Take the file of a demo; none moves nothing."""
        self._shift_file = Path(shift_file) if shift_file else None

    def now(self) -> datetime:
        """Return the wall clock, aware, in UTC."""
        return datetime.now(UTC) + timedelta(milliseconds=self._shift_ms())

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self._shift_ms()

    def _shift_ms(self) -> int:
        return 0 if self._shift_file is None else int(self._shift_file.read_text(encoding="ascii"))

    def elapsed_ms(self) -> int:
        """Return milliseconds of the monotonic clock."""
        return time.monotonic_ns() // 1_000_000


class SystemRandomness:
    """The random source of this PC's operating system."""

    def token(self, size: int) -> bytes:
        """Return this many random bytes."""
        return os.urandom(size)


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemIds:
    """Ids from clock and randomness: 48 bits of milliseconds, 80 random bits, like ULIDs."""

    clock: Clock
    randomness: Randomness

    def new(self) -> str:
        """Return the next id."""
        raw = self.clock.now_ms().to_bytes(6, "big") + self.randomness.token(10)
        padded = (int.from_bytes(raw, "big") << 2).to_bytes(20, "big")
        return crockford(padded)[-26:]


def fraction(randomness: Randomness) -> float:
    """Return a random number from 0 up to but not including 1, for jitter."""
    return int.from_bytes(randomness.token(6), "big") / 2**48
