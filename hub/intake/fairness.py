"""Fair share: whose message is taken next, and who has had enough for now. Pure: the time is passed in, in seconds.

Rules:
1. Messages of one node keep their order. Nodes take turns: a flood stands in its own line, not in its neighbours' way.
2. Forms (bundles, mail, births, heartbeats, wills) go before chunks.
3. A node's messages are taken at a pace that no village's link exceeds for long; who is faster waits in line, and only
   his own acknowledgements are late. Nothing is refused for that.
4. A line has an end. The broker hands out only so many messages without an acknowledgement; if one line took them all,
   nobody else's message would get here (measured: 6 s). What a node sends beyond its line, or beyond the bytes of its
   day, is refused with ``quota``: the node keeps it and comes again, the hub spends next to nothing on it. A node that
   follows the protocol has at most 32 messages on their way and never meets this.
5. Of refusals only the first ones of a minute are told and kept: a flood must not fill the hub's disk with its traces.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.intake.carrier import Incoming

TOLD_PER_MINUTE = 60
MOST_NODES = 10_000
"""Allowances kept in memory; beyond, the longest unused is forgotten, that is full again."""

_CHUNK = "/up/chunk"
_DAY_S, _MINUTE_S, _MB = 86_400.0, 60.0, 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """What one node may send."""

    messages_per_s: float
    """Taken in the long run (rule 3)."""
    burst: float
    """Taken at once on top."""
    mb_per_day: float
    line: int = 128
    """Messages that may wait (rule 4)."""


USUAL = Quota(messages_per_s=20, burst=64, mb_per_day=4_096)
"""20 messages a second are 8 Mbit/s of chunks."""


class _Bucket:
    """An allowance that refills with time."""

    def __init__(self, per_s: float, most: float, now: float) -> None:
        self._per_s, self._most, self._left, self._at = per_s, most, most, now

    def take(self, amount: float, now: float) -> bool:
        """Take so much if it is there."""
        if self.wait_s(amount, now) > 0:
            return False
        self._left -= amount
        return True

    def wait_s(self, amount: float, now: float) -> float:
        """Return how long it takes until so much is there."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._per_s)
        self._at = now
        return max(0.0, amount - self._left) / self._per_s


class _Node:
    """The allowances of one node, and how many of its messages wait."""

    def __init__(self, quota: Quota, now: float) -> None:
        size = quota.mb_per_day * _MB
        self.pace = _Bucket(quota.messages_per_s, quota.burst, now)
        self.day = _Bucket(size / _DAY_S, size, now)
        self.told = _Bucket(TOLD_PER_MINUTE / _MINUTE_S, TOLD_PER_MINUTE, now)
        self.waiting = 0


class Lines:
    """What has come and is not taken yet: a line per node, forms apart from chunks."""

    def __init__(self, quota: Quota = USUAL) -> None:
        """Start empty, with everybody's allowance full."""
        self._quota = quota
        self._nodes: OrderedDict[str, _Node] = OrderedDict()
        self._forms: OrderedDict[str, deque[Incoming]] = OrderedDict()
        self._chunks: OrderedDict[str, deque[Incoming]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many messages wait."""
        return sum(len(line) for lines in (self._forms, self._chunks) for line in lines.values())

    def add(self, messages: Iterable[Incoming], now: float) -> list[Incoming]:
        """Let messages stand in line behind the others of their node (rule 1); return what is refused (rule 4)."""
        refused = []
        for message in messages:
            name = node_of(message)
            node = self._node(name, now)
            if node.waiting >= self._quota.line or not node.day.take(len(message.payload), now):
                refused.append(message)
                continue
            node.waiting += 1
            lines = self._chunks if message.topic.endswith(_CHUNK) else self._forms
            lines.setdefault(name, deque()).append(message)
        return refused

    def is_told(self, message: Incoming, now: float) -> bool:
        """Say whether this refusal is told and kept (rule 5)."""
        return self._node(node_of(message), now).told.take(1, now)

    def take(self, most: int, now: float) -> Sequence[Incoming]:
        """Take the next messages: one of each node in turn, forms first, nobody faster than allowed (rules 1 to 3)."""
        taken: list[Incoming] = []
        for lines in (self._forms, self._chunks):
            resting = 0  # nodes in a row that may not go now
            while resting < len(lines) and len(taken) < most:
                name, line = lines.popitem(last=False)
                node = self._node(name, now)
                resting += 1
                if node.pace.take(1, now):
                    taken.append(line.popleft())
                    node.waiting -= 1
                    resting = 0
                if line:
                    lines[name] = line  # behind the others
        return taken

    def wait_s(self, now: float) -> float | None:
        """Return how long it takes until somebody may go; None when nobody waits."""
        names = {*self._forms, *self._chunks}
        return min((self._node(name, now).pace.wait_s(1, now) for name in names), default=None)

    def _node(self, name: str, now: float) -> _Node:
        if name not in self._nodes:
            self._nodes[name] = _Node(self._quota, now)
        self._nodes.move_to_end(name)
        if len(self._nodes) > MOST_NODES and not next(iter(self._nodes.values())).waiting:
            self._nodes.popitem(last=False)
        return self._nodes[name]


def node_of(message: Incoming) -> str:
    """Return whose message it is, by the levels of its topic that belong to the node alone."""
    return message.topic.rpartition("/up/")[0]
