"""How a link treats what is sent through it. Pure: the time and the rolls are passed in."""

from collections.abc import Callable
from dataclasses import dataclass

Rolls = Callable[[], float]
"""Returns a random number from 0 up to 1."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One direction of a link."""

    rate_bps: float = 0.0
    """Bits per second; 0: without limit."""
    delay_s: float = 0.0
    """Half a round trip."""
    loss: float = 0.0
    """Share of packets that vanish."""
    queue_bytes: int = 32_000
    """What waits in front of the link at most: 4 s at 64 kbit/s, as a satellite modem has it. More is dropped."""


@dataclass(kw_only=True)
class Traffic:
    """What happened in one direction, in IP bytes (or stream bytes, in a relay)."""

    sent: int = 0
    """Bytes that the sender put on the link, the lost ones too."""
    arrived: int = 0
    lost: int = 0
    overflowed: int = 0
    refused: int = 0
    """Part of the lost: offered while the link was down, so that it used nothing of it."""
    packets: int = 0


class Lane:
    """One direction: tells when a packet arrives, or that it does not."""

    def __init__(self, profile: Profile, rolls: Rolls) -> None:
        """Start with an empty link that is up."""
        self.profile = profile
        self.is_up = True
        self.traffic = Traffic()
        self._rolls = rolls
        self._free_at = 0.0

    def send(self, size: int, now: float) -> float | None:
        """Return when a packet of ``size`` bytes that is sent now arrives; None when it never does."""
        profile, traffic = self.profile, self.traffic
        traffic.sent += size
        traffic.packets += 1
        if not self.is_up:
            traffic.lost += size
            traffic.refused += size
            return None
        if self.backlog(now) + size > profile.queue_bytes and profile.rate_bps:
            traffic.overflowed += size
            return None
        if profile.rate_bps:
            self._free_at = max(now, self._free_at) + size * 8 / profile.rate_bps
        if profile.loss and self._rolls() < profile.loss:  # lost in the air: it has used the link all the same
            traffic.lost += size
            return None
        traffic.arrived += size
        return max(now, self._free_at) + profile.delay_s

    def backlog(self, now: float) -> float:
        """Return how many bytes wait in front of the link."""
        return max(0.0, self._free_at - now) * self.profile.rate_bps / 8

    def cut(self) -> None:
        """Take the link down; what waits in front of it is gone."""
        self.is_up = False
        self._free_at = 0.0

    def restore(self) -> None:
        """Bring the link up."""
        self.is_up = True
