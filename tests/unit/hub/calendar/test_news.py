"""What nodes hear of the calendar."""

from hub.calendar.news import calendar_data
from hub.calendar.rules import EntryKind
from protocol.notices import CalendarData
from protocol.wire import from_bytes, to_bytes
from tests.unit.hub.calendar.sample_calendar import a_calendar, special


def test_every_day_off_and_no_weekend_of_ramadan() -> None:
    told = calendar_data(a_calendar())
    assert (told.version, told.years) == (2, [2025, 2026, 2027])
    assert len(told.days) == 52 + 27
    assert {day.kind for day in told.days} == {"national_holiday", "joint_leave"}


def test_what_is_closed_at_one_office_names_it_and_what_was_opened_for_all_is_gone() -> None:
    told = calendar_data(
        a_calendar(
            special(EntryKind.CLOSURE, "2026-12-09", "2026-12-09", "one-stop"),
            special(EntryKind.CLOSURE, "2026-12-10", "2026-12-11", "village."),
            special(EntryKind.OPENING, "2026-12-24", "2026-12-24"),
        )
    )
    december = [(day.day[-2:], day.office, day.kind) for day in told.days if day.day.startswith("2026-12")]
    assert december == [
        ("09", "one-stop", "closure"),
        ("10", "village.", "closure"),
        ("11", "village.", "closure"),
        ("25", "", "national_holiday"),
    ]


def test_it_fits_into_a_notice() -> None:
    flood = [special(EntryKind.CLOSURE, "2025-01-01", "2027-12-31", f"agency.d{number}") for number in range(3)]
    body = to_bytes(calendar_data(a_calendar(*flood)))
    assert len(body) < 58_000
    assert len(from_bytes(body, CalendarData, max_bytes=60_000).days) == 600
