"""What is on its way to the broker: tokens of messages, and whether one more chunk may follow.

Rules:
1. A token stands for one message until its PUBACK comes; who waits too long for one has a dead link.
2. Chunks follow one another so closely that the link never idles, and no closer: what is urgent waits behind them.
"""

from dataclasses import dataclass

from village_node.sync.rules.deliveries import Piece
from village_node.sync.rules.pacing import Limits, Window


@dataclass(frozen=True, slots=True)
class Flight:
    """One message that the broker has not acknowledged; ``piece`` is None for a manifest."""

    bundle: bytes
    piece: Piece | None
    sent_at: int


class Flights:
    """All messages of one session that carry a token."""

    def __init__(self, limits: Limits) -> None:
        """Start with nothing on its way."""
        self._limits = limits
        self._window = Window(limits)
        self._flights: dict[int, Flight] = {}
        self._next_token = 1

    def depart(self, now: int, bundle: bytes, piece: Piece | None = None) -> int:
        """Note that a message goes now and return its token."""
        token, self._next_token = self._next_token, self._next_token + 1
        self._flights[token] = Flight(bundle, piece, now)
        if piece is not None:
            self._window.departed(now)
        return token

    def land(self, token: int, now: int) -> Flight | None:
        """Take a PUBACK; None for a token of an earlier session."""
        flight = self._flights.pop(token, None)
        if flight is not None and flight.piece is not None:
            self._window.acknowledged(now, sent_at=flight.sent_at)
        return flight

    def forget(self, bundle: bytes | None = None) -> None:
        """Forget everything, or what belongs to one bundle: its fate does not matter any more."""
        kept = {token: each for token, each in self._flights.items() if bundle is not None and each.bundle != bundle}
        gone = sum(1 for each in self._flights.values() if each.piece) - sum(1 for each in kept.values() if each.piece)
        self._flights = kept
        self._window.lost(gone)

    def has_room(self, now: int) -> bool:
        """Tell whether one more chunk may go now (rule 2)."""
        return self._window.room_at(now) <= now

    def next_time(self, now: int) -> int:
        """Return when there will be room for a chunk without an acknowledgement; far away when there is room now."""
        return self._window.room_at(now)

    def take_idle(self) -> int:
        """Return how long no chunk was on its way since this was asked last."""
        return self._window.take_idle()

    def is_stuck(self, now: int) -> bool:
        """Tell whether something has waited too long for its PUBACK (rule 1)."""
        return any(now - each.sent_at > self._limits.ack_timeout for each in self._flights.values())
