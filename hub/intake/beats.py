"""Heartbeats wait a few seconds for each other: one transaction for all of them instead of one for each. Pure.

Rules:
1. A heartbeat is worth nothing by itself: the next one says more. So it may be late by ``HELD_S``; it stays
   unacknowledged meanwhile, and comes again after a crash. Births and wills are never held.
2. Nobody waits for ever: all go with the batch that follows the end of the time, or as soon as ``MOST_HELD`` wait, well
   below what the broker hands out without an acknowledgement.
Measured: 2,000 nodes with a heartbeat a minute (``make load``; docs/adr/0021).
"""

from collections.abc import Sequence

from hub.intake.carrier import Incoming

HELD_S = 5.0
MOST_HELD = 250
_HEARTBEAT = "/up/health"


class Beats:
    """The heartbeats that wait."""

    def __init__(self) -> None:
        """Begin with none."""
        self._held: list[Incoming] = []
        self._since = 0.0

    def sift(self, messages: Sequence[Incoming], now: float) -> Sequence[Incoming]:
        """Keep the heartbeats back and return the rest, with all heartbeats behind it when it is time (rule 2)."""
        rest = [message for message in messages if not message.topic.endswith(_HEARTBEAT)]
        fresh = [message for message in messages if message.topic.endswith(_HEARTBEAT)]
        if fresh and not self._held:
            self._since = now
        self._held += fresh
        is_due = len(self._held) >= MOST_HELD or not 0 <= now - self._since < HELD_S  # a clock set back delays nothing
        if not self._held or not is_due:
            return rest
        due, self._held = self._held, []
        return [*rest, *due]
