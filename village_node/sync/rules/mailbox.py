"""The numbered mailbox: notices in order, without gaps, each once."""

from protocol.mailbox import Notice

MOST_EARLY = 64
"""Notices kept in memory that came before their turn; the hub sends the others again."""


class Mailbox:
    """Lets notices through in order. What is let through is stored before the next event."""

    def __init__(self, cursor: int) -> None:
        """Take the number of the last notice that is stored."""
        self.cursor = cursor
        self._early: dict[int, tuple[Notice, bytes]] = {}

    @property
    def has_gap(self) -> bool:
        """Whether something came before its turn."""
        return bool(self._early)

    def take(self, notice: Notice, raw: bytes) -> list[tuple[Notice, bytes]]:
        """Return what is to be stored now, in order; nothing for a notice that is old or too early."""
        if notice.number > self.cursor and (len(self._early) < MOST_EARLY or notice.number == self.cursor + 1):
            self._early[notice.number] = (notice, raw)
        ready = []
        while self.cursor + 1 in self._early:
            self.cursor += 1
            ready.append(self._early.pop(self.cursor))
        return ready
