"""Carries messages by MQTT 3.1.1 with paho: mutual TLS, persistent session, one thread that keeps the link.

Rules (measured traps in parentheses):
1. A fresh client object for each link: paho's own queue of unsent messages is always empty; the engine decides anew.
2. Callbacks only enqueue and never raise (an exception ends paho's thread silently); a watchdog looks for that thread.
3. SUBACK codes are checked (brokers grant nothing with success in CONNACK).
4. TCP_NODELAY (40 ms per small message otherwise). Where the system has them: BBR, which a loss of one packet in
   twenty does not slow down (Reno and CUBIC lose a third of the link), and an end to unanswered data after half a
   keepalive, so that a link that swallows everything is noticed after one and a half (paho alone: two). Waiting for TCP
   to go on by itself is worse: after 40 s of nothing its next try may be 16 s away.
5. After a lost link no wait is longer than a part of the outage so far, with jitter: power that comes back for 20 s is
   used, 208 nodes do not come back in the same second, and who comes last has hardly waited longer than the others.
6. Beacons are subscribed at QoS 0: at QoS 1 the broker keeps them for a village that is away, and 30 days of them
   (5 MB) would come before everything else.
7. Payloads beyond the brokers' limit are refused here (paho re-sends them for ever and blocks all behind them).
8. Brokers of one cluster take turns, each node begins at one of its own choice: after any loss the next one is tried.
"""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from protocol.ids import HubId, NodeId
from protocol.limits import BROKER_MAX_PACKET_BYTES
from protocol.topics import QOS, Down, Up, beacon, down, down_filter, up
from village_node.health.link_meter import LinkMeter
from village_node.health.road import classify, open_context
from village_node.identity.keys import TlsFiles
from village_node.store.ports import Randomness, fraction
from village_node.sync.carrier import Deliver, Greeting, Outbound
from village_node.sync.rules import messages as m

SHORTEST_WAIT_S, LONGEST_WAIT_S = 6.0, 120.0
"""Bounds of the longest wait. Six seconds spread all villages of a regency over several when the hub restarts."""
WAIT_OF_OUTAGE = 0.15
"""The longest wait between two tries, as a part of the time since the link was good: 6 s after 40 s."""
FIRST_WAIT_LEAST, WAIT_LEAST = 0.05, 0.6
"""Of the longest wait. All lost the hub together: the first wait scatters them, the later ones keep them scattered.
Waits that differ less leave no crowd at the moment when the hub is back: a second sees one mean wait's share, 21 %."""
CONNECT_S = 8.0
"""For the TCP connect, and for each step of TLS: four tries of a SYN. A new try after a cut comes soon."""
HANDSHAKE_S = 60.0
"""From TCP connect to SUBACK; TLS with certificates takes 5 s at 64 kbit/s and 0.7 s round trip."""
WATCH_S = 1.0
STEADY_S = 10.0
"""A link that carried for so long was a good one: the waits begin small again. Two PCs with one identity, which
throw each other out, last some seconds at most."""
FAREWELL_S = 2.0
MOST_UNREAD = 2_000
"""Messages that wait to be read, 16 MB of receipts at most; beyond they are dropped, the engine asks again anyway."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class MqttOptions:
    """How to reach the broker, and as whom."""

    host: str
    """One name or address, or those of a cluster's brokers, separated by commas."""
    port: int
    node: NodeId
    hub: HubId
    tls: TlsFiles | None
    """None only for a test's broker on loopback."""
    keepalive_s: int = 60
    websockets: bool = False
    """MQTT inside websockets, as it passes a line that knows nothing but the web."""


class _Link:
    """One connection: its client, its tokens by message id, and how it ended."""

    def __init__(self, client: paho.Client, session: int) -> None:
        self.client = client
        self.session = session
        self.tokens: dict[int, int] = {}
        self.ready = threading.Event()
        self.ready_at = 0.0
        self.is_greeted = False
        """Whether the broker answered our CONNECT; one that takes offence at our certificate never does."""
        self.over = threading.Event()
        self.reason = ""

    def end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.over.set()


