"""One run: a list of events, drawn from a seed, happens to nodes, broker and hub; the judge looks after each.

An event is a word and two numbers, which mean something in whatever state the world is: so any part of the list is a
run of its own, and a failing one can be shrunk by leaving events out.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from hub.intake.carrier import Incoming, Outgoing
from protocol.topics import Down, Up, parse_up, up
from tests.simulation.hub import SimHub
from tests.simulation.judge import BrokenPromiseError, Judge
from tests.simulation.node import SimNode
from tests.simulation.ports import NodeDisk, PowerCutError
from village_node.sync.carrier import Outbound
from village_node.sync.rules import messages as m

EVENTS = 1_400
MOST_ITEMS = 4
"""Applications of one PC: what is rare must meet itself often."""
TEN_YEARS = timedelta(days=3_652)
HEALING_ROUNDS = 40
KEEPS = (1_000, 5_000, 25_000, 90_000, 400_000, 2_000_000)
WEIGHTS = {
    "pass": 50,
    "deliver": 22,
    "hub": 1.5,
    "link": 4,
    "drop_up": 4,
    "repeat_up": 3,
    "shuffle": 3,
    "drop_down": 3,
    "repeat_down": 3,
    "crash_node": 3,
    "seal": 1.2,
    "damage": 2,
    "misroute": 1,
    "crash_hub": 0.5,
    "restart_hub": 0.2,
    "forget": 0.4,
    "keep_broker": 0.5,
    "old_broker": 0.3,
    "hub_clock": 0.4,
    "node_clock": 0.4,
    "keep_image": 0.4,
    "reinstall": 0.15,
    "clone": 0.06,
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happens, and two numbers that say to whom and how."""

    word: str
    a: int
    b: int


def draw(seed: int, count: int = EVENTS) -> list[Event]:
    """Return the events of a seed."""
    chance = Random(f"events {seed}")
    words = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
    begin = [Event("link", 0, 0), Event("link", 1, 0), Event("seal", 0, 0), Event("pass", 0, 0)]
    return begin + [Event(word, chance.getrandbits(30), chance.getrandbits(30)) for word in words]


