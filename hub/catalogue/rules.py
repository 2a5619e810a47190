"""Pure decisions of the catalogue: which desk has an application, and what is a working day.

Rules of routing:
1. The front desk is the issuing office of the service: one-stop office and civil registry serve the whole regency, a
   subdistrict office its villages, a village office its own village (Permendagri 4/2010, Perbup Sragen 19/2016).
2. Everybody else who works at a stage is a desk beside it: technical agencies, and the village's subdistrict office.

Rules of time (Perpres 21/2023):
3. Working days are Monday to Friday without national holidays and joint leave (cuti bersama).
4. The day of a complete and correct file is day 0; a file that comes on a day off begins on the next working day.
5. A year that the calendar does not have is an error: "no holidays known" must never pass for "no holidays".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from protocol.catalogue import OfficeCode, OfficeKind, Service, Stage
from protocol.ids import VillageCode

_SATURDAY = 5
_ONE_DAY = timedelta(days=1)


class CalendarYearError(Exception):
    """A date in a year whose holidays are not known."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holidays known for {year}")
        self.year = year


class HolidayKind(StrEnum):
    """Why offices are closed."""

    NATIONAL = "national_holiday"
    JOINT_LEAVE = "joint_leave"


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """One day off, with its Indonesian name."""

    day: date
    kind: HolidayKind
    name: str


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The days off of the years that are known."""

    holidays: Mapping[date, Holiday]
    years: frozenset[int]

    def is_working_day(self, day: date) -> bool:
        """Tell whether offices work on this day.

        Raises:
            CalendarYearError: the year is not in the calendar.
        """
        if day.year not in self.years:
            raise CalendarYearError(day.year)
        return day.weekday() < _SATURDAY and day not in self.holidays

    def day_zero(self, received: date) -> date:
        """Return the day itself, or the next working day (rule 4).

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        while not self.is_working_day(received):
            received += _ONE_DAY
        return received

    def add_working_days(self, received: date, working_days: int) -> date:
        """Return the day on which ``working_days`` end that began with day 0 = ``received``.

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        day = self.day_zero(received)
        while working_days > 0:
            day = self.day_zero(day + _ONE_DAY)
            working_days -= 1
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Return how many working days lie after ``start`` up to and with ``end``; negative when ``end`` is earlier.

        Raises:
            CalendarYearError: a year on the way is not in the calendar.
        """
        if end < start:
            return -self.working_days_between(end, start)
        days = (start + timedelta(days=step) for step in range(1, (end - start).days + 1))
        return sum(self.is_working_day(day) for day in days)


def calendar_of(holidays: Iterable[Holiday]) -> Calendar:
    """Make a calendar of these days off; it knows the years that they name."""
    by_day = {holiday.day: holiday for holiday in holidays}
    return Calendar(holidays=by_day, years=frozenset(day.year for day in by_day))


def office_code(kind: OfficeKind, village: VillageCode, agency: OfficeCode | None = None) -> OfficeCode:
    """Return the office of this kind that serves this village; for ``agency`` the agency itself.

    Raises:
        ValueError: kind ``agency`` without an agency.
    """
    match kind:
        case OfficeKind.SUBDISTRICT:
            return OfficeCode(f"subdistrict.{village.subdistrict}")
        case OfficeKind.VILLAGE:
            return OfficeCode(f"village.{village}")
        case OfficeKind.AGENCY:
            if agency is None:
                raise ValueError("which agency?")
            return agency
        case _:
            return OfficeCode(kind.value.replace("_", "-"))


def front_desk(service: Service, village: VillageCode) -> OfficeCode:
    """Return the office that takes the application in, checks completeness and issues (rule 1)."""
    return office_code(service.issuer, village)


def stage_desk(stage: Stage, village: VillageCode) -> OfficeCode:
    """Return the office that works at a stage for an application from this village."""
    return office_code(stage.office, village, stage.agency)


def agency_desks(service: Service, village: VillageCode) -> tuple[OfficeCode, ...]:
    """Return the offices beside the front desk that work on the application, in the order of the stages (rule 2)."""
    desks = dict.fromkeys(stage_desk(stage, village) for stage in service.stages)
    desks.pop(front_desk(service, village), None)
    return tuple(desks)
