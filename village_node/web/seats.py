"""Who is signed in at which browser, in memory only: the officer's open vault dies with the process.

Rules:
1. The browser holds a random token; vault and officer stay here and in ``identity.sessions``.
2. After the idle time the vault is thrown away; the seat stays, so that the same officer continues with the PIN alone.
   A page that only asks for news does not count as an action of the officer.
3. What an officer sends to a locked seat is parked and saved when the same officer opens it again: nobody else gets it.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from protocol.ids import OfficerId
from village_node.identity.sessions import Unlocked, UnlockSessions
from village_node.store.ports import Clock

MAX_SEATS = 20
"""Browsers at one computer; the oldest is forgotten."""


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A form that was sent after the lock fell."""

    draft_id: str
    typed: Mapping[str, str]


@dataclass(kw_only=True)
class Seat:
    """One browser with its officer."""

    token: str
    officer: OfficerId
    name: str
    unlocked: Unlocked | None
    """``None`` while the PIN is asked again."""
    seen_ms: int
    parked: Parked | None = None


class Seats:
    """All seats of this process; safe for the threads of the web server."""

    def __init__(self, unlocks: UnlockSessions, clock: Clock, *, lock_after_s: int) -> None:
        """Take the open vaults, the clock and the idle time in seconds."""
        self._unlocks = unlocks
        self._clock = clock
        self._lock_after_ms = lock_after_s * 1000
        self._seats: dict[str, Seat] = {}
        self._guard = threading.Lock()

    def open(self, unlocked: Unlocked, previous: str | None) -> tuple[Seat, Parked | None]:
        """Seat an officer whose PIN was right; return what the same officer had parked (rule 3)."""
        token = self._unlocks.open(unlocked)
        seat = Seat(
            token=token,
            officer=unlocked.officer,
            name=unlocked.name,
            unlocked=unlocked,
            seen_ms=self._clock.elapsed_ms(),
        )
        with self._guard:
            old = self._seats.pop(previous or "", None)
            self._seats[token] = seat
            while len(self._seats) > MAX_SEATS:
                self._unlocks.close(self._seats.pop(next(iter(self._seats))).token)
        return seat, old.parked if old is not None and old.officer == unlocked.officer else None

    def find(self, token: str | None, *, is_action: bool) -> Seat | None:
        """Return the seat of a token; its vault is gone when the officer was idle too long (rule 2)."""
        now = self._clock.elapsed_ms()
        with self._guard:
            seat = self._seats.get(token or "")
            if seat is None or seat.unlocked is None:
                return seat
            if is_action:
                seat.unlocked = self._unlocks.find(seat.token)
                seat.seen_ms = now
            elif now - seat.seen_ms > self._lock_after_ms:
                self._unlocks.close(seat.token)
                seat.unlocked = None
            return seat

    def park(self, token: str, parked: Parked) -> None:
        """Keep a form for the moment when the same officer comes back."""
        with self._guard:
            if token in self._seats:
                self._seats[token].parked = parked

    def leave(self, token: str | None) -> None:
        """Lock at once: vault, seat and token are forgotten."""
        with self._guard:
            if seat := self._seats.pop(token or "", None):
                self._unlocks.close(seat.token)
