"""What went to each node lately, so that the answer to one mail does not repeat the answer to the mail before.

A node writes its cursor after every few notices. On a thin line dozens of such mails are written before the first
answer is through; if each brought all notices beyond its cursor, a village that was away for weeks would drown in
copies. So a notice goes again only after ``AGAIN``, or when the cursor went back (a PC restored from a backup).
In memory only: after a restart of the program everything may go once more, which does no harm.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol.ids import NodeId

AGAIN = timedelta(seconds=60)
"""50 receipts take 20 s at 64 kbit/s."""

WINDOW = 50
"""Notices that are sent ahead of a node's cursor."""


@dataclass(frozen=True, slots=True)
class _Sent:
    cursor: int
    upto: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """Notices to send now: at most ``limit`` of those beyond ``after``."""

    after: int
    limit: int


class SentAhead:
    """Remembers per node how far it was sent ahead of its cursor."""

    def __init__(self) -> None:
        """Know of nothing sent."""
        self._sent: dict[NodeId, _Sent] = {}

    def stretch(self, node: NodeId, cursor: int, now: datetime) -> Stretch:
        """Return what may go to a node that says that it has everything up to its cursor."""
        sent = self._sent.get(node)
        is_fresh = sent is not None and cursor >= sent.cursor and timedelta(0) <= now - sent.at < AGAIN
        after = max(cursor, sent.upto) if sent is not None and is_fresh else cursor
        return Stretch(after=after, limit=max(0, cursor + WINDOW - after))

    def note(self, node: NodeId, cursor: int, upto: int, now: datetime) -> None:
        """Note that notices up to a number were sent."""
        self._sent[node] = _Sent(cursor=cursor, upto=upto, at=now)
