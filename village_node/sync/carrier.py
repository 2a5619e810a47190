"""The seam between the runner and whatever carries its messages: MQTT, a test, a simulator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocol.topics import Up
from village_node.sync.rules.messages import Event

Deliver = Callable[[Callable[[], Event | None]], None]
"""Takes a function that the runner's own thread will call to get the event; safe to use from any thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """Number of the session that is about to begin, and its last will, signed."""

    session: int
    will: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbound:
    """One message to publish. With a token its acknowledgement is reported."""

    kind: Up
    payload: bytes
    token: int | None = None


class NoCarrier:
    """Carries nothing: for a command that reads a parcel in while the program does not run."""

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        """Stay without a link."""

    def publish(self, message: Outbound) -> None:
        """Drop it: it goes when there is a link, or with the next parcel."""

    def reconnect(self) -> None:
        """Stay without a link."""

    def hurry(self) -> None:
        """Stay without a link."""

    def stop(self, farewell: Outbound | None) -> None:
        """Close nothing."""


class Carrier(Protocol):
    """Keeps a link for as long as it is started; promises nothing about delivery."""

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        """Begin to connect, and again whenever the link is lost; ``greet`` is asked before each try."""

    def publish(self, message: Outbound) -> None:
        """Hand a message over; without a link it is dropped. Called by the runner's thread only."""

    def reconnect(self) -> None:
        """Drop the link and open it anew."""

    def hurry(self) -> None:
        """Try now instead of waiting for the next turn."""

    def stop(self, farewell: Outbound | None) -> None:
        """Say farewell if there is a link, close it, and end the carrier's threads."""
