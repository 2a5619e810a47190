"""How long to wait and how much to have on the way."""

from collections.abc import Callable
from dataclasses import dataclass

Rolls = Callable[[], float]
"""Returns a random number from 0 up to 1; passed in, so that a run can be repeated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Every number of the engine, each with its reason. Times in milliseconds."""

    ping_first: int = 20_000
    """Asking again after this: three manifests on a 64 kbit/s link with 0.7 s round trip are answered in 3 s."""
    ping_longest: int = 1_800_000
    """Half an hour: an item that is never answered costs 100 KB a day."""
    proof_first: int = 30_000
    proof_longest: int = 3_600_000
    silent_after: int = 180_000
    """Asked and no answer for so long: the hub is silent; from then on one item alone probes."""
    heartbeat: int = 60_000
    mail_every: int = 3_600_000
    """Free numbers and open officers are told at least once an hour."""
    mail_pause: int = 500
    """Notices that come together are acknowledged together."""
    mail_gap: int = 10_000
    """A gap in the mailbox is asked about this often."""
    beacon_proof: int = 21_600_000
    """Checkpoints of beacons are linked every six hours: a proof a minute would cost 1 MB a day."""
    ack_timeout: int = 300_000
    """No PUBACK for so long although the link seems up: open it anew."""
    flag_pause: int = 60_000
    """The same flag is counted once a minute: a flood of rubbish must not become a flood of disk writes."""
    progress_pause: int = 2_000
    """The progress of a file is written down this often."""
    unanswered: int = 16
    """Manifests without an answer: 50 KB, 6 s at 64 kbit/s."""
    patient_tries: int = 3
    """After so many tries an item no longer holds a place among the unanswered: it steps aside."""
    window_least: int = 2
    """One chunk on the wire, one behind it: keeps the slowest link full."""
    window_most: int = 16
    """768 KiB on the way: fills 10 Mbit/s at 0.7 s round trip."""
    fast_ack: int = 1_500
    slow_ack: int = 12_000
    budget: int = 64
    """Chunks (3 MiB) of one item before the hub is asked what it has: a broker that swallows costs no more."""


def back_off(attempt: int, roll: float, *, first: int, longest: int) -> int:
    """Return the wait in milliseconds before try ``attempt + 1``: doubled each time, from half to one and a half."""
    return int(min(longest, first * 2 ** min(max(attempt - 1, 0), 30)) * (0.5 + roll))


class Window:
    """How many chunks may be on their way; grows on a fast link, shrinks on a slow one."""

    def __init__(self, limits: Limits) -> None:
        """Start with the least."""
        self._limits = limits
        self.size = limits.window_least

    def acknowledged(self, after_ms: int) -> None:
        """Learn from one PUBACK."""
        if after_ms < self._limits.fast_ack:
            self.size = min(self._limits.window_most, self.size + 1)
        elif after_ms > self._limits.slow_ack:
            self.size = max(self._limits.window_least, self.size - 1)
