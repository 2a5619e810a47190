"""Plays one whole village PC over MQTT: seals, sends manifest, then files, and believes verified receipts alone.

Under Locust every wait here gives way to other players (gevent patches threads and sockets). What it did is written to
a journal, a line for each step of an application: the judge (``books.py``) compares journals with the hub's own books.
"""

import json
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from loadtests.enrol import Enrolled
from loadtests.link import no_delay
from loadtests.village import Made
from protocol.checkpoint import LogKey
from protocol.envelope import TAG_SIGN1, Purpose, load_public_key, one_key, sign
from protocol.errors import ProtocolError
from protocol.health import Health, HealthKind
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import Refusal, verify_from_hub
from protocol.receipt import ReceiptKind, verify_receipt
from protocol.topics import Up, down_filter, up
from protocol.wire import from_bytes, to_bytes

KEEPALIVE_S = 60
CONNECT_S = 60.0
FIRST_AGAIN_S, LONGEST_AGAIN_S = 10.0, 120.0


class PlayError(Exception):
    """The village did not get what it waited for; the text has no value of a resident."""


class Player:
    """One village PC."""

    def __init__(self, enrolled: Enrolled, broker_port: int, journal_dir: Path) -> None:
        """Stay offline."""
        self.enrolled = enrolled
        self._port = broker_port
        self._journal = journal_dir / f"{enrolled.village.node}.jsonl"
        self._log = LogKey.parse(enrolled.village.hub.log)
        self._find_message_key = one_key(load_public_key(enrolled.village.hub.message_key))
        self._receipts: dict[tuple[bytes, ReceiptKind], bytes] = {}
        self._arrivals = threading.Condition()
        self._subscribed = threading.Event()
        self._client: Client | None = None
        self._session = 0
        self.refusals: list[str] = []
        """Codes of what the hub refused."""

    # --- link --------------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Open the connection and wait until the subscription stands.

        Raises:
            PlayError: it does not.
        """
        village = self.enrolled.village
        context = ssl.create_default_context(cafile=str(self.enrolled.ca_file))
        context.load_cert_chain(str(self.enrolled.cert_file), str(self.enrolled.key_file))
        client = Client(CallbackAPIVersion.VERSION2, str(village.node), clean_session=False, protocol=MQTTv311)
        client.tls_set_context(context)
        client.on_socket_open = no_delay
        client.on_connect = lambda connected, *_: connected.subscribe(down_filter(village.node), 1)
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._on_message
        self._subscribed.clear()
        self._client = client
        try:
            client.connect("127.0.0.1", self._port, KEEPALIVE_S)
        except OSError as error:
            raise PlayError(type(error).__name__) from None
        client.loop_start()
        if not self._subscribed.wait(CONNECT_S):
            self.drop()
            raise PlayError("no subscription")
        self._session = max(self._session + 1, int(time.time() * 1000))
        self._publish(Up.BIRTH, self._health(HealthKind.BIRTH, 0))

    def drop(self) -> None:
        """Lose the connection, as a cut line does."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    @property
    def is_online(self) -> bool:
        """Whether there is a connection to publish on."""
        return self._client is not None

    def heartbeat(self, waiting: int) -> None:
        """Say that this PC is alive."""
        self._publish(Up.HEALTH, self._health(HealthKind.HEARTBEAT, waiting))

    # --- applications ------------------------------------------------------------------------------------------------

    def seal(self, service_place: int, files: Sequence[bytes]) -> Made:
        """Seal one application and write it down as submitted."""
        services = [each for each in self.enrolled.services if each.is_open]
        made = self.enrolled.village.seal_application(services[service_place % len(services)], files)
        self._note(made, "sealed")
        return made

    def deliver_manifest(self, made: Made, within_s: float) -> None:
        """Send the manifest again and again until the receipt is here.

        Raises:
            PlayError: no receipt in time, or a rejection.
        """
        self._ask_until(made, ReceiptKind.ARRIVED, within_s)

    def deliver_files(self, made: Made, within_s: float) -> None:
        """Send all chunks and wait for the receipt that says that everything is there.

        Raises:
            PlayError: no receipt in time.
        """
        self.send_chunks(made.chunks)
        try:
            self._wait(made, ReceiptKind.WHOLE, FIRST_AGAIN_S)
        except PlayError:
            self._ask_until(made, ReceiptKind.WHOLE, within_s)

    def send_chunks(self, chunks: Sequence[bytes]) -> None:
        """Hand chunks to the client."""
        for chunk in chunks:
            self._publish(Up.CHUNK, chunk)

    def send(self, kind: Up, payload: bytes, topic: str = "") -> None:
        """Publish whatever it is, on this node's own topic or on another: for players who mean harm."""
        self._publish(kind, payload, topic)

    def _ask_until(self, made: Made, kind: ReceiptKind, within_s: float) -> None:
        deadline, again_s = time.monotonic() + within_s, FIRST_AGAIN_S
        while True:
            self._publish(Up.BUNDLE, made.message)
            try:
                self._wait(made, kind, min(again_s, max(0.0, deadline - time.monotonic())))
            except PlayError:
                if time.monotonic() >= deadline:
                    raise
                again_s = min(again_s * 2, LONGEST_AGAIN_S)
            else:
                return

    def _wait(self, made: Made, kind: ReceiptKind, within_s: float) -> None:
        wanted, rejected = (made.bundle, kind), (made.bundle, ReceiptKind.REJECTED)
        with self._arrivals:
            got = self._arrivals.wait_for(lambda: wanted in self._receipts or rejected in self._receipts, within_s)
        if not got:
            raise PlayError(f"no receipt {kind}")
        if wanted not in self._receipts:
            self._note(made, "rejected")
            raise PlayError("rejected")
        self._note(made, str(kind))

    # --- messages ----------------------------------------------------------------------------------------------------

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if not message.topic.endswith("/receipt"):
            return
        try:
            self._take(payload)
        except ProtocolError as error:
            self.refusals.append(f"unverifiable: {error.code}")

    def _take(self, payload: bytes) -> None:
        if payload[:1] == TAG_SIGN1:
            raw = verify_from_hub(payload, purpose=Purpose.REFUSAL, find_key=self._find_message_key)
            self.refusals.append(from_bytes(raw, Refusal, max_bytes=MAX_MAIL_BYTES).code)
            return
        receipt = verify_receipt(payload, log=self._log)
        key = (receipt.subject.bundle, receipt.subject.kind)
        with self._arrivals:
            if self._receipts.setdefault(key, payload) != payload:
                self.refusals.append("another receipt for the same verdict")
            self._arrivals.notify_all()

    def _publish(self, kind: Up, payload: bytes, topic: str = "") -> None:
        if self._client is None:
            raise PlayError("offline")
        self._client.publish(topic or up(self.enrolled.village.node, kind), payload, qos=1)

    def _health(self, kind: HealthKind, waiting: int) -> bytes:
        village = self.enrolled.village
        health = Health(
            kind=kind,
            node=village.node,
            session=self._session,
            claimed_at=int(time.time() * 1000),
            program="loadtests",
            last_counter=village.counter,
            waiting=waiting,
        )
        return sign(to_bytes(health), key=village.node_key, purpose=Purpose.HEALTH)

    def _note(self, made: Made, event: str) -> None:
        line = {"bundle": made.bundle.hex(), "files": len(made.manifest.attachments), "event": event, "at": time.time()}
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
