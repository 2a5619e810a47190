"""Configurations of the embedded and of the clustered broker, as text. Pure: values in, text out.

Both are ``nats-server`` speaking MQTT 3.1.1. What must be known to read the text:

1. NATS writes a topic ``a/b`` as the subject ``a.b``; ``+`` is ``*`` and ``#`` is ``>``. Our levels hold no dots.
2. With ``verify_and_map`` the user is the certificate's subject, ``CN=3314012001-01``. A user name in CONNECT that says
   something else is refused.
3. Users have no password: the certificate is the proof. ``allowed_connection_types`` keeps them off the NATS port,
   where an empty password would otherwise do.
4. A user without an entry cannot connect; removing the entry and reloading ends its open sessions.
5. The broker does not bind the client id to the user (no such option in 2.15): a rogue certificate can break off or
   wipe a neighbour's session, but sees none of its messages. One more reason why receipts can always be had again.
6. A cluster keeps every message on three machines (``stream_replicas``). Its members know each other by one pinned
   certificate (``routes.py``): with the hub's authority in that place, every village could join as a broker.
7. A QoS 2 publish ends its sender: nobody of ours sends one, and half-done ones would be kept.
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
  reject_qos2_publish: true
  tls {{
    cert_file: {_path(config.cert_file)}
    key_file: {_path(config.key_file)}
    ca_file: {_path(config.ca_file)}
    verify_and_map: true
    timeout: {HANDSHAKE_TIMEOUT_S}
  }}
}}
{render_identities(config.identities, config.hub)}"""


def render_identities(identities: Iterable[str], hub: HubId) -> str:
    """Return who may connect and what each may do; a broker of a cluster reads it from a file of its own."""
    users = ",\n".join(_user(each, hub) for each in _unique(identities))
    return f"""\
authorization {{ users = [
{users}
] }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One broker of a cluster."""

    name: str
    host: str
    """Address or name under which hub, villages and the other members reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """Everything that the configuration of one member says. Files are named relative to it."""

    own: Member
    members: tuple[Member, ...]
    port: int
    route_port: int
    store: str


def render_member(config: ClusterConfig) -> str:
    """Return the configuration file of one member.

    ``identities.conf`` lies beside it and is read again at SIGHUP.
    """
    others = ", ".join(
        _quoted(f"tls://{each.host}:{config.route_port}") for each in config.members if each != config.own
    )
    return f"""\
# Written by simpul-hub broker cluster. Paths are relative to the directory in which nats-server is started: this one.
server_name: {_quoted(config.own.name)}
# The NATS port must exist; nobody is allowed on it.
host: "127.0.0.1"
port: -1
max_payload: {BROKER_MAX_PACKET_BYTES}
# What two of three have, is kept: a power cut of one loses nothing. Nodes send until receipted all the same.
jetstream {{ store_dir: {_quoted(config.store)}, limits {{ default_max_consumers: -1 }}, sync_interval: "1s" }}
cluster {{
  name: "simpul"
  host: {_quoted(config.own.host)}
  port: {config.route_port}
  no_advertise: true
  routes: [{others}]
  tls {{ cert_file: "routes.crt", key_file: "routes.key", ca_file: "routes.crt", timeout: 10 }}
}}
mqtt {{
  host: {_quoted(config.own.host)}
  port: {config.port}
  ack_wait: "{ACK_WAIT}"
  max_ack_pending: {MAX_ACK_PENDING}
  stream_replicas: {len(config.members)}
  reject_qos2_publish: true
  tls {{
    cert_file: "hub-broker.crt"
    key_file: "hub-broker.key"
    ca_file: "ca.crt"
    verify_and_map: true
    timeout: {HANDSHAKE_TIMEOUT_S}
  }}
}}
include "identities.conf"
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
