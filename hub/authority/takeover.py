"""Ends an open broker session by taking it over: a second connection under a client id closes the first.

MQTT 3.1.1 §3.1.4: "If the ClientId represents a Client already connected to the Server then the Server MUST disconnect
the existing Client." A revocation list keeps a node from coming back, but no broker of ours looks at it again while a
session lasts (measured with Mosquitto 2.0.11). So the authority, which gives every name, makes itself a certificate for
this one, connects with it once, clean, and leaves. The key lives for that connection, the certificate for minutes; it
may publish or read nothing that the node could not.
"""

import socket
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.authority.pki import Entropy
from hub.authority.pki_check import ProvenKey
from hub.authority.pki_files import PkiFiles
from protocol.ids import NodeId

TIMEOUT_S = 5.0
LIFE = timedelta(minutes=10)
ACCEPTED, CONNACK_BYTES = 0, 4
DISCONNECT = b"\xe0\x00"


class TakeOver(StrEnum):
    """How a take-over ended."""

    CUT = "cut"  # the broker let us in under this name: whoever was in is out
    REFUSED = "refused"  # the broker lets nobody in under this name any more
    UNREACHABLE = "unreachable"  # no broker answered: try again


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the hub's own programs reach the broker; the brokers of a cluster are tried in turn."""

    hosts: Sequence[str]
    port: int


def take_over(node: NodeId, files: PkiFiles, broker: Broker, *, now: datetime, entropy: Entropy) -> TakeOver:
    """Close whatever session a node has open.

    Raises:
        OSError: the certificate cannot be written.
        PkiMissingError: there is no authority.
    """
    key, authority = Ed25519PrivateKey.generate(), files.authority
    made = authority.issue_node(node, ProvenKey(public_key=key.public_key()), now=now, entropy=entropy, life=LIFE)
    with tempfile.TemporaryDirectory(prefix="cut-", dir=files.keys.private) as folder:  # mode 0700
        pem = Path(folder) / "client.pem"
        pem.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + authority.with_chain(made)
        )
        context = ssl.create_default_context(cafile=files.ca_file)
        context.load_cert_chain(pem)
    return _try_all(node, broker, context)


def connect_packet(client_id: str) -> bytes:
    """Return a CONNECT of MQTT 3.1.1: clean session, no will, no user name, keep alive 10 s."""
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x0a" + len(name).to_bytes(2) + name
    return b"\x10" + len(body).to_bytes(1) + body


def _try_all(node: NodeId, broker: Broker, context: ssl.SSLContext) -> TakeOver:
    outcome = TakeOver.UNREACHABLE
    for host in broker.hosts:
        outcome = _connect(node, host, broker.port, context)
        if outcome is TakeOver.CUT:
            return outcome
    return outcome


def _connect(node: NodeId, host: str, port: int, context: ssl.SSLContext) -> TakeOver:
    try:
        plain = socket.create_connection((host, port), timeout=TIMEOUT_S)
    except OSError:
        return TakeOver.UNREACHABLE
    with plain:
        try:
            with context.wrap_socket(plain, server_hostname=host) as secured:
                secured.sendall(connect_packet(str(node)))
                said = secured.recv(CONNACK_BYTES)
                if len(said) < CONNACK_BYTES:
                    return TakeOver.UNREACHABLE
                if said[3] != ACCEPTED:
                    return TakeOver.REFUSED
                secured.sendall(DISCONNECT)
                return TakeOver.CUT
        except OSError:
            # Hung up on, or refused in TLS, as by a broker whose revocation list is over: who is in may still be in.
            return TakeOver.UNREACHABLE
