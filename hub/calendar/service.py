"""The versions of the calendar: read the current one, and change it in the caller's transaction.

Rules:
1. A fresh database counts with the shipped calendar, version 0. The first change enters it as it is, then changes it.
2. A change makes a new version with who, when and why, and a ledger entry ``calendar.changed`` whose hidden subject
   names all of that. Nothing is overwritten: an entry that a later import replaces keeps its row.
3. A year is imported whole; importing it again replaces its holidays and its Ramadan, never closures and openings.
4. What follows from a change (open deadlines) is done in the same transaction, by a function that the caller hands in.
   The log's head is locked first, as every move of a case does: no two of them wait for each other.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Annotated

import msgspec
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from hub.calendar.errors import CalendarDataError
from hub.calendar.loader import (
    MAX_REASON,
    hours_text,
    parse_holidays,
    parse_hours,
    parse_policy,
    parse_ramadan,
    policy_text,
    shipped,
)
from hub.calendar.rules import Calendar, Entry, EntryKind, faults_of
from hub.calendar.tables import CalendarEntry, CalendarVersion, CalendarYear
from hub.ledger.service import EntryDraft, append, log_time, take_turn
from hub.storage.ports import Randomness, to_ms
from protocol.sealing import Digest
from protocol.wire import Wire, to_bytes

SALT_BYTES = 32
MAX_RANGE_DAYS = 400
_STORED = "calendar_entry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Who changes the calendar, and why."""

    by: str
    reason: str
    randomness: Randomness
    follow: Callable[[Session, datetime, Calendar], object]
    """Does what follows, with the moment of the change and the new calendar (rule 4)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class YearFiles:
    """A year as an administrator brings it: CSV texts."""

    year: int
    holidays: str
    ramadan: str = "first,last,name\n"


class CalendarSubject(Wire, frozen=True, kw_only=True):
    """What the ledger entry ``calendar.changed`` hides."""

    version: int
    by: Annotated[str, msgspec.Meta(max_length=80)]
    reason: Annotated[str, msgspec.Meta(max_length=MAX_REASON)]
    content: Digest
    """SHA-256 over the whole calendar as it now is."""


def current_calendar(session: Session) -> Calendar:
    """Return the calendar that counts now."""
    newest = select(CalendarVersion.version, CalendarVersion.subject).order_by(CalendarVersion.version.desc()).limit(1)
    row = session.execute(newest).first()
    if row is None:
        return _as_shipped()
    found = _READ.get(row.subject)
    if found is None:
        found = _calendar_at(session, row.version)
        _READ.clear()
        _READ[row.subject] = found
    return found


_READ: dict[bytes, Calendar] = {}
"""The calendar that was read last, by the subject of its version: that holds the digest of everything in it."""


@cache
def _as_shipped() -> Calendar:
    base = shipped()
    return Calendar(version=0, years=base.years, patterns=base.patterns, entries=base.entries)


def current_version(session: Session) -> int:
    """Return the version that counts now; 0: as shipped."""
    return session.scalar(select(func.max(CalendarVersion.version))) or 0


def add_closure(session: Session, now: datetime, entry: Entry, change: Change) -> Calendar:
    """Enter days on which an office (or all) is closed, or open although it would not be (rules of ``EntryKind``).

    Raises:
        CalendarDataError: not a closure or opening, too long, no reason, or of a year that is not known.
    """
    known = current_calendar(session).years
    if entry.kind not in {EntryKind.CLOSURE, EntryKind.OPENING}:
        raise CalendarDataError("closure", "kind", "must be closure or opening")
    if not 1 <= (entry.last - entry.first).days + 1 <= MAX_RANGE_DAYS:
        raise CalendarDataError("closure", "last", f"must be 1 to {MAX_RANGE_DAYS} days")
    if not {entry.first.year, entry.last.year} <= known:
        raise CalendarDataError("closure", "first", "a year that is not in the calendar")
    return _change(session, now, [replace(entry, reason=change.reason)], change)


def set_office(session: Session, now: datetime, office: str, first: date, policy: str, change: Change) -> Calendar:
    """Enter how an office works from a day on: pattern, zone, open or closed on joint leave.

    Raises:
        CalendarDataError: not a policy, or an unknown pattern.
    """
    entry = Entry(
        kind=EntryKind.OFFICE,
        first=first,
        last=date(2200, 12, 31),
        office=office,
        reason=change.reason,
        policy=parse_policy("office", "policy", policy),
    )
    return _change(session, now, [entry], change)


def import_year(session: Session, now: datetime, files: YearFiles, change: Change) -> Calendar:
    """Enter the holidays and the Ramadan of a year, whole; a year that is known already is replaced (rule 3).

    Raises:
        CalendarDataError: anything wrong, with its place; nothing was entered.
    """
    entries = (*parse_holidays("holidays", files.holidays), *parse_ramadan("ramadan", files.ramadan))
    for entry in entries:
        if {entry.first.year, entry.last.year} != {files.year}:
            raise CalendarDataError("import", str(entry.first), f"is not in {files.year}")
    return _change(session, now, entries, change, year=files.year)


def _change(
    session: Session, now: datetime, entries: Sequence[Entry], change: Change, *, year: int | None = None
) -> Calendar:
    if not 1 <= len(change.reason.strip()) <= MAX_REASON:
        raise CalendarDataError("change", "reason", f"must have 1 to {MAX_REASON} letters")
    take_turn(session)  # rule 4
    moment, before = log_time(session, now), current_calendar(session)
    version = before.version + 1
    kept = tuple(entry for entry in before.entries if not _is_replaced(entry, year))
    after = _replaced(before, version, year, (*kept, *entries))
    change.follow(session, moment, after)
    _write_version(session, moment, after, change)
    is_first = before.version == 0
    _write_entries(
        session, version, kept if is_first else (), after.years - (frozenset() if is_first else before.years)
    )
    if year is not None and not is_first:
        _remove_year(session, version, year)
    _write_entries(session, version, entries, ())
    session.flush()
    return _calendar_at(session, version)


def _replaced(before: Calendar, version: int, year: int | None, entries: tuple[Entry, ...]) -> Calendar:
    """Return the calendar with other entries, once more checked as a whole.

    Raises:
        CalendarDataError: it would be useless.
    """
    years = before.years if year is None else before.years | {year}
    for fault in faults_of(years, before.patterns, entries):
        raise CalendarDataError("calendar", f"version {version}", fault)
    return Calendar(version=version, years=years, patterns=before.patterns, entries=entries)


def _is_replaced(entry: Entry, year: int | None) -> bool:
    of_year = {EntryKind.NATIONAL, EntryKind.JOINT_LEAVE, EntryKind.RAMADAN}
    return year is not None and entry.first.year == year and entry.kind in of_year


def _write_version(session: Session, moment: datetime, after: Calendar, change: Change) -> None:
    salt = change.randomness.token(SALT_BYTES)
    subject = to_bytes(
        CalendarSubject(version=after.version, by=change.by, reason=change.reason, content=digest_of(after))
    )
    entry = append(session, to_ms(moment), [EntryDraft(kind="calendar.changed", salt=salt, subject=subject)])[0]
    session.add(
        CalendarVersion(
            version=after.version,
            made_at=moment,
            made_by=change.by,
            reason=change.reason,
            ledger_index=entry.index,
            salt=salt,
            subject=subject,
        )
    )
    session.flush()


def digest_of(calendar: Calendar) -> bytes:
    """Return SHA-256 over everything that the calendar says: years, patterns, entries, one a line, sorted."""
    lines = [f"year {year}" for year in calendar.years]
    for pattern in calendar.patterns:
        lines += [f"pattern {pattern.name} {hours}" for hours in (pattern.ordinary, pattern.ramadan)]
    lines += ["\t".join(_columns_of(entry).values()) for entry in calendar.entries]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).digest()


def _columns_of(entry: Entry) -> dict[str, str]:
    return {
        "kind": str(entry.kind),
        "first": entry.first.isoformat(),
        "last": entry.last.isoformat(),
        "office": entry.office,
        "reason": entry.reason,
        "hours": hours_text(entry.hours),
        "policy": policy_text(entry.policy) if entry.policy is not None else "",
    }


def _write_entries(session: Session, version: int, entries: Iterable[Entry], years: Iterable[int]) -> None:
    session.add_all(CalendarYear(year=year, version=version) for year in sorted(years))
    for entry in entries:
        columns = _columns_of(entry)
        session.add(
            CalendarEntry(
                version=version,
                kind=columns["kind"],
                office=entry.office,
                first_day=entry.first,
                last_day=entry.last,
                reason=entry.reason,
                hours=columns["hours"],
                policy=columns["policy"],
            )
        )
        session.flush()  # one by one: the order of entering is the order of the ids


def _remove_year(session: Session, version: int, year: int) -> None:
    of_year = [str(kind) for kind in (EntryKind.NATIONAL, EntryKind.JOINT_LEAVE, EntryKind.RAMADAN)]
    session.execute(
        update(CalendarEntry)
        .where(
            CalendarEntry.removed_in.is_(None),
            CalendarEntry.kind.in_(of_year),
            CalendarEntry.first_day >= date(year, 1, 1),
            CalendarEntry.first_day <= date(year, 12, 31),
        )
        .values(removed_in=version)
    )


def _calendar_at(session: Session, version: int) -> Calendar:
    rows = session.scalars(
        select(CalendarEntry)
        .where(
            CalendarEntry.version <= version,
            or_(CalendarEntry.removed_in.is_(None), CalendarEntry.removed_in > version),
        )
        .order_by(CalendarEntry.id)
    )
    years = frozenset(session.scalars(select(CalendarYear.year).where(CalendarYear.version <= version)))
    entries = tuple(_entry_of(row) for row in rows)
    return Calendar(version=version, years=years, patterns=shipped().patterns, entries=entries)


def _entry_of(row: CalendarEntry) -> Entry:
    place = f"row {row.id}"
    return Entry(
        kind=EntryKind(row.kind),
        first=row.first_day,
        last=row.last_day,
        reason=row.reason,
        office=row.office,
        hours=parse_hours(_STORED, place, row.hours),
        policy=parse_policy(_STORED, place, row.policy) if row.policy else None,
    )
