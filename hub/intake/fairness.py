"""Fair share: whose message is taken next, and who has had enough for now. Pure: the time is passed in, in seconds.

Rules:
1. Messages of one node keep their order. Nodes take turns: a flood stands in its own line, not in its neighbours' way.
2. Forms (bundles, mail, births, heartbeats, wills) go before chunks.
3. Each node has an allowance of messages and of bytes that refills with time. Who has used it up is refused with
   ``quota``: the node keeps what it has and comes again (nothing is lost), the hub spends next to nothing on it.
4. Of refusals only the first ones of a minute are told and kept: a flood must not fill the hub's disk with its traces.
A village on 10 Mbit/s that comes back after a month (500 bundles) stays below every limit.
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
    burst: float
    """Messages at once."""
    mb_per_day: float


USUAL = Quota(messages_per_s=40, burst=1_000, mb_per_day=4_096)
"""40 messages a second are 15 Mbit/s of chunks."""


class _Bucket:
    """An allowance that refills with time."""

    def __init__(self, per_s: float, most: float, now: float) -> None:
        self._per_s, self._most, self._left, self._at = per_s, most, most, now

    def take(self, amount: float, now: float) -> bool:
        """Take so much if it is there."""
        self._left = min(self._most, self._left + max(0.0, now - self._at) * self._per_s)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True


class _Allowance:
    """All limits of one node."""

    def __init__(self, quota: Quota, now: float) -> None:
        size = quota.mb_per_day * _MB
        self._messages = _Bucket(quota.messages_per_s, quota.burst, now)
        self._bytes = _Bucket(size / _DAY_S, size, now)
        self._told = _Bucket(TOLD_PER_MINUTE / _MINUTE_S, TOLD_PER_MINUTE, now)

    def admits(self, size: int, now: float) -> bool:
        return self._messages.take(1, now) and self._bytes.take(size, now)

    def is_told(self, now: float) -> bool:
        return self._told.take(1, now)


class Allowances:
    """The allowances of all nodes."""

    def __init__(self, quota: Quota) -> None:
        """Start with everybody's full."""
        self._quota = quota
        self._nodes: OrderedDict[str, _Allowance] = OrderedDict()

    def admits(self, message: Incoming, now: float) -> bool:
        """Take one message off its node's allowance (rule 3)."""
        return self._of(message, now).admits(len(message.payload), now)

    def is_told(self, message: Incoming, now: float) -> bool:
        """Say whether this refusal is told and kept (rule 4)."""
        return self._of(message, now).is_told(now)

    def _of(self, message: Incoming, now: float) -> _Allowance:
        node = node_of(message)
        if node not in self._nodes:
            self._nodes[node] = _Allowance(self._quota, now)
        self._nodes.move_to_end(node)
        if len(self._nodes) > MOST_NODES:
            self._nodes.popitem(last=False)
        return self._nodes[node]


class Lines:
    """What has come and is not taken yet: a line per node, forms apart from chunks."""

    def __init__(self) -> None:
        """Start empty."""
        self._forms: OrderedDict[str, deque[Incoming]] = OrderedDict()
        self._chunks: OrderedDict[str, deque[Incoming]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many messages wait."""
        return sum(len(line) for lines in (self._forms, self._chunks) for line in lines.values())

    def add(self, messages: Iterable[Incoming]) -> None:
        """Let messages stand in line behind the others of their node (rule 1)."""
        for message in messages:
            lines = self._chunks if message.topic.endswith(_CHUNK) else self._forms
            lines.setdefault(node_of(message), deque()).append(message)

    def take(self, most: int) -> Sequence[Incoming]:
        """Take the next messages: one of each node in turn, forms first (rules 1 and 2)."""
        taken: list[Incoming] = []
        for lines in (self._forms, self._chunks):
            while lines and len(taken) < most:
                node, line = lines.popitem(last=False)
                taken.append(line.popleft())
                if line:
                    lines[node] = line  # behind the others
        return taken


def node_of(message: Incoming) -> str:
    """Return whose message it is, by the levels of its topic that belong to the node alone."""
    return message.topic.rpartition("/up/")[0]
