"""Routing by service and territory, and working days that refuse to guess."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalogue.catalogue import Catalogue
from hub.catalogue.errors import CatalogueError
from hub.catalogue.loader import parse_calendar
from hub.catalogue.rules import CalendarYearError, HolidayKind, agency_desks, front_desk, office_code, stage_desk
from protocol.catalogue import OfficeKind
from protocol.ids import VillageCode

KEDEN = VillageCode("33.14.01.2001")
FIXED = "2026-01-01,national_holiday,a\n2026-05-01,national_holiday,b\n2026-08-17,national_holiday,c\n"
HEAD = "date,kind,name\n"


@pytest.mark.parametrize(
    ("code", "front", "beside"),
    [
        ("IMB", "one-stop", ("subdistrict.33.14.01", "agency.dpupr", "agency.dlh")),
        ("PBG", "one-stop", ("agency.dpupr", "agency.dlh")),
        ("REKLAME", "one-stop", ("agency.dpupr", "agency.satpol-pp", "agency.bpkpd")),
        ("JALAN", "subdistrict.33.14.01", ("agency.dishub",)),
        ("PERHELATAN", "subdistrict.33.14.01", ()),
        ("RISET", "one-stop", ("agency.kesbangpol",)),
        ("KK", "civil-registry", ()),
        ("D-SKU", "village.33.14.01.2001", ()),
    ],
)
def test_desks(shipped: Catalogue, code: str, front: str, beside: tuple[str, ...]) -> None:
    service = shipped.service(code, 1)
    assert front_desk(service, KEDEN) == front
    assert agency_desks(service, KEDEN) == beside


def test_every_application_of_every_village_has_desks_that_exist(shipped: Catalogue) -> None:
    for region in shipped.regions.villages:
        village = VillageCode(region.code)
        for service in shipped.newest_services():
            desks = {front_desk(service, village), *(stage_desk(stage, village) for stage in service.stages)}
            assert desks <= shipped.offices.keys()


def test_an_agency_must_be_named() -> None:
    with pytest.raises(ValueError, match="which agency"):
        office_code(OfficeKind.AGENCY, KEDEN)


@pytest.mark.parametrize(("year", "working_days"), [(2025, 237), (2026, 240), (2027, 242)])
def test_working_days_of_the_years(shipped: Catalogue, year: int, working_days: int) -> None:
    before = date(year, 1, 1)
    assert shipped.calendar.working_days_between(before, date(year, 12, 31)) == working_days


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 24), 1, date(2026, 11, 25)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # Friday
        (date(2026, 11, 28), 1, date(2026, 12, 1)),  # Saturday: day 0 is Monday
        (date(2026, 12, 23), 1, date(2026, 12, 28)),  # joint leave, Christmas, weekend
        (date(2026, 3, 17), 1, date(2026, 3, 25)),  # the Eid of 2026
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # over the new year
    ],
)
def test_due_dates(shipped: Catalogue, received: date, days: int, due: date) -> None:
    assert shipped.calendar.add_working_days(received, days) == due


@given(st.dates(date(2025, 1, 1), date(2027, 6, 30)), st.integers(0, 60))
def test_adding_and_counting_agree(shipped: Catalogue, received: date, days: int) -> None:
    calendar = shipped.calendar
    start = calendar.day_zero(received)
    due = calendar.add_working_days(received, days)
    assert calendar.is_working_day(due)
    assert calendar.working_days_between(start, due) == days == -calendar.working_days_between(due, start)


def test_a_missing_year_is_an_error_and_not_a_year_without_holidays(shipped: Catalogue) -> None:
    with pytest.raises(CalendarYearError, match="2028"):
        shipped.calendar.is_working_day(date(2028, 3, 1))
    with pytest.raises(CalendarYearError, match="2028"):
        shipped.calendar.add_working_days(date(2027, 12, 29), 5)


def test_joint_leave_is_told_apart(shipped: Catalogue) -> None:
    assert shipped.calendar.holidays[date(2025, 8, 18)].kind is HolidayKind.JOINT_LEAVE
    assert shipped.calendar.holidays[date(2026, 8, 17)].kind is HolidayKind.NATIONAL


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("day,kind\n", "line 1"),
        (HEAD + "2026-02-30,national_holiday,x\n", "line 2"),
        (HEAD + "2026-01-01,libur,x\n", "line 2"),
        (HEAD + "2026-01-01,joint_leave,x\n2026-01-01,joint_leave,y\n", "line 3"),
        (HEAD + FIXED, "year 2026"),
    ],
)
def test_a_wrong_calendar_is_refused(text: str, place: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_calendar("holidays.csv", text)
    assert (caught.value.file, caught.value.path) == ("holidays.csv", place)
