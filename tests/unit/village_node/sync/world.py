"""A small hostile world around the shipped engine: one node, one hub, a carrier that loses, doubles, delays, swallows.

Time is virtual, every choice comes from one seed. The node's disk is what the engine's store actions wrote; a crash
throws the engine away and begins anew from there, sometimes between the store and what was to be seen outside.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from protocol.checkpoint import CheckpointRef
from protocol.envelope import one_key
from protocol.ids import HubId, RegistrationNo
from protocol.mailbox import Mail, NoticeKind, NumberLease
from protocol.topics import Down
from protocol.wire import to_bytes
from tests.hub_stand_in import Answer, HubStandIn
from village_node.sync.engine import Engine
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits

LIMITS = Limits(budget=3, window_most=4, unanswered=3, heartbeat=900_000)


@dataclass
class Disk:
    """What survives a crash of the node."""

    items: list[m.ItemFacts] = field(default_factory=list)
    states: dict[bytes, str] = field(default_factory=dict)
    receipts: dict[bytes, set[bytes]] = field(default_factory=dict)
    notices: list[bytes] = field(default_factory=list)
    newest: CheckpointRef | None = None
    flags: list[str] = field(default_factory=list)
    attempts: dict[bytes, int] = field(default_factory=dict)

    def keep(self, action: m.StoreAction) -> None:
        match action:
            case m.KeepReceipt():
                self.receipts.setdefault(action.bundle, set()).add(action.receipt.raw)
            case m.MarkState():
                self.states[action.bundle] = action.state
            case m.KeepNotice():
                assert action.notice.number == len(self.notices) + 1, "notice out of order"
                self.notices.append(action.raw)
            case m.RememberCheckpoint():
                found = action.checkpoint
                assert self.newest is None or found.size > self.newest.size
                self.newest = CheckpointRef(size=found.size, root=found.root)
            case m.RaiseFlag():
                self.flags.append(action.code)
            case m.RecordSent():
                self.attempts[action.bundle] = self.attempts.get(action.bundle, 0) + 1
            case _:
                pass


@dataclass(frozen=True, kw_only=True)
class Hostility:
    """How bad the world is until it heals."""

    loss: float = 0.2
    doubling: float = 0.2
    most_delay: int = 40_000
    cut: float = 0.02
    crash: float = 0.01
    swallow: float = 0.1


class World:
    """One run."""

    def __init__(self, seed: int, hostility: Hostility, *, items: int = 3) -> None:
        self.random = Random(seed)
        self.hub = HubStandIn(seed)
        self.disk = Disk(newest=self.hub.ledger.ref())
        self.hostility = hostility
        self.now = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._epoch = 0
        self._session = 0
        self.sent_chunks = 0
        self.sent_manifests = 0
        for number in range(items):
            self.seal(number + 1)
        self.engine = self._boot()
        self._connect_later()

    def seal(self, counter: int) -> m.ItemFacts:
        chunks = tuple(self.random.randint(0, 5) for _ in range(self.random.randint(0, 2)))
        item = m.ItemFacts(
            bundle=self.random.randbytes(32),
            message_digest=self.random.randbytes(32),
            counter=counter,
            registration_no=RegistrationNo.build(HubId("3314"), 2026, counter),
            named=self.disk.newest if self.random.random() < 0.8 else None,
            chunks=chunks,
        )
        self.disk.items.append(item)
        self.disk.states[item.bundle] = "waiting"
        return item

    # --- running -----------------------------------------------------------------------------------------------------

    def run(self, until: int) -> None:
        while self.now < until:
            wake = self.engine.next_wake_ms()
            if self._queue and self._queue[0][0] <= max(wake, self.now):
                self.now, _, what = heapq.heappop(self._queue)
                what()
            else:
                self.now = min(until, max(wake, self.now + 1))
                self._feed(m.Ticked())
            self._provoke()

    def heal(self) -> None:
        self.hostility = Hostility(loss=0, doubling=0, most_delay=300, cut=0, crash=0, swallow=0)

    def _provoke(self) -> None:
        roll = self.random.random()
        if roll < self.hostility.cut:
            self._cut()
        elif roll < self.hostility.cut + self.hostility.crash:
            self._crash()

    def _boot(self) -> Engine:
        trust = m.Trust(
            node=self.hub.node,
            hub=self.hub.hub,
            log=self.hub.log,
            find_message_key=one_key(self.hub.message_key.public_key()),
        )
        items = [replace(item, state=self.disk.states[item.bundle]) for item in self.disk.items]
        memory = m.Memory(items=items, cursor=len(self.disk.notices), newest=self.disk.newest)
        return Engine(trust, memory, self.random.random, LIMITS)

    def _feed(self, event: m.Event) -> None:
        actions = self.engine.handle(event, self.now)
        if self.random.random() < self.hostility.crash:
            return self._crash()  # before the commit: nothing of the step happened
        for action in actions:
            if not isinstance(action, m.SendAction):
                self.disk.keep(action)
        self._check()
        if self.random.random() < self.hostility.crash:
            return self._crash()  # after the commit, before anything was sent
        for action in actions:
            if isinstance(action, m.SendAction):
                self._send(action)
        return None

    def _check(self) -> None:
        for bundle, state in self.disk.states.items():
            if state in {"arrived", "whole"}:
                assert bundle in self.hub.cases, "received, but the hub does not have it"
            if state == "whole":
                assert self.hub.cases[bundle].is_whole

    # --- the carrier -------------------------------------------------------------------------------------------------

    def _send(self, action: m.SendAction) -> None:
        match action:
            case m.SendManifest():
                item = next(item for item in self.disk.items if item.bundle == action.bundle)
                self.sent_manifests += 1
                self._travel(action.token, lambda: self.hub.manifest(item))
            case m.SendChunk():
                self.sent_chunks += 1
                piece = (action.bundle, action.attachment, action.index)
                self._travel(action.token, lambda: self.hub.chunk(*piece))
            case m.SendMail():
                mail = Mail(node=self.hub.node, cursor=len(self.disk.notices), proof=action.proof)
                self._travel(None, lambda: self.hub.mail(mail))
            case _:
                pass

    def _travel(self, token: int | None, at_hub: Callable[[], list[Answer]]) -> None:
        """Bring a message to the hub as often as chance wills, and its answers back the same way."""
        if token is not None:
            self._later(lambda: self._feed(m.Acknowledged(token)), epoch=self._epoch)
        if self.random.random() < self.hostility.swallow:
            return
        for _ in range(self._copies()):
            self._later(lambda: self._answer(at_hub()))

    def _answer(self, answers: list[Answer]) -> None:
        for kind, raw in answers:
            for _ in range(self._copies()):
                self._later(lambda kind=kind, raw=raw: self._arrive(kind, raw))  # type: ignore[misc]

    def _arrive(self, kind: Down, raw: bytes) -> None:
        if self._session:
            self._feed(m.Received(kind, raw))

    def _copies(self) -> int:
        if self.random.random() < self.hostility.loss:
            return 0
        return 1 + (self.random.random() < self.hostility.doubling)

    def _later(self, what: Callable[[], None], *, epoch: int | None = None) -> None:
        def _run() -> None:
            if epoch is None or epoch == self._epoch:
                what()

        when = self.now + 1 + int(self.random.random() ** 3 * self.hostility.most_delay)
        heapq.heappush(self._queue, (when, next(self._order), _run))

    def _cut(self) -> None:
        if self._session:
            self._session, self._epoch = 0, self._epoch + 1
            self._feed(m.Disconnected("lost"))
            self._connect_later()

    def _crash(self) -> None:
        self._session, self._epoch = 0, self._epoch + 1
        self.engine = self._boot()
        self._connect_later()

    def _connect_later(self) -> None:
        epoch = self._epoch
        self._later(self._connect, epoch=epoch)

    def _connect(self) -> None:
        self._session = self.now
        self._feed(m.Connected(self.now))

    def hub_writes(self) -> None:
        """Let the hub write a notice; chance decides whether it is published at once."""
        lease = NumberLease(year=2026, first=len(self.hub.notices) * 10 + 1, last=len(self.hub.notices) * 10 + 10)
        self._answer([self.hub.notify(NoticeKind.LEASE, to_bytes(lease))])