class MqttCarrier:
    """Keeps one MQTT link for as long as it is started."""

    def __init__(
        self,
        options: MqttOptions,
        randomness: Randomness,
        prepare: Callable[[], object] = lambda: None,
        meter: LinkMeter | None = None,
    ) -> None:
        """Take address, identity, what is done before each try to connect, and a meter; nothing is opened yet."""
        self._prepare = prepare
        self._meter = meter or LinkMeter()
        self._options = options
        self._randomness = randomness
        hosts = [name.strip() for name in options.host.split(",")]
        first = int(fraction(randomness) * len(hosts)) if len(hosts) > 1 else 0
        self._hosts = itertools.cycle(hosts[first:] + hosts[:first])
        self._kinds = {down(options.node, kind): kind for kind in Down}
        self._beacon = beacon(options.hub)
        self._link: _Link | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._turn = threading.Event()
        self._unread = 0
        self._was_steady = False
        self._deliver: Deliver = _drop

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        """Begin to connect."""
        if self._thread is not None:
            return
        self._deliver = deliver
        self._stopping = threading.Event()  # a thread that could not be joined in time keeps its own and ends
        arguments = (greet, self._stopping)
        self._thread = threading.Thread(target=self._keep_link, args=arguments, name="simpul-link", daemon=True)
        self._thread.start()

    def publish(self, message: Outbound) -> None:
        """Publish at QoS 1; without a link the message is dropped."""
        link = self._link
        if link is None or not link.ready.is_set() or link.over.is_set():
            return
        if len(message.payload) > BROKER_MAX_PACKET_BYTES:
            log.error("mqtt.too_large", kind=str(message.kind))
            return
        began = time.monotonic()
        info = link.client.publish(up(self._options.node, message.kind), message.payload, qos=QOS)
        self._meter.sent(info.mid, len(message.payload), began)
        if message.token is not None and info.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            link.tokens[info.mid] = message.token

    def reconnect(self) -> None:
        """Drop the link; the thread opens it anew."""
        if self._link is not None:
            self._link.end("no_ack")

    def hurry(self) -> None:
        """Do not wait for the next turn."""
        self._turn.set()

    def stop(self, farewell: Outbound | None) -> None:
        """Publish the farewell if there is a link, disconnect, and end the thread."""
        link = self._link
        if farewell is not None and link is not None and link.ready.is_set() and not link.over.is_set():
            info = link.client.publish(up(self._options.node, farewell.kind), farewell.payload, qos=QOS)
            _wait_published(info)
        self._stopping.set()
        self._turn.set()
        if link is not None:
            link.end("stopped")
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    # --- the link's thread -------------------------------------------------------------------------------------------

    def _keep_link(self, greet: Callable[[], Greeting], stopping: threading.Event) -> None:
        failures, good_at = 0, time.monotonic()
        while not stopping.is_set():
            self._was_steady = False
            try:
                self._prepare()
                reason = self._live_once(greet(), stopping)
            except Exception as error:  # noqa: BLE001  # the loop that must outlive everything
                reason = "program"
                log.error("mqtt.unexpected", error=type(error).__name__)
            self._deliver(partial(m.Disconnected, reason))
            now = time.monotonic()
            failures, good_at = (1, now) if self._was_steady else (failures + 1, good_at)
            log.info("mqtt.down", reason=reason, failures=failures)
            if not stopping.is_set():
                longest = min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, WAIT_OF_OUTAGE * (now - good_at)))
                least = FIRST_WAIT_LEAST if failures == 1 else WAIT_LEAST
                self._turn.wait(longest * (least + (1 - least) * fraction(self._randomness)))
                self._turn.clear()

    def _live_once(self, greeting: Greeting, stopping: threading.Event) -> str:
        """Open one link, watch it, and return why it ended."""
        log.info("mqtt.trying")
        try:
            client = self._make_client(greeting)
        except OSError as error:
            return classify(error)
        link = _Link(client, greeting.session)
        self._hook(link)
        try:
            return self._live(client, link, stopping)
        except OSError as error:
            return classify(error)
        finally:
            _unhook(client)

    def _live(self, client: paho.Client, link: _Link, stopping: threading.Event) -> str:
        client.connect(next(self._hosts), self._options.port, keepalive=self._options.keepalive_s)
        self._link = link
        if not stopping.is_set():
            self._turn.clear()  # a wish to hurry is fulfilled; it must not shorten a later wait
        client.loop_start()
        try:
            self._watch(link, stopping)
        finally:
            self._link = None
            self._was_steady = link.ready.is_set() and time.monotonic() - link.ready_at > STEADY_S
            client.disconnect()
            client.loop_stop()
            self._meter.ended()
        return link.reason

    def _watch(self, link: _Link, stopping: threading.Event) -> None:
        began = time.monotonic()
        thread = f"paho-mqtt-client-{self._options.node}"
        while not link.over.wait(WATCH_S):
            if stopping.is_set():
                link.end("stopped")
            elif not any(each.name == thread for each in threading.enumerate()):
                link.end("thread_died")
            elif not link.ready.is_set() and time.monotonic() - began > HANDSHAKE_S:
                link.end("timeout")

    def _make_client(self, greeting: Greeting) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=str(self._options.node),
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            transport="websockets" if self._options.websockets else "tcp",
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(100)  # the engine has its own, smaller windows
        client.will_set(up(self._options.node, Up.DEATH), greeting.will, qos=QOS)
        if self._options.tls is not None:
            client.tls_set_context(open_context(self._options.tls))
        return client

    # --- callbacks: enqueue only -------------------------------------------------------------------------------------

    def _hook(self, link: _Link) -> None:
        client = link.client
        client.on_socket_open = partial(_tune, self._options.keepalive_s)
        client.on_connect = partial(self._on_connect, link)
        client.on_subscribe = partial(self._on_subscribe, link)
        client.on_disconnect = partial(_on_disconnect, link)
        client.on_message = self._on_message
        client.on_publish = partial(self._on_publish, link)

    def _on_connect(
        self, link: _Link, client: paho.Client, _data: object, _flags: paho.ConnectFlags, code: ReasonCode, *_: object
    ) -> None:
        link.is_greeted = True
        if code.is_failure:
            link.end("not_authorised" if code.value in (134, 135) else "broker_refused")
            return
        client.subscribe([(down_filter(self._options.node), QOS), (self._beacon, 0)])

    def _on_subscribe(
        self, link: _Link, _client: paho.Client, _data: object, _mid: int, codes: list[ReasonCode], *_: object
    ) -> None:
        if any(code.is_failure for code in codes):
            link.end("not_authorised")
            return
        link.ready_at = time.monotonic()
        link.ready.set()
        log.info("mqtt.up")
        self._deliver(partial(m.Connected, link.session))

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        kind = self._kinds.get(message.topic)
        if self._unread >= MOST_UNREAD:
            return
        if kind is not None:
            self._unread += 1
            self._deliver(partial(self._read, m.Received(kind, bytes(message.payload))))
        elif message.topic == self._beacon:
            self._unread += 1
            self._deliver(partial(self._read, m.BeaconHeard(bytes(message.payload))))

    def _read(self, event: m.Event) -> m.Event:
        """Count down; called by the thread that reads. A slip of the count between threads does no harm."""
        self._unread = max(0, self._unread - 1)
        return event

    def _on_publish(
        self, link: _Link, _client: paho.Client, _data: object, mid: int, _code: ReasonCode, _properties: Properties
    ) -> None:
        self._meter.acknowledged(mid, time.monotonic())
        self._deliver(partial(_acknowledged, link, mid))


