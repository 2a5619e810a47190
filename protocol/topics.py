"""Topic names both ways, their QoS, and which identity may use which.

``simpul/v1/{regency}/{subdistrict}/{village}/{node}/up/...`` and ``.../down/...``: one identity, one subtree. Region
codes are dotless digits. Everything is QoS 1; nothing that the broker says counts as delivery.
"""

from dataclasses import dataclass
from enum import StrEnum

from protocol.errors import SchemaError, TopicError
from protocol.ids import HubId, NodeId

ROOT = "simpul/v1"
QOS = 1
MAX_TOPIC_CHARACTERS = 120


class Up(StrEnum):
    """Node to hub."""

    BUNDLE = "bundle"
    CHUNK = "chunk"
    MAIL = "mail"
    HEALTH = "health"
    BIRTH = "birth"
    DEATH = "death"  # the broker publishes it as the node's last will


class Down(StrEnum):
    """Hub to node."""

    RECEIPT = "receipt"
    NEED = "need"
    MAIL = "mail"
    CONTROL = "control"
    PART = "part"  # a piece of a document that the node asked for


@dataclass(frozen=True, slots=True)
class UpTopic:
    """A parsed uplink topic. Its node is the identity that the broker's access list guarantees."""

    node: NodeId
    kind: Up


def subtree(node: NodeId) -> str:
    """Return the part of the topic that belongs to one node alone."""
    village = node.village
    return f"{ROOT}/{village.regency.dotless}/{village.subdistrict.dotless}/{village.dotless}/{node}"


def up(node: NodeId, kind: Up) -> str:
    """Return the topic on which a node publishes."""
    return f"{subtree(node)}/up/{kind}"


def down(node: NodeId, kind: Down) -> str:
    """Return the topic on which the hub publishes to a node."""
    return f"{subtree(node)}/down/{kind}"


def down_filter(node: NodeId) -> str:
    """Return the filter to which a node subscribes for what is meant for it."""
    return f"{subtree(node)}/down/+"


def beacon(hub: HubId) -> str:
    """Return the topic of the hub's beacon."""
    return f"{ROOT}/{hub}/hub/beacon"


def up_filter(hub: HubId, subdistrict: str = "+") -> str:
    """Return the filter to which an intake subscribes; one subdistrict (dotless) makes a shard."""
    return f"{ROOT}/{hub}/{subdistrict}/+/+/up/+"


def parse_up(topic: str) -> UpTopic:
    """Parse an uplink topic.

    Raises:
        TopicError: not an uplink topic, or its levels contradict each other.
    """
    levels = topic.split("/") if len(topic) <= MAX_TOPIC_CHARACTERS else []
    if len(levels) != 8 or levels[6] != "up":  # noqa: PLR2004  # simpul v1 regency subdistrict village node up kind
        raise TopicError
    try:
        parsed = UpTopic(node=NodeId(levels[5]), kind=Up(levels[7]))
    except (SchemaError, ValueError):
        raise TopicError from None
    if topic != up(parsed.node, parsed.kind):
        raise TopicError
    return parsed
