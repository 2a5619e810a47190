"""What the embedded broker's configuration says, without starting it."""

import re
from pathlib import Path

import pytest

from hub.authority.pki import HubClient
from hub.brokers.config import BrokerConfig, permissions_of, render, subject
from hub.brokers.embedded import BrokerRefusedError, check_embedded_allowed
from protocol import topics
from protocol.errors import SchemaError
from protocol.ids import HubId, NodeId

HUB = HubId("3314")
NODE = NodeId("3314012001-01")


def a_config(*identities: str) -> str:
    folder = Path("/srv/simpul")
    return render(
        BrokerConfig(
            host="127.0.0.1",
            port=18883,
            directory=folder,
            cert_file=folder / "b.crt",
            key_file=folder / "b.key",
            ca_file=folder / "ca.crt",
            hub=HUB,
            identities=identities,
        )
    )


def matches(topic_filter: str, topic: str) -> bool:
    pattern = re.escape(topic_filter).replace(re.escape("+"), "[^/]+").replace(re.escape("#"), ".*")
    return re.fullmatch(pattern, topic) is not None


def may(filters: tuple[str, ...], topic: str) -> bool:
    return any(matches(each, topic) for each in filters)


def every_topic(node: NodeId) -> list[str]:
    return [
        *(topics.up(node, kind) for kind in topics.Up),
        *(topics.down(node, kind) for kind in topics.Down),
        topics.beacon(HUB),
    ]


def test_a_node_publishes_on_its_uplink_alone() -> None:
    allowed = permissions_of(NODE, HUB).publish
    neighbour = NodeId("3314012002-01")
    assert [topic for topic in every_topic(NODE) + every_topic(neighbour) if may(allowed, topic)] == [
        topics.up(NODE, kind) for kind in topics.Up
    ]


def test_a_node_hears_its_downlink_and_the_beacon_alone() -> None:
    allowed = permissions_of(NODE, HUB).subscribe
    neighbour = NodeId("3314012002-01")
    assert [topic for topic in every_topic(NODE) + every_topic(neighbour)[:-1] if may(allowed, topic)] == [
        *(topics.down(NODE, kind) for kind in topics.Down),
        topics.beacon(HUB),
    ]


@pytest.mark.parametrize("client", HubClient)
def test_the_hub_publishes_down_and_the_beacon_never_up(client: HubClient) -> None:
    allowed = permissions_of(client, HUB).publish
    assert [topic for topic in every_topic(NODE) if may(allowed, topic)] == every_topic(NODE)[len(topics.Up) :]


def test_only_intake_hears_the_uplinks() -> None:
    heard = {
        client: may(permissions_of(client, HUB).subscribe, topics.up(NODE, topics.Up.BUNDLE)) for client in HubClient
    }
    assert heard == {HubClient.INTAKE: True, HubClient.WORKER: False}


@pytest.mark.parametrize("name", ["", "#", "3314012001-01/x", "3314012001-1", "hub-intakes", 'x", permissions: {}'])
def test_a_name_that_is_no_identity_is_refused(name: str) -> None:
    with pytest.raises(SchemaError):
        a_config(name)


def test_subjects_are_topics_with_dots() -> None:
    assert subject("simpul/v1/+/hub/#") == "simpul.v1.*.hub.>"


@pytest.mark.parametrize("topic", ["a.b", "a b", "a>", "*"])
def test_a_level_that_nats_would_escape_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="escapes"):
        subject(topic)


def test_every_user_is_kept_to_mqtt() -> None:
    text = a_config(NODE)
    users = re.findall(r'user: "CN=([^"]+)", allowed_connection_types: \["MQTT"\]', text)
    assert users == ["3314012001-01", "hub-intake", "hub-worker"]
    assert "verify_and_map: true" in text
    assert 'sync_interval: "1s"' in text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "broker.example", ""])
def test_the_embedded_broker_refuses_to_be_reached_from_outside(host: str) -> None:
    with pytest.raises(BrokerRefusedError) as refused:
        check_embedded_allowed(host=host, production=False)
    assert refused.value.exit_code == 78


def test_the_embedded_broker_refuses_production() -> None:
    with pytest.raises(BrokerRefusedError):
        check_embedded_allowed(host="127.0.0.1", production=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_loopback_is_allowed(host: str) -> None:
    check_embedded_allowed(host=host, production=False)
