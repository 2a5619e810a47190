"""When a node gets a further block of registration numbers."""

import pytest

from hub.network.rules import needs_numbers


@pytest.mark.parametrize(
    ("free", "has_this_year", "unused", "expected"),
    [(60, True, 60, False), (59, True, 59, True), (150, False, 150, True), (0, True, 2_000, False)],
)
def test_numbers_are_leased_in_time_but_not_without_end(
    free: int, has_this_year: bool, unused: int, expected: bool
) -> None:
    assert needs_numbers(free, has_this_year=has_this_year, unused=unused) is expected
