"""Topics: one identity, one subtree; no text outside of it parses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import topics
from protocol.errors import ProtocolError, TopicError
from protocol.ids import HubId, NodeId
from protocol.topics import Down, Up, parse_up
from tests.unit.protocol.builders import NODE, OTHER_NODE

GENUINE = "simpul/v1/3314/331401/3314012001/3314012001-01/up/bundle"


def test_the_topics_of_a_node() -> None:
    assert topics.up(NODE, Up.BUNDLE) == GENUINE
    assert topics.down(NODE, Down.RECEIPT) == "simpul/v1/3314/331401/3314012001/3314012001-01/down/receipt"
    assert topics.down_filter(NODE) == "simpul/v1/3314/331401/3314012001/3314012001-01/down/+"
    assert topics.subtree(OTHER_NODE) != topics.subtree(NODE)


def test_the_topics_of_a_hub() -> None:
    assert topics.beacon(HubId("3314")) == "simpul/v1/3314/hub/beacon"
    assert topics.up_filter(HubId("3314")) == "simpul/v1/3314/+/+/+/up/+"
    assert topics.up_filter(HubId("3314"), "331401") == "simpul/v1/3314/331401/+/+/up/+"


@pytest.mark.parametrize("kind", Up)
def test_an_uplink_topic_names_node_and_kind(kind: Up) -> None:
    assert parse_up(topics.up(NODE, kind)) == topics.UpTopic(node=NODE, kind=kind)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        GENUINE[1:],
        "/" + GENUINE,
        GENUINE + "/",
        GENUINE + "/x",
        GENUINE.upper(),
        GENUINE.replace("v1", "v2"),
        GENUINE.replace("simpul", "other"),
        GENUINE.replace("/up/", "/down/"),
        GENUINE.replace("bundle", "receipt"),
        GENUINE.replace("bundle", "+"),
        GENUINE.replace("bundle", ""),
        GENUINE.replace("bundle", "Bundle"),
        GENUINE.replace("3314012001-01", "+"),
        GENUINE.replace("/3314012001/", "/3314012002/"),
        GENUINE.replace("/331401/", "/331402/"),
        GENUINE.replace("/3314/", "/3315/"),
        GENUINE.replace("3314012001-01", "3314012002-01"),
        GENUINE.replace("3314012001-01", "3300012001-01"),
        GENUINE + "\n",
        GENUINE.replace("3314", "３３１４"),
        "simpul/v1/3314/hub/beacon",
        "a" * 200_000,
        "/" * 200_000,
    ],
    ids=lambda topic: ascii(topic)[:60],
)
def test_what_is_no_uplink_topic_is_refused(topic: str) -> None:
    with pytest.raises(TopicError):
        parse_up(topic)


def test_every_message_of_a_node_is_within_the_filter_of_its_hub() -> None:
    pattern = topics.up_filter(HubId("3314")).split("/")
    for kind in Up:
        levels = topics.up(NODE, kind).split("/")
        assert len(levels) == len(pattern)
        assert all(wanted in {"+", level} for wanted, level in zip(pattern, levels, strict=True))


@given(st.text(max_size=130))
def test_random_text_raises_only_protocol_errors(text: str) -> None:
    for topic in (text, GENUINE[:-6] + text, f"{GENUINE[:28]}{text}{GENUINE[40:]}"):
        try:
            parsed = parse_up(topic)
        except ProtocolError:
            continue
        assert topics.up(parsed.node, parsed.kind) == topic


@given(st.from_regex(NodeId.pattern, fullmatch=True), st.sampled_from(Up))
def test_every_node_has_its_topics(name: str, kind: Up) -> None:
    assert parse_up(topics.up(NodeId(name), kind)).node == name
