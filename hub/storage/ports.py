"""Clock, randomness and names as values that are passed in: the only reader of the machine's clock and chance."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from protocol.ids import CROCKFORD, crockford

_TIME_LETTERS = 10
_RANDOM_BYTES = 10


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time in UTC, aware."""
        ...

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        ...


class Randomness(Protocol):
    """Gives bytes that nobody can guess."""

    def token(self, size: int) -> bytes:
        """Return ``size`` random bytes."""
        ...


class Ids(Protocol):
    """Names new rows."""

    def new(self) -> str:
        """Return a name that was never given before: 26 letters, in the order of time."""
        ...


class SystemClock:
    """The machine's clock; in a demo moved by as many milliseconds as a file says, so that it can play past weeks."""

    def __init__(self, shift_file: str = "") -> None:
        """Take the file of a demo; none moves nothing."""
        self._shift_file = Path(shift_file) if shift_file else None

    def now(self) -> datetime:
        """Return the time in UTC, aware."""
        now = datetime.now(tz=UTC)
        if self._shift_file is None:
            return now
        return now + timedelta(milliseconds=int(self._shift_file.read_text(encoding="ascii")))

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return to_ms(self.now())


class SystemRandomness:
    """The operating system's generator."""

    def token(self, size: int) -> bytes:
        """Return ``size`` random bytes."""
        return os.urandom(size)


class SystemIds:
    """Names after the ULID layout: 48 bits of milliseconds, 80 bits of chance, in Crockford's base 32."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        """Take what names are made from."""
        self._clock = clock
        self._randomness = randomness

    def new(self) -> str:
        """Return a name that was never given before: 26 letters, in the order of time."""
        time = self._clock.now_ms()
        head = "".join(CROCKFORD[time >> 5 * place & 31] for place in range(_TIME_LETTERS - 1, -1, -1))
        return head + crockford(self._randomness.token(_RANDOM_BYTES))


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 of an aware time, rounded down."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000 + delta.microseconds // 1_000
