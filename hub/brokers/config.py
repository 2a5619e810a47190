"""The embedded broker's configuration, as text. Pure: values in, text out.

The embedded broker is ``nats-server`` speaking MQTT 3.1.1. What must be known to read the text:

1. NATS writes a topic ``a/b`` as the subject ``a.b``; ``+`` is ``*`` and ``#`` is ``>``. Our levels hold no dots.
2. With ``verify_and_map`` the user is the certificate's subject, ``CN=3314012001-01``. A user name in CONNECT that says
   something else is refused.
3. Users have no password: the certificate is the proof. ``allowed_connection_types`` keeps them off the NATS port,
   where an empty password would otherwise do.
4. A user without an entry cannot connect; removing the entry and reloading ends its open sessions.
5. The broker does not bind the client id to the user (no such option in 2.15): a rogue certificate can break off or
   wipe a neighbour's session, but sees none of its messages. One more reason why receipts can always be had again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.authority.pki import HubClient
from protocol import topics
from protocol.ids import HubId, NodeId
from protocol.limits import BROKER_MAX_PACKET_BYTES

ACK_WAIT = "10s"
"""Un-acknowledged messages come again after this. Intake acknowledges within milliseconds; what it held when it was
killed should not wait for the default 30 s."""

MAX_ACK_PENDING = 1000
"""Messages that intake may hold un-acknowledged: five batches of 200, so that a batch is never starved."""

HANDSHAKE_TIMEOUT_S = 30
"""TLS over a slow village link takes 5 to 7 s (measured at 64 kbit/s, 700 ms round trip)."""

LOG_SIZE_LIMIT = "10MB"

CALLBACK_SUBJECT = "$MQTT.sub.>"
"""Where NATS delivers QoS 1 messages to a session. Subscribing to it over MQTT is refused by the broker itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """Everything that the configuration says."""

    host: str
    port: int
    directory: Path
    cert_file: Path
    key_file: Path
    ca_file: Path
    hub: HubId
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Topic filters that an identity may publish to and subscribe to; nothing else."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions_of(identity: str, hub: HubId) -> Permissions:
    """Return what an identity may do, from the topic names of the protocol.

    Raises:
        SchemaError: neither a program of the hub nor a node's name.
    """
    if identity in set(HubClient):
        every_down = topics.up_filter(hub).replace("/up/", "/down/")
        up = (topics.up_filter(hub),) if identity == HubClient.INTAKE else ()
        return Permissions(publish=(every_down, topics.beacon(hub)), subscribe=up)
    node = NodeId(identity)
    return Permissions(
        publish=tuple(topics.up(node, kind) for kind in topics.Up),
        subscribe=(topics.down_filter(node), topics.beacon(hub)),
    )


def subject(topic_filter: str) -> str:
    """Return the NATS subject of an MQTT topic filter.

    Raises:
        ValueError: a level that NATS would escape.
    """
    if any(letter in topic_filter for letter in ". *>"):
        raise ValueError("a topic level with a letter that NATS escapes")
    return topic_filter.replace("/", ".").replace("+", "*").replace("#", ">")


def render(config: BrokerConfig) -> str:
    """Return the configuration file's text."""
    store = config.directory / "store"
    users = ",\n".join(_user(each, config.hub) for each in _unique(config.identities))
    return f"""\
# Written by hub/brokers/config.py; changes are lost at the next start or enrolment.
server_name: "simpul-embedded"
# The NATS port must exist; nobody is allowed on it.
host: {_quoted(config.host)}
port: -1
pid_file: {_path(config.directory / "broker.pid")}
log_file: {_path(config.directory / "broker.log")}
log_size_limit: {LOG_SIZE_LIMIT}
max_payload: {BROKER_MAX_PACKET_BYTES}
# Without the -1 the 501st subscribed node is refused. A power cut may lose a second: nodes send until receipted.
jetstream {{ store_dir: {_path(store)}, limits {{ default_max_consumers: -1 }}, sync_interval: "1s" }}
mqtt {{
  host: {_quoted(config.host)}
  port: {config.port}
  ack_wait: "{ACK_WAIT}"
  max_ack_pending: {MAX_ACK_PENDING}
  tls {{
    cert_file: {_path(config.cert_file)}
    key_file: {_path(config.key_file)}
    ca_file: {_path(config.ca_file)}
    verify_and_map: true
    timeout: {HANDSHAKE_TIMEOUT_S}
  }}
}}
authorization {{ users = [
{users}
] }}
"""


def _user(identity: str, hub: HubId) -> str:
    allowed = permissions_of(identity, hub)
    publish = json.dumps([subject(each) for each in allowed.publish])
    subscribe = json.dumps([*(subject(each) for each in allowed.subscribe), CALLBACK_SUBJECT])
    return (
        f'  {{ user: "CN={identity}", allowed_connection_types: ["MQTT"], '
        f"permissions: {{ publish: {publish}, subscribe: {subscribe} }} }}"
    )


def _unique(identities: Iterable[str]) -> list[str]:
    return sorted({*identities, *HubClient})


def _quoted(text: str) -> str:
    return json.dumps(text)


def _path(path: Path) -> str:
    return json.dumps(path.resolve().as_posix())
