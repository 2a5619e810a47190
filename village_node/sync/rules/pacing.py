"""How long to wait and how much to have on the way."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

NEVER = 2**62
PACES = 5
UNKNOWN_IDLE = 2**40
"""Thirty years: before the first chunk of this run."""

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
    proof_patience: int = 12
    """Questions about a proof that stay open while the hub answers others: six hours. A bad line never loses that many;
    a broker can, so the flag accuses nobody, it says that somebody has to look."""
    silent_after: int = 180_000
    """Asked and no answer for so long: the hub is silent; from then on one item alone probes."""
    heartbeat: int = 300_000
    mail_every: int = 3_600_000
    """Free numbers and open officers are told at least once an hour."""
    mail_pause: int = 500
    """Notices that come together are acknowledged together."""
    mail_gap: int = 10_000
    """A gap in the mailbox is asked about this often."""
    beacon_proof: int = 21_600_000
    """Checkpoints of beacons are linked every six hours: a proof with every beacon would cost 0.5 MB a day."""
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
    """Chunks on the way while the link's pace is not known: the time between two acknowledgements shows it."""
    window_most: int = 16
    """768 KiB on the way: fills 10 Mbit/s at 0.7 s round trip."""
    lead: int = 2_000
    """The next chunk goes so long before the last acknowledgement is expected: longer than a satellite's round trip,
    so that the link never idles; what is urgent waits behind one chunk and this at most."""
    budget: int = 64
    """Chunks (3 MiB) of one item before the hub is asked what it has: a broker that swallows costs no more."""
    pieces_first: int = 2
    """Pieces of a document that the first question asks for: 12 s at 64 kbit/s."""
    pieces_most: int = 8
    pieces_for: int = 8_000
    """A question asks for as many pieces as come in this time: what is urgent waits behind them at most."""
    piece_patience: int = 90_000
    """No piece for so long after the question: it, or the answer, was lost."""
    piece_again: int = 30_000


def back_off(attempt: int, roll: float, *, first: int, longest: int) -> int:
    """Return the wait in milliseconds before try ``attempt + 1``: doubled each time, from half to one and a half."""
    return int(min(longest, first * 2 ** min(max(attempt - 1, 0), 30)) * (0.5 + roll))


class Window:
    """When the next chunk may go: the link never idles, and no more waits in it than that needs.

    The pace (time per chunk) is the median of the last times between two acknowledgements while another chunk was
    already waiting; the link is free again when all that is on its way has had its time.
    """

    def __init__(self, limits: Limits) -> None:
        """Start with nothing on its way and no pace."""
        self._limits = limits
        self._on_way = 0
        self._paces: deque[int] = deque(maxlen=PACES)
        self._acknowledged_at = 0
        self._free_at = 0
        self._idle = UNKNOWN_IDLE

    @property
    def pace(self) -> int | None:
        """Milliseconds per chunk, once it is known."""
        return max(1, int(median(self._paces))) if self._paces else None

    def departed(self, now: int) -> None:
        """Note that a chunk goes now."""
        self._on_way += 1
        self._free_at = max(now, self._free_at) + (self.pace or 0)

    def acknowledged(self, now: int, *, sent_at: int) -> None:
        """Learn from one PUBACK."""
        self._on_way = max(0, self._on_way - 1)
        self._idle += max(0, sent_at - self._acknowledged_at)
        if sent_at < self._acknowledged_at:  # it was waiting behind the one before: the difference is its own time
            self._paces.append(now - self._acknowledged_at)
        self._acknowledged_at = now
        self._free_at = now + self._on_way * (self.pace or 0)

    def take_idle(self) -> int:
        """Return how long no chunk was on its way since this was asked last: such time says nothing of the link."""
        idle, self._idle = self._idle, 0
        return idle

    def lost(self, chunks: int) -> None:
        """Note that so many chunks are not waited for any more."""
        self._on_way = max(0, self._on_way - chunks)
        if not self._on_way:
            self._free_at = 0

    def room_at(self, now: int) -> int:
        """Return from when on one more chunk may go; ``NEVER`` while an acknowledgement must come first."""
        if self._on_way == 0:
            return now
        if self._on_way >= self._limits.window_most:
            return NEVER
        if self.pace is None:
            return now if self._on_way < self._limits.window_least else NEVER
        return max(now, self._free_at - self._limits.lead)
