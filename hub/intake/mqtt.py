"""The hub's MQTT carrier: the only home of paho in the hub. MQTT 3.1.1, QoS 1, manual acknowledgement.

Rules, each from a measured trap:
1. Callbacks only enqueue and never raise: an exception in ``on_message`` kills paho's thread without a word.
2. Messages are acknowledged after the commit. Villages take turns, so that is not the order of arrival; both brokers
   that are supported take acknowledgements in any order.
3. An acknowledgement of an older connection is dropped: after a reconnect some brokers number anew, and a late one
   would confirm a message that was never committed.
4. A granted subscription is checked: a broker may answer 0x80. Who hears nothing any more says so (``is_deaf``), and
   its process ends to be started again.
5. ``TCP_NODELAY`` is set, without it every hop waits 40 ms.
6. A retained message is acknowledged and ignored: whoever retains on his own topic would be heard at every reconnect.
7. Brokers of one cluster take turns: after a lost link or a failed try the next one is asked. With several the
   keepalive is short, because a surviving broker may answer nothing while the cluster elects (5 to 10 s measured).
"""

import itertools
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.intake.carrier import Incoming, Outgoing
from protocol.topics import QOS

MAX_INFLIGHT = 1_000
MAX_QUEUED = 20_000
KEEPALIVE_S = 20
KEEPALIVE_IN_CLUSTER_S = 5
FAILURE = 128

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOptions:
    """How to reach a broker with mutual TLS."""

    host: str
    """One name or address, or those of a cluster's brokers, separated by commas."""
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path

    @property
    def hosts(self) -> tuple[str, ...]:
        """The brokers, in the order in which they are tried."""
        return tuple(name.strip() for name in self.host.split(","))


@dataclass(frozen=True, slots=True)
class _Mark:
    epoch: int
    mid: int
    qos: int


class MqttCarrier:
    """Carries messages between the hub and a broker."""

    def __init__(
        self, options: BrokerOptions, client_id: str, filters: Sequence[str] = (), dropped: Sequence[str] = ()
    ) -> None:
        """Prepare a client with a persistent session; ``start`` connects.

        ``dropped`` are filters that the session may hold from earlier and that are not wanted any more.
        """
        self._options = options
        self._client_id = client_id
        self._is_started = False
        self._hosts = itertools.cycle(options.hosts)
        self._filters, self._dropped = list(filters), list(dropped)
        self._epoch = 0
        self._inbox: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._connected = threading.Event()
        self._refused = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=MQTTv311, manual_ack=True
        )
        self._client.max_inflight_messages_set(MAX_INFLIGHT)
        self._client.max_queued_messages_set(MAX_QUEUED)
        self._client.reconnect_delay_set(1, 10)
        self._client.tls_set_context(tls_context(options))
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_socket_open = _no_delay

    def start(self) -> None:
        """Connect in the background, and again whenever the link breaks."""
        self._turn_to_next()
        self._is_started = True
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the network thread."""
        self._is_started = False
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s: float) -> bool:
        """Return whether the link is up and the subscription granted, waiting at most this long."""
        return self._connected.wait(timeout_s)

    @property
    def is_deaf(self) -> bool:
        """Whether nothing will arrive any more: a subscription was refused, or paho's thread died."""
        name = f"paho-mqtt-client-{self._client_id}"
        is_gone = self._is_started and not any(thread.name == name for thread in threading.enumerate())
        return self._refused.is_set() or is_gone

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        """Wait up to ``idle_s`` for a first message, then up to ``linger_s`` for at most ``most`` in all."""
        batch: list[Incoming] = []
        until = time.monotonic() + idle_s
        while len(batch) < most:
            try:
                batch.append(self._inbox.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
            if len(batch) == 1:
                until = time.monotonic() + linger_s
        return [item for item in batch if self._is_current(item)]

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Acknowledge what belongs to the present connection."""
        for message in messages:
            if isinstance(message.mark, _Mark) and message.mark.epoch == self._epoch:
                self._client.ack(message.mark.mid, message.mark.qos)

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish what can be published now. What is lost is asked for again by its node."""
        if messages and not self._connected.is_set():
            log.info("publish.skipped", count=len(messages), reason="not connected")
            return
        for message in messages:
            self._client.publish(message.topic, message.payload, qos=QOS)

    def _is_current(self, item: Incoming) -> bool:
        """Drop what an older connection delivered: the broker brings it again, and only then it can be acknowledged."""
        return isinstance(item.mark, _Mark) and item.mark.epoch == self._epoch

    def _turn_to_next(self) -> None:
        """Name the broker of the next try; called by paho's own thread once it runs."""
        keepalive_s = KEEPALIVE_S if len(self._options.hosts) == 1 else KEEPALIVE_IN_CLUSTER_S
        self._client.connect_async(next(self._hosts), self._options.port, keepalive_s)

    def _on_connect_fail(self, client: Client, _: object) -> None:
        del client
        if self._is_started and len(self._options.hosts) > 1:
            self._turn_to_next()

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del flags, properties
        if reason.is_failure:
            log.warning("broker.refused", reason=str(reason))
            return
        log.info("broker.connected")
        if self._dropped:
            client.unsubscribe(self._dropped)
        if self._filters:
            client.subscribe([(name, QOS) for name in self._filters])
        else:
            self._connected.set()

    def _on_disconnect(
        self, client: Client, _: object, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, flags, properties
        self._epoch += 1
        self._connected.clear()
        log.info("broker.disconnected", reason=str(reason))
        if self._is_started and len(self._options.hosts) > 1:
            self._turn_to_next()

    def _on_subscribe(
        self, client: Client, _: object, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, mid, properties
        if any(code.value >= FAILURE for code in codes):
            self._refused.set()
            log.error("broker.subscription_refused")
        else:
            self._connected.set()

    def _on_message(self, client: Client, _: object, message: MQTTMessage) -> None:
        if message.retain:
            client.ack(message.mid, message.qos)
            return
        mark = _Mark(self._epoch, message.mid, message.qos)
        self._inbox.put(Incoming(message.topic, bytes(message.payload), mark))


def tls_context(options: BrokerOptions) -> ssl.SSLContext:
    """Return a client context that trusts the hub's own authority alone and shows this program's certificate."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(options.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(options.cert_file), str(options.key_file))
    return context


def _no_delay(_: Client, __: object, sock: object) -> None:
    set_option: Callable[[int, int, int], None] | None = getattr(sock, "setsockopt", None)
    if set_option is not None:
        set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
