"""MQTT packets by hand, for what no honest client sends."""

import socket
import ssl
from dataclasses import dataclass, field

from hub.brokers.embedded import BrokerOptions
from tests.brokers import tls_context

CONNECT, PUBLISH = 0x10, 0x30
ACCEPTED = b"\x20\x02\x00\x00"


def packet(kind: int, body: bytes) -> bytes:
    """Return a whole packet."""
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def field_of(content: bytes) -> bytes:
    """Return a string field: its length, then whatever it holds."""
    return len(content).to_bytes(2) + content


def connect_packet(client_id: bytes, *, keepalive: int = 60, user: bytes = b"", level: int = 4) -> bytes:
    """Return a CONNECT with a clean session; level 4 is MQTT 3.1.1 and 5 is MQTT 5."""
    flags = 0x02 | (0x80 if user else 0)
    properties = b"\x00" if level == 5 else b""  # MQTT 5
    body = field_of(b"MQTT") + bytes([level, flags]) + keepalive.to_bytes(2) + properties + field_of(client_id)
    return packet(CONNECT, body + (field_of(user) if user else b""))


def publish_packet(topic: str, payload: bytes, *, qos: int = 1, mid: int = 1, properties: bytes | None = None) -> bytes:
    """Return a PUBLISH; properties are given for MQTT 5 only."""
    head = field_of(topic.encode()) + (mid.to_bytes(2) if qos else b"")
    return packet(PUBLISH | qos << 1, head + (b"" if properties is None else properties) + payload)


@dataclass
class Line:
    """A raw connection to a broker, after TLS."""

    options: BrokerOptions
    received: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        plain = socket.create_connection((self.options.host, self.options.port), timeout=10)
        self.secured = tls_context(self.options).wrap_socket(plain, server_hostname=self.options.host)

    def __enter__(self) -> "Line":  # noqa: PYI034  # nothing inherits
        return self

    def __exit__(self, *_: object) -> None:
        self.secured.close()

    def send(self, *packets: bytes) -> bool:
        """Send, and say whether the other side still took it."""
        try:
            self.secured.sendall(b"".join(packets))
        except (ssl.SSLError, OSError):
            return False
        return True

    def answer(self, timeout_s: float = 5) -> bytes:
        """Return what comes next; nothing when the other side hung up, or is silent for so long."""
        self.secured.settimeout(timeout_s)
        try:
            return self.secured.recv(4_096)
        except (ssl.SSLError, OSError):
            return b""

    def is_hung_up(self, within_s: float) -> bool:
        """Return whether the other side ends the connection in time."""
        self.secured.settimeout(within_s)
        try:
            while self.secured.recv(4_096):
                pass
        except TimeoutError:
            return False
        except (ssl.SSLError, OSError):
            return True
        return True