class World:
    """Two villages, a broker that promises nothing, one hub."""

    def __init__(self, hub: SimHub, seed: int) -> None:
        self.hub, self.steps = hub, 0
        hub.begin(seed)
        self.chance = Random(f"world {seed}")
        self.up: list[Incoming] = []
        self.down: list[Outgoing] = []
        self._kept: tuple[list[Incoming], list[Outgoing]] = ([], [])
        self._images: dict[str, NodeDisk] = {}
        self._trace = hashlib.sha256()
        self.nodes = [
            SimNode(hub, village, NodeDisk(), Random(f"{village.node} {seed}"), self._send) for village in hub.villages
        ]
        self.judge = Judge(hub)

    @property
    def trace(self) -> str:
        """The digest of everything that was sent: two runs of a seed have the same."""
        return self._trace.hexdigest()

    def run(self, events: Sequence[Event]) -> None:
        """Let them happen, then heal the world, and let the judge look after each.

        Raises:
            BrokenPromiseError: the product broke a promise.
        """
        for event in events:
            self._happen(lambda event=event: _HAPPENINGS[event.word](self, event.a, event.b))  # type: ignore[misc]
        self._heal()
        self.judge.at_the_end(self.nodes)

    def _happen(self, what: Callable[[], None]) -> None:
        self.steps += 1
        try:
            what()
        except (PowerCutError, BrokenPromiseError):
            raise
        except Exception as error:
            raise BrokenPromiseError("P9", f"stopped by {type(error).__name__}: {error}") from error
        self.judge.look(self.nodes)

    def _heal(self) -> None:
        """End all faults; what was saved must arrive without anybody's help."""
        for node in self.nodes:
            node.fuse.left = None
        for _ in range(HEALING_ROUNDS):
            for node in self.nodes:
                node.open_link()
                self._happen(lambda node=node: self._step_node(node, 1_900_000))  # type: ignore[misc]
            while self.up:
                self._happen(lambda: self._hub_takes(self.up[:40]))
            self._happen(self._sweep)
            for node in self.nodes:
                self._happen(lambda node=node: self._deliver(node, self._for(node)))  # type: ignore[misc]
            self.down = []
            if all(item.state in {"whole", "rejected"} for node in self.nodes for item in node.disk.items.values()):
                return

    # --- what moves --------------------------------------------------------------------------------------------------

    def _send(self, node: SimNode, message: Outbound) -> None:
        self._trace.update(message.payload)
        self.up.append(Incoming(up(node.village.node, message.kind), message.payload, len(self.up)))

    def _hub_takes(self, batch: list[Incoming]) -> None:
        """Let the hub work a batch; at a power cut it starts again, and what it did not acknowledge comes again."""
        try:
            self.hub.runner.step(batch)
        except PowerCutError:
            self.hub.lose_power()
            self._collect()
            self.hub.restart()
            return
        self.hub.fuse.left = None
        self._collect()

    def _sweep(self) -> None:
        try:
            self.hub.runner.sweep()
        except PowerCutError:
            self.hub.lose_power()
            self._collect()
            self.hub.restart()
            return
        self._collect()

    def _collect(self) -> None:
        wire = self.hub.wire
        gone = {id(each) for each in wire.acknowledged}
        self.up = [each for each in self.up if id(each) not in gone]
        for message in wire.published:
            self._trace.update(message.payload)
        self.down += wire.published
        self.judge.hub_worked(wire.acknowledged, wire.published)
        wire.acknowledged, wire.published = [], []

    def _for(self, node: SimNode) -> list[Outgoing]:
        mark = f"/{node.village.node}/"
        return [each for each in self.down if mark in each.topic]

    def _deliver(self, node: SimNode, messages: Sequence[Outgoing]) -> None:
        node.events += [m.Received(Down(each.topic.rsplit("/", 1)[1]), each.payload) for each in messages]
        self._step_node(node, 10)

    def _step_node(self, node: SimNode, milliseconds: int) -> None:
        node.pass_ms(milliseconds)
        try:
            node.step()
        except PowerCutError:
            node.boot()

    def _pick(self, a: int) -> SimNode:
        return self.nodes[a % len(self.nodes)]

    # --- what happens ------------------------------------------------------------------------------------------------

    def pass_time(self, a: int, b: int) -> None:
        self._step_node(self._pick(a), KEEPS[b % len(KEEPS)])

    def deliver(self, a: int, b: int) -> None:
        node = self._pick(a)
        waiting = self._for(node)
        if not node.is_up or not waiting:
            return self.pass_time(a, 0)
        start, count = b % len(waiting), 1 + b % 7
        chosen = waiting[start : start + count]
        if not any(other is not node and other.village is node.village for other in self.nodes):
            gone = {id(each) for each in chosen}
            self.down = [each for each in self.down if id(each) not in gone]
        return self._deliver(node, chosen)

    def hub_works(self, a: int, b: int) -> None:
        if self.up:
            start = a % len(self.up)
            self._hub_takes(self.up[start : start + 8 + b % 56])

    def crash_hub(self, a: int, b: int) -> None:
        self.hub.fuse.left = b % 90
        if a % 5 == 0:
            self._sweep()
        self.hub_works(a, b)
        self.hub.fuse.left = None

    def restart_hub(self, a: int, b: int) -> None:
        del a, b
        self.hub.restart()
        self._sweep()

    def link(self, a: int, b: int) -> None:
        node = self._pick(a)
        if node.is_up and b % 2:
            node.cut_link()
        else:
            node.open_link()
        self._step_node(node, 100)

    def seal(self, a: int, b: int) -> None:
        del b
        node = self._pick(a)
        if len(node.disk.items) < MOST_ITEMS:
            node.seal()
            self.judge.sealed(node)
            node.events.append(m.Woken())
            self._step_node(node, 100)

    def crash_node(self, a: int, b: int) -> None:
        node = self._pick(a)
        node.fuse.left = b % 5
        self._step_node(node, KEEPS[b % 3])
        node.fuse.left = None

    def drop_up(self, a: int, b: int) -> None:
        del b
        if self.up:
            self.up.pop(a % len(self.up))

    def repeat_up(self, a: int, b: int) -> None:
        if self.up:
            each = self.up[a % len(self.up)]
            self.up += [Incoming(each.topic, each.payload, each.mark) for _ in range(1 + b % 3)]

    def shuffle(self, a: int, b: int) -> None:
        Random(a ^ b).shuffle(self.up)
        Random(a).shuffle(self.down)

    def damage(self, a: int, b: int) -> None:
        """A carrier changes one bit of a copy, and may hold the message itself back."""
        if self.up:
            chunks = [each for each in self.up if each.topic.endswith("/up/chunk")] if b % 2 else []
            each = (chunks or self.up)[-1 - a % min(len(chunks or self.up), 3)]
            if b % 3 == 0:
                self.up.remove(each)
            spoilt = bytearray(each.payload)
            spoilt[-1 - b % len(spoilt)] ^= 1 << (a % 8)
            self.up.insert(0, Incoming(each.topic, bytes(spoilt), each.mark))

    def misroute(self, a: int, b: int) -> None:
        """A carrier shows a message at a place where it does not belong."""
        if b % 2 and self.down:
            self._deliver(self.nodes[b % len(self.nodes)], [self.down[a % len(self.down)]])
        elif self.up:
            each = self.up[a % len(self.up)]
            topic = parse_up(each.topic)
            if topic.kind in {Up.BUNDLE, Up.CHUNK}:
                other = next(node.village.node for node in self.nodes if node.village.node != topic.node)
                self.up.insert(0, Incoming(up(other, topic.kind), each.payload, each.mark))

    def drop_down(self, a: int, b: int) -> None:
        del b
        if self.down:
            self.down.pop(a % len(self.down))

    def repeat_down(self, a: int, b: int) -> None:
        if self.down:
            self.down += [self.down[a % len(self.down)]] * (1 + b % 3)

    def forget(self, a: int, b: int) -> None:
        """The broker loses everything, although it acknowledged it."""
        del a, b
        self.up, self.down = [], []
        for node in self.nodes:
            node.cut_link()

    def keep_broker(self, a: int, b: int) -> None:
        del a, b
        self._kept = (list(self.up), list(self.down))

    def old_broker(self, a: int, b: int) -> None:
        """The broker comes back with an old state: what was delivered long ago comes again."""
        del a, b
        self.up = [Incoming(each.topic, each.payload, each.mark) for each in self._kept[0]]
        self.down = list(self._kept[1])

    def hub_clock(self, a: int, b: int) -> None:
        self.hub.clock.time += TEN_YEARS * (1 if a % 2 else -1) * (b % 5 / 4)
        if not 2000 < self.hub.clock.time.year < 2060:  # dates that a database can hold
            self.hub.clock.time = self.hub.clock.time.replace(year=2026)

    def node_clock(self, a: int, b: int) -> None:
        clock = self._pick(a).clock
        clock.time += TEN_YEARS * (1 if b % 2 else -1) * (b % 5 / 4)
        if not 2000 < clock.time.year < 2060:  # the same
            clock.time = clock.time.replace(year=2026)

    def keep_image(self, a: int, b: int) -> None:
        del b
        node = self._pick(a)
        self._images[str(node.village.node)] = node.disk.image()

    def reinstall(self, a: int, b: int) -> None:
        """A PC comes back as an old image of its disk has it; numbers are given out twice."""
        del b
        node = self._pick(a)
        image = self._images.get(str(node.village.node))
        if image is not None:
            node.disk = image.image()
            node.boot()
            self.judge.doubled(node)

    def clone(self, a: int, b: int) -> None:
        """A copy of a PC comes to life beside it."""
        del b
        if len(self.nodes) > len(self.hub.villages):
            return
        node = self._pick(a)
        twin = SimNode(self.hub, node.village, node.disk.image(), Random(f"twin {a}"), self._send)
        self.nodes.append(twin)
        self.judge.doubled(twin)


_HAPPENINGS: Mapping[str, Callable[[World, int, int], None]] = {
    "pass": World.pass_time,
    "deliver": World.deliver,
    "hub": World.hub_works,
    "link": World.link,
    "drop_up": World.drop_up,
    "repeat_up": World.repeat_up,
    "shuffle": World.shuffle,
    "drop_down": World.drop_down,
    "repeat_down": World.repeat_down,
    "crash_node": World.crash_node,
    "seal": World.seal,
    "damage": World.damage,
    "misroute": World.misroute,
    "crash_hub": World.crash_hub,
    "restart_hub": World.restart_hub,
    "forget": World.forget,
    "keep_broker": World.keep_broker,
    "old_broker": World.old_broker,
    "hub_clock": World.hub_clock,
    "node_clock": World.node_clock,
    "keep_image": World.keep_image,
    "reinstall": World.reinstall,
    "clone": World.clone,
}
