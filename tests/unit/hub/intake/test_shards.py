"""Every village is heard by exactly one intake, however many there are."""

import re

import pytest

from hub.intake.shards import Shard
from hub.settings import Settings, SettingsError
from protocol import topics
from protocol.ids import HubId, NodeId

HUB = HubId("3314")
NODES = [NodeId(f"3314{subdistrict:02d}2001-01") for subdistrict in (1, 2, 7, 20, 99)]


def hears(filters: list[str], topic: str) -> bool:
    return any(re.fullmatch(each.replace("+", "[^/]+"), topic) for each in filters)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("node", NODES)
def test_each_village_has_one_intake(count: int, node: NodeId) -> None:
    topic = topics.up(node, topics.Up.BUNDLE)
    shards = [Shard(number=number, of=count) for number in range(1, count + 1)]
    assert sum(hears(shard.filters(HUB), topic) for shard in shards) == 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_what_is_dropped_is_everything_else_that_was_ever_subscribed(count: int) -> None:
    shard = Shard(number=1, of=count)
    mine, dropped = set(shard.filters(HUB)), set(shard.foreign_filters(HUB))
    assert mine.isdisjoint(dropped)
    for other in (1, 2, 3, 20):
        assert {each for number in range(1, other + 1) for each in Shard(number=number, of=other).filters(HUB)} <= (
            mine | dropped
        )


def test_sessions_of_several_have_names_of_their_own() -> None:
    assert [Shard(number=number, of=2).suffix for number in (1, 2)] == ["-1", "-2"]
    assert Shard(number=1, of=1).suffix == ""


@pytest.mark.parametrize(
    ("shard", "of", "database", "problem"),
    [
        ("3", "2", "postgresql+psycopg://@/x", "intake_shard: from 1"),
        ("1", "21", "postgresql+psycopg://@/x", "intake_shard: from 1"),
        ("0", "2", "postgresql+psycopg://@/x", "intake_shard: must be at least 1"),
        ("1", "2", "", "several intakes need database_url"),
    ],
)
def test_shares_that_cannot_be_are_refused_at_the_start(shard: str, of: str, database: str, problem: str) -> None:
    given = {
        "SIMPUL_HUB_DATA_DIR": "/nowhere",
        "SIMPUL_HUB_INTAKE_SHARD": shard,
        "SIMPUL_HUB_INTAKE_SHARDS": of,
        "SIMPUL_HUB_DATABASE_URL": database,
    }
    with pytest.raises(SettingsError, match=problem):
        Settings.load(given)
