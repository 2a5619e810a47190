"""``simpul-hub calendar``: show, close, open, set an office's week, import a year, what was promised and what came.

Open deadlines follow a change at once.

Who changes is named with ``--by`` and must be a network administrator who may sign in; the change and its reason are a
ledger entry, and every node hears of it.
"""

import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.orm import Session

from hub.accounts.queries import list_people
from hub.accounts.rules import Role
from hub.calendar.errors import CalendarDataError
from hub.calendar.loader import hours_text, parse_hours
from hub.calendar.rules import EVERYBODY, Calendar, CalendarYearError, Entry, EntryKind, Hours, names
from hub.calendar.service import Change, YearFiles, add_closure, current_calendar, import_year, set_office
from hub.catalogue.catalogue import Catalogue
from hub.clocks.recompute import recompute_deadlines
from hub.oversight.realised import realised_days
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.ports import SystemClock, SystemRandomness

calendar_app = typer.Typer(
    help="Working days: show them, close or open an office, import a year.", no_args_is_help=True
)

By = Annotated[str, typer.Option(help="User name of the network administrator who decides.")]
Reason = Annotated[str, typer.Option(help="Why: the number of the decree, or what happened.")]
Office = Annotated[str, typer.Option(help="Code of an office, a kind with its dot (village.), or * for all.")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A date: 2026-12-09.")]

Apply = Callable[[Session, datetime, Change], Calendar]


@calendar_app.command()
def show(
    office: Office = EVERYBODY,
    year: Annotated[int, typer.Option(help="Which year; 0: all that are known.")] = 0,
) -> None:
    """List the days on which an office is closed although its week says otherwise, with the reasons."""
    with _database().reading() as session:
        calendar = current_calendar(session)
    years = sorted(calendar.years) if year == 0 else [year]
    typer.echo(f"version {calendar.version}, years {', '.join(str(each) for each in sorted(calendar.years))}")
    try:
        for each in years:
            _show_year(calendar, office, each)
    except CalendarYearError as error:
        _leave(str(error))


@calendar_app.command()
def close(first: Day, last: Day, reason: Reason, by: By, office: Office = EVERYBODY) -> None:
    """Close an office (or all) from a day up to and with another."""
    entry = Entry(kind=EntryKind.CLOSURE, first=first.date(), last=last.date(), office=_known(office), reason=reason)
    _change(by, reason, lambda session, now, change: add_closure(session, now, entry, change))


@calendar_app.command("open")
def open_(
    first: Day,
    last: Day,
    reason: Reason,
    by: By,
    office: Office = EVERYBODY,
    hours: Annotated[str, typer.Option(help="Service hours then: 07:30-12:00 13:00-16:00; none: the usual ones.")] = "",
) -> None:
    """Open an office on days on which it would be closed, or at other hours."""
    entry = Entry(
        kind=EntryKind.OPENING,
        first=first.date(),
        last=last.date(),
        office=_known(office),
        reason=reason,
        hours=_hours(hours),
    )
    _change(by, reason, lambda session, now, change: add_closure(session, now, entry, change))


@calendar_app.command("office")
def set_week(
    office: Annotated[str, typer.Argument(help="Code of an office, a kind with its dot (village.), or *.")],
    policy: Annotated[str, typer.Argument(help='Week, zone, joint leave: "six_day WIB open".')],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="From which day on.")],
    reason: Reason,
    by: By,
) -> None:
    """Say how an office works from a day on: five_day or six_day; WIB, WITA or WIT; open or closed on joint leave."""
    code, day = _known(office), since.date()
    _change(by, reason, lambda session, now, change: set_office(session, now, code, day, policy, change))


@calendar_app.command("import")
def import_(
    year: Annotated[int, typer.Argument(min=2000, max=2200, help="Which year.")],
    holidays: Annotated[Path, typer.Argument(help="CSV: date,kind,name; kind is national_holiday or joint_leave.")],
    reason: Reason,
    by: By,
    ramadan: Annotated[Path | None, typer.Option(help="CSV: first,last,name.")] = None,
) -> None:
    """Enter the holidays of a year, whole; a year that is known already is replaced."""
    files = YearFiles(year=year, holidays=_read(holidays))
    if ramadan is not None:
        files = YearFiles(year=year, holidays=files.holidays, ramadan=_read(ramadan))
    _change(by, reason, lambda session, now, change: import_year(session, now, files, change))


@calendar_app.command()
def realised() -> None:
    """List decided cases by service: number, promised working days, median, longest, how many in time."""
    try:
        with _database().reading() as session:
            lines = realised_days(session)
    except CalendarYearError as error:
        _leave(str(error))
    typer.echo("service\tcases\tstandard\tmedian\tlongest\tin time")
    for line in lines:
        numbers = (line.cases, line.standard, f"{line.median:g}", line.longest, line.in_time)
        typer.echo("\t".join([line.service, *map(str, numbers)]))


def _change(by: str, reason: str, apply: Apply) -> None:
    """Make one change with everything that follows, in one transaction."""
    database, changed = _database(), [0]

    def follow(session: Session, moment: datetime, calendar: Calendar) -> None:
        changed[0] = recompute_deadlines(session, moment, calendar)

    _check_person(database, by)
    change = Change(by=by, reason=reason, randomness=SystemRandomness(), follow=follow)
    try:
        with database.session() as session:
            calendar = apply(session, SystemClock(Settings.load().demo_clock).now(), change)
    except CalendarDataError as error:
        _leave(f"not changed: {error}")
    typer.echo(f"version {calendar.version}; {changed[0]} deadlines moved")


def _show_year(calendar: Calendar, office: str, year: int) -> None:
    here, day = calendar.of(office), date(year, 1, 1)
    while day.year == year:
        hours = here.hours_on(day)
        for entry in here.entries_on(day):
            typer.echo(f"{day}\t{hours_text(hours) or 'closed'}\t{entry.kind}\t{entry.reason}")
        day += timedelta(days=1)


def _check_person(database: Database, username: str) -> None:
    with database.reading() as session:
        people = {line.username: line for line in list_people(session) if line.active}
    line = people.get(username)
    if line is None or line.role is not Role.NETWORK_ADMIN:
        _leave(f"{username} is no active network administrator")


def _known(office: str) -> str:
    """Return the office, or leave when there is none like it."""
    if not any(names(office, code) for code in Catalogue.load().offices):
        _leave(f"no office {office}")
    return office


def _hours(text: str) -> Hours:
    try:
        return parse_hours("hours", "hours", text)
    except CalendarDataError as error:
        _leave(str(error))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _leave(f"{path.name}: {type(error).__name__}")


def _database() -> Database:
    return Database(Settings.load().url)


def _leave(text: str) -> NoReturn:
    typer.echo(f"simpul-hub: {text}", err=True)
    sys.exit(1)