def _unhook(client: paho.Client) -> None:
    """Let go of the link, so that client and link are freed now and not at some later collection of garbage.

    A paho client keeps a pair of sockets until then, and waits with select, which takes no number above 1,023.
    """
    client.on_socket_open = client.on_connect = client.on_subscribe = client.on_disconnect = None
    client.on_message = client.on_publish = None


def _acknowledged(link: _Link, mid: int) -> m.Event | None:
    """Find the token of a message id; called by the thread that publishes, so the token is there by then."""
    token = link.tokens.pop(mid, None)
    return None if token is None or link.over.is_set() else m.Acknowledged(token)


def _on_disconnect(
    link: _Link, _client: paho.Client, _data: object, _flags: paho.DisconnectFlags, code: ReasonCode, *_: object
) -> None:
    if code.getName() == "Keep alive timeout":
        link.end("keepalive")
    else:
        link.end("lost" if link.is_greeted else "cut_early")


def _tune(keepalive_s: int, _client: paho.Client, _data: object, opened: object) -> None:
    """Set what rule 4 says; a system that does not know an option, or does not allow it, goes without."""
    opened = getattr(opened, "_socket", opened)  # paho hands out its wrapper of a websocket, which has no options
    if not isinstance(opened, socket.socket):
        return
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wished: tuple[tuple[str, int | bytes], ...] = (
        ("TCP_CONGESTION", b"bbr"),
        ("TCP_USER_TIMEOUT", keepalive_s * 1_000 // 2),
    )
    for name, value in wished:
        option = getattr(socket, name, None)
        if option is not None:
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.IPPROTO_TCP, option, value)


def _wait_published(info: paho.MQTTMessageInfo) -> None:
    try:
        info.wait_for_publish(FAREWELL_S)
    except (RuntimeError, ValueError):
        log.info("mqtt.no_farewell")


def _drop(make: Callable[[], m.Event | None]) -> None:
    del make
