"""The seam between intake and whatever carries its messages: MQTT, a test, a simulator."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came. ``mark`` is the carrier's own, to acknowledge it by."""

    topic: str
    payload: bytes
    mark: object = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish after the commit."""

    topic: str
    payload: bytes


class Carrier(Protocol):
    """Takes messages and acknowledgements; promises nothing about delivery."""

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        """Wait up to ``idle_s`` for a first message, then up to ``linger_s`` for at most ``most`` in all."""

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Tell the carrier that these messages have a durable verdict."""

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Hand messages over; an unreachable carrier may drop them."""
