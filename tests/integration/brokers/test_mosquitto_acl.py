"""The production access list says what ``protocol/topics.py`` says, for every identity and every topic."""

import re
from pathlib import Path

import pytest

from deploy.brokers.mosquitto import main, render_acl
from hub.authority.pki import HubClient
from hub.brokers.config import permissions_of
from protocol import topics
from protocol.ids import HubId, NodeId

HUB = HubId("3314")
NODES = (NodeId("3314012001-01"), NodeId("3314012001-02"), NodeId("3314202005-01"))
TOPICS = [
    *(topics.up(node, kind) for node in NODES for kind in topics.Up),
    *(topics.down(node, kind) for node in NODES for kind in topics.Down),
    topics.beacon(HUB),
    topics.beacon(HubId("3313")),
]


def matches(topic_filter: str, topic: str) -> bool:
    return re.fullmatch(re.escape(topic_filter).replace(r"\+", "[^/]+").replace(r"\#", ".*"), topic) is not None


def listed(identity: str, access: str) -> list[str]:
    """Return the topics that the access list gives to an identity, read as Mosquitto reads it."""
    filters, user = [], ""
    for line in render_acl(HUB).splitlines():
        words = line.split()
        if words[:1] == ["user"]:
            user = words[1]
        elif words[:2] == ["topic", access] and user == identity:
            filters.append(words[2])
        elif words[:2] == ["pattern", access]:
            filters.append(words[2].replace("%u", identity))
    return [topic for topic in TOPICS if any(matches(each, topic) for each in filters)]


def meant(identity: str, access: str) -> list[str]:
    allowed = permissions_of(identity, HUB)
    filters = allowed.publish if access == "write" else allowed.subscribe
    return [topic for topic in TOPICS if any(matches(each, topic) for each in filters)]


@pytest.mark.parametrize("identity", [*NODES, HubClient.INTAKE, HubClient.WORKER])
def test_writing_is_as_on_the_embedded_broker(identity: str) -> None:
    assert listed(identity, "write") == meant(identity, "write") != []


@pytest.mark.parametrize("identity", [*NODES, HubClient.INTAKE])
def test_reading_is_as_on_the_embedded_broker(identity: str) -> None:
    expected = meant(identity, "read")
    beacons = [topic for topic in listed(identity, "read") if topic == topics.beacon(HUB)]
    assert [topic for topic in listed(identity, "read") if topic not in beacons] == [
        topic for topic in expected if topic != topics.beacon(HUB)
    ]


def test_every_topic_has_one_side_that_writes_and_one_that_reads() -> None:
    identities = (*NODES, *HubClient)
    for topic in TOPICS[:-1]:
        assert [each for each in identities if topic in listed(each, "write")]
        assert [each for each in identities if topic in listed(each, "read")]


def test_an_administrator_gets_both_files(tmp_path: Path) -> None:
    assert main(["render", "--hub", "3314", "--pki", "/etc/simpul/broker", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "simpul.conf").read_text()
    assert "$" not in text.replace("$SYS", "")
    assert "listener 8883 0.0.0.0" in text
    assert (tmp_path / "simpul.acl").read_text() == render_acl(HUB)
