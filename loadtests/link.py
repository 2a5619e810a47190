"""A village's connection to a real broker, for load: publishes, counts and keeps what comes back."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from loadtests.enrol import Enrolled
from loadtests.processes import ProcessError, wait_for
from protocol.envelope import Purpose, load_public_key, one_key, sign
from protocol.mailbox import Mail, NoticeKind, NumberLease, verify_notice
from protocol.topics import Up, down_filter, up
from protocol.wire import from_bytes, to_bytes

WINDOW = 100
MAX_LEASE_BYTES = 1_000
ATTEMPTS = 15
ASK_AGAIN_S = 2.0


class VillageLink:
    """One MQTT connection of one village."""

    def __init__(self, enrolled: Enrolled, broker_port: int) -> None:
        """Connect, subscribe, and wait until both stand."""
        self.enrolled = enrolled
        self.receipts: list[tuple[float, bytes]] = []
        self._notices: list[bytes] = []
        self._cursor = 0
        self._subscribed = threading.Event()
        village = enrolled.village
        context = ssl.create_default_context(cafile=str(enrolled.ca_file))
        context.load_cert_chain(str(enrolled.cert_file), str(enrolled.key_file))
        self._client = Client(CallbackAPIVersion.VERSION2, str(village.node), clean_session=False, protocol=MQTTv311)
        self._client.max_inflight_messages_set(WINDOW)
        self._client.tls_set_context(context)
        self._client.on_socket_open = no_delay
        self._client.on_connect = lambda client, *_: client.subscribe(down_filter(village.node), 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", broker_port, 60)
        self._client.loop_start()
        wait_for(self._subscribed.is_set, "no subscription")

    def send(self, messages: Sequence[bytes], kind: Up = Up.BUNDLE) -> None:
        """Hand messages to the client, which keeps its window full."""
        topic = up(self.enrolled.village.node, kind)
        for message in messages:
            self._client.publish(topic, message, qos=1)

    def lease_numbers(self, wanted: int) -> None:
        """Ask for blocks of registration numbers until the village holds at least this many."""
        village = self.enrolled.village
        while sum(block.last - block.first + 1 for block in village.numbers) < wanted:
            self._notices.clear()
            mail = to_bytes(Mail(node=village.node, cursor=self._cursor, free_numbers=0))
            self._ask([sign(mail, key=village.node_key, purpose=Purpose.MAIL)])
            self._take_leases()

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _ask(self, mail: Sequence[bytes]) -> None:
        """Send mail again and again until a notice comes: the hub may not have subscribed yet."""
        for _ in range(ATTEMPTS):
            self.send(mail, Up.MAIL)
            deadline = time.monotonic() + ASK_AGAIN_S
            while time.monotonic() < deadline:
                if self._notices:
                    return
                time.sleep(0.005)
        message = "no lease"
        raise ProcessError(message)

    def _take_leases(self) -> None:
        village = self.enrolled.village
        find = one_key(load_public_key(village.hub.message_key))
        for raw in list(self._notices):
            notice = verify_notice(raw, node=village.node, find_key=find)
            if notice.number == self._cursor + 1:
                self._cursor = notice.number
                if notice.kind == NoticeKind.LEASE:
                    village.numbers.append(from_bytes(notice.body, NumberLease, max_bytes=MAX_LEASE_BYTES))

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        if message.topic.endswith("/receipt"):
            self.receipts.append((time.perf_counter(), bytes(message.payload)))
        elif message.topic.endswith("/mail"):
            self._notices.append(bytes(message.payload))


def no_delay(_: Client, __: object, sock: object) -> None:
    """Switch Nagle's algorithm off: it would hold small messages back by 40 ms."""
    set_option: Callable[[int, int, int], None] | None = getattr(sock, "setsockopt", None)
    if set_option is not None:
        set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
