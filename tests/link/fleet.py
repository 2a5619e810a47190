"""Light nodes: the shipped engine and the shipped MQTT carrier, without disk and pages; one thread runs all engines."""

import hashlib
import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from loadtests.enrol import Enrolled
from loadtests.village import Made
from protocol.checkpoint import LogKey
from protocol.envelope import Purpose, load_public_key, one_key, sign
from protocol.health import Health, HealthKind
from protocol.mailbox import Mail
from protocol.topics import Up
from protocol.wire import to_bytes
from village_node.identity.keys import TlsFiles
from village_node.sync.carrier import Greeting, Outbound
from village_node.sync.engine import Engine
from village_node.sync.mqtt import MqttCarrier, MqttOptions
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits

Making = Callable[[], m.Event | None]


class _Chance:
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def _now_ms() -> int:
    return int(time.monotonic() * 1_000)


@dataclass(kw_only=True)
class LightNode:
    """One node. ``connected`` and ``received`` hold monotonic seconds."""

    enrolled: Enrolled
    port: int
    host: str = "127.0.0.1"
    made: Sequence[Made] = ()
    limits: Limits = field(default_factory=Limits)
    keepalive_s: int = 60
    connected: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    received: dict[bytes, float] = field(default_factory=dict)
    states: dict[bytes, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    """What the node noted about its link, in order."""

    def __post_init__(self) -> None:
        village = self.enrolled.village
        tls = TlsFiles(key=self.enrolled.key_file, certificate=self.enrolled.cert_file, authority=self.enrolled.ca_file)
        options = MqttOptions(
            host=self.host,
            port=self.port,
            node=village.node,
            hub=village.hub.hub,
            tls=tls,
            keepalive_s=self.keepalive_s,
        )
        self.carrier = MqttCarrier(options, _Chance())
        trust = m.Trust(
            node=village.node,
            hub=village.hub.hub,
            log=LogKey.parse(village.hub.log),
            find_message_key=one_key(load_public_key(village.hub.message_key)),
        )
        items = [_facts(each) for each in self.made]
        memory = m.Memory(items=items, newest=village.checkpoint)
        self.engine = Engine(trust, memory, Random(str(village.node)).random, self.limits)
        self._messages = {each.bundle: each for each in self.made}
        self._cursor = self._session = 0

    def greet(self) -> Greeting:
        """Return a new session and its will."""
        self._session = max(self._session + 1, time.time_ns() // 1_000_000)
        return Greeting(session=self._session, will=self._health(HealthKind.DEATH))

    def take(self, event: m.Event) -> None:
        """Let the engine handle an event, and do what it wants."""
        if isinstance(event, m.Connected):
            self.connected.append(time.monotonic())
        elif isinstance(event, m.Disconnected):
            self.lost.append(time.monotonic())
        for action in self.engine.handle(event, _now_ms()):
            if isinstance(action, m.SendAction):
                self._send(action)
            else:
                self._note(action)

    def _note(self, action: m.StoreAction) -> None:
        match action:
            case m.KeepReceipt():
                self.received.setdefault(action.bundle, time.monotonic())
            case m.MarkState():
                self.states[action.bundle] = action.state
            case m.NoteLink():
                self.links.append(action.reason)
            case m.KeepNotice():
                self._cursor = action.notice.number
            case _:
                pass

    def seal_later(self, made: Made) -> m.Event:
        """Return the event of a bundle that was sealed just now."""
        self._messages[made.bundle] = made
        return m.ItemSealed(_facts(made))

    def _send(self, action: m.SendAction) -> None:
        village = self.enrolled.village
        match action:
            case m.SendManifest():
                self._publish(Up.BUNDLE, self._messages[action.bundle].message, action.token)
            case m.SendChunk():
                made = self._messages[action.bundle]
                place = sum(file.chunks for file in made.manifest.attachments[: action.attachment]) + action.index
                self._publish(Up.CHUNK, made.chunks[place], action.token)
            case m.SendBirth() | m.SendHeartbeat():
                kind = HealthKind.BIRTH if isinstance(action, m.SendBirth) else HealthKind.HEARTBEAT
                self._publish(Up.BIRTH if kind is HealthKind.BIRTH else Up.HEALTH, self._health(kind))
            case m.SendMail():
                mail = Mail(node=village.node, cursor=self._cursor, proof=action.proof, free_numbers=100)
                self._publish(Up.MAIL, sign(to_bytes(mail), key=village.node_key, purpose=Purpose.MAIL))
            case m.DropConnection():
                self.carrier.reconnect()

    def _publish(self, kind: Up, payload: bytes, token: int | None = None) -> None:
        self.carrier.publish(Outbound(kind=kind, payload=payload, token=token))

    def _health(self, kind: HealthKind) -> bytes:
        health = Health(
            kind=kind,
            node=self.enrolled.village.node,
            session=self._session,
            claimed_at=time.time_ns() // 1_000_000,
            program="light",
            last_counter=self.enrolled.village.counter,
        )
        return sign(to_bytes(health), key=self.enrolled.village.node_key, purpose=Purpose.HEALTH)


class Fleet:
    """Many light nodes and the thread that runs their engines."""

    def __init__(self, nodes: Sequence[LightNode]) -> None:
        """Take the nodes; nothing connects yet."""
        self.nodes = nodes
        self._queue: queue.SimpleQueue[tuple[LightNode, Making]] = queue.SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet")

    def start(self) -> None:
        """Connect all of them at once."""
        self._thread.start()
        for node in self.nodes:
            node.carrier.start(partial(self._deliver, node), node.greet)

    def tell(self, node: LightNode, event: m.Event) -> None:
        """Give a node an event, from any thread."""
        self._queue.put((node, lambda: event))

    def stop(self) -> None:
        """Disconnect all of them, side by side."""
        stops = [threading.Thread(target=node.carrier.stop, args=(None,)) for node in self.nodes]
        for each in stops:
            each.start()
        for each in stops:
            each.join()
        self._over.set()
        self._thread.join()

    def _deliver(self, node: LightNode, make: Making) -> None:
        self._queue.put((node, make))

    def _run(self) -> None:
        look_at = time.monotonic()
        while not self._over.is_set():
            try:
                node, make = self._queue.get(timeout=0.1)
                event = make()
                if event is not None:
                    node.take(event)
            except queue.Empty:
                pass
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + 0.25
                for node in self.nodes:
                    if node.engine.next_wake_ms() <= _now_ms():
                        node.take(m.Ticked())


def _facts(made: Made) -> m.ItemFacts:
    manifest = made.manifest
    return m.ItemFacts(
        bundle=made.bundle,
        message_digest=hashlib.sha256(made.message).digest(),
        counter=manifest.counter,
        registration_no=manifest.registration_no,
        named=manifest.checkpoint,
        chunks=tuple(file.chunks for file in manifest.attachments),
    )
