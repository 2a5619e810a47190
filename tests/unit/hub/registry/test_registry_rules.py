"""Names of nodes, blocks of numbers, the year of a lease."""

from datetime import UTC, datetime

import pytest

from hub.registry.rules import covers, lease_year, next_block, next_node
from protocol.ids import HubId, NodeId, RegistrationNo, VillageCode
from protocol.mailbox import NumberLease

VILLAGE = VillageCode("33.14.05.2003")
NODE = NodeId("3314052003-01")


@pytest.mark.parametrize(
    ("used", "name"),
    [([], "3314052003-01"), ([1], "3314052003-02"), ([1, 7], "3314052003-08"), ([98], "3314052003-99"), ([99], None)],
)
def test_a_name_is_never_given_twice(used: list[int], name: str | None) -> None:
    assert next_node(VILLAGE, used) == name


@pytest.mark.parametrize(
    ("first", "count", "last"), [(1, 200, 200), (201, 1, 201), (9_999_800, 200, 9_999_999), (9_999_801, 200, None)]
)
def test_blocks_end_with_the_year(first: int, count: int, last: int | None) -> None:
    block = next_block(2026, first, count)
    assert (None if block is None else (block.first, block.last)) == (None if last is None else (first, last))


@pytest.mark.parametrize(
    ("hub", "year", "number", "held"),
    [
        ("3314", 2026, 1, True),
        ("3314", 2026, 200, True),
        ("3314", 2026, 201, False),
        ("3314", 2025, 5, False),
        ("3315", 2026, 5, False),
    ],
)
def test_a_number_is_held_in_its_block_year_and_regency(hub: str, year: int, number: int, held: bool) -> None:
    lease = NumberLease(year=2026, first=1, last=200)
    assert covers([lease], NODE, RegistrationNo.build(HubId(hub), year, number)) is held


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2026, 12, 31, 16, 59, tzinfo=UTC), 2026),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), 2027),
    ],
)
def test_the_year_begins_at_midnight_in_java(now: datetime, year: int) -> None:
    assert lease_year(now) == year
