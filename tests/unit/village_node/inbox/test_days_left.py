"""Working days by the hub's calendar: closed days, an office that opens all the same, and years that nobody told."""

from datetime import date

import pytest

from village_node.inbox.calendar import Calendar

CALENDAR = Calendar(
    version=1,
    years=frozenset({2026}),
    closed=frozenset({(date(2026, 12, 24), ""), (date(2026, 12, 23), "agency.dpupr")}),
    opened=frozenset({(date(2026, 12, 24), "one-stop"), (date(2026, 12, 26), "one-stop")}),
)
TUESDAY = date(2026, 12, 22)


@pytest.mark.parametrize(
    ("office", "due", "left"),
    [
        ("", date(2026, 12, 25), 2),
        ("agency.dpupr", date(2026, 12, 25), 1),
        ("one-stop", date(2026, 12, 26), 4),  # joint leave and a Saturday, and it works
        ("", TUESDAY, 0),
        ("", date(2026, 12, 18), -2),
        ("", date(2027, 1, 4), None),
    ],
)
def test_days_are_counted_as_the_office_works(office: str, due: date, left: int | None) -> None:
    assert CALENDAR.working_days_left(TUESDAY, due, office) == left
