"""Who has unlocked a vault right now. In memory only: a restart, a logout or a while of silence locks again."""

import threading
from dataclasses import dataclass, replace
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol.ids import OfficerId, crockford
from village_node.identity.vault import VaultKey
from village_node.store.ports import Clock, Randomness

TOKEN_BYTES = 20


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Unlocked:
    """An officer whose PIN was right: may read and seal what is this officer's own."""

    officer: OfficerId
    name: str
    vault: VaultKey
    key: Ed25519PrivateKey
    box: X25519PrivateKey
    """Opens what others wrapped for this officer, such as the mailbox key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIns:
    """How often officers signed in on one day, and how often a PIN was wrong. No names."""

    opened: int | None = None
    failed: int | None = None


def no_sign_ins() -> SignIns:
    """Count nothing: where nobody can sign in."""
    return SignIns()


@dataclass(frozen=True, slots=True)
class _Open:
    unlocked: Unlocked
    used_ms: int


class UnlockSessions:
    """Open sessions by token. Safe to use from several threads."""

    def __init__(self, clock: Clock, randomness: Randomness, *, lock_after_s: int) -> None:
        """Take how many seconds of silence lock a session."""
        self._clock = clock
        self._randomness = randomness
        self._limit_ms = lock_after_s * 1_000
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()
        self._day: date | None = None
        self._opened = self._failed = 0

    def open(self, unlocked: Unlocked) -> str:
        """Remember an unlocked vault and return the token for the officer's browser."""
        token = crockford(self._randomness.token(TOKEN_BYTES))
        with self._lock:
            self._open[token] = _Open(unlocked, self._clock.elapsed_ms())
            self._turn_day()
            self._opened += 1
        return token

    def note_wrong_pin(self) -> None:
        """Count a sign-in that a wrong PIN prevented."""
        with self._lock:
            self._turn_day()
            self._failed += 1

    def today(self) -> SignIns:
        """Return the counts of this day (of UTC: it turns at 7 in the morning, before the office opens)."""
        with self._lock:
            self._turn_day()
            return SignIns(opened=self._opened, failed=self._failed)

    def _turn_day(self) -> None:
        day = self._clock.now().date()
        if day != self._day:
            self._day, self._opened, self._failed = day, 0, 0

    def find(self, token: str) -> Unlocked | None:
        """Return the vault of a token and restart its silence; None when it is locked again."""
        now = self._clock.elapsed_ms()
        with self._lock:
            self._forget_silent(now)
            found = self._open.get(token)
            if found is None:
                return None
            self._open[token] = replace(found, used_ms=now)
            return found.unlocked

    def close(self, token: str) -> None:
        """Lock one session."""
        with self._lock:
            self._open.pop(token, None)

    def _forget_silent(self, now: int) -> None:
        for token, entry in list(self._open.items()):
            if now - entry.used_ms > self._limit_ms:
                del self._open[token]
