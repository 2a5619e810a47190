"""Keeps what nodes reported for years: short stretches at once, long ones made from them (``series_rules``).

Rules:
1. Whoever writes a stretch of a node holds that node's presence row, or adds by one statement; nobody overwrites.
2. Making long stretches may be done twice and may be killed between two nodes: each is made anew from what it is made
   of, and the mark moves only behind the last node. What is too old is deleted in the same step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Update, bindparam, delete, func, insert, literal, select, type_coerce, update
from sqlalchemy.orm import Session

from hub.health.series_rules import (
    COUNTED,
    JOINS,
    KEPT,
    MADE_FROM,
    Stretch,
    Sums,
    Value,
    begin_of,
    drift_ms_per_day,
    merge,
    stretch_for,
)
from hub.health.tables import HealthSample, SeriesMark
from hub.storage.base import table_of
from hub.storage.engine import Database
from protocol.ids import NodeId

NODES_AT_ONCE = 100
"""Nodes of one transaction: intake waits for it no longer than for one of its own."""

FIGURES = tuple(JOINS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One stretch of time of one node. A figure that nothing was reported about is None."""

    at: datetime
    beats: int
    births: int
    deaths: int
    off_mains: int
    accepted: int
    rejected: int
    quarantined: int
    night: int
    waiting: int | None
    waiting_bytes: int | None
    oldest_waiting_s: int | None
    disk_free_mb: int | None
    ram_free_mb: int | None
    battery_percent: int | None
    clock_offset_ms: int | None
    """The mean; positive: the hub was ahead."""
    rtt_ms: int | None
    """The mean."""
    lost_percent: int | None
    sign_ins: int | None
    failed_sign_ins: int | None

    @property
    def is_heard(self) -> bool:
        """Whether the node was heard at all."""
        return self.beats + self.births > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """A window of one node's figures: stretches of one length, those without any report left out."""

    stretch: Stretch
    since: datetime
    until: datetime
    points: tuple[Point, ...]

    @property
    def drift_ms_per_day(self) -> int | None:
        """Return the trend of the clock's offset."""
        known = [(point.at, point.clock_offset_ms) for point in self.points if point.clock_offset_ms is not None]
        return drift_ms_per_day(known)


def add_samples(session: Session, now: datetime, samples: Mapping[str, Mapping[str, Value]]) -> None:
    """Add what nodes reported to the short stretch of this moment; the caller holds their presence rows (rule 1)."""
    if not samples:
        return
    table, at = table_of(HealthSample), begin_of(now, Stretch.SHORT)
    here = (table.c.minutes == Stretch.SHORT.value, table.c.at == at, table.c.node_id.in_(list(samples)))
    there = {row["node_id"]: dict(row) for row in session.execute(select(table).where(*here)).mappings()}
    fresh, changed = list[dict[str, Any]](), list[dict[str, Any]]()
    for name, sample in samples.items():
        row = there.get(name)
        target = row or {"node_id": name, "minutes": Stretch.SHORT.value, "at": at, **_empty()}
        merge(target, sample)
        (fresh if row is None else changed).append(target)
    if fresh:
        session.execute(insert(table), fresh)
    if changed:
        session.connection().execute(_update_one(), [_renamed(row) for row in changed])


def add_counts(session: Session, now: datetime, name: str, counts: Sums) -> None:
    """Add what intake decided about a node's bundles to the stretch of this moment, by one statement (rule 1)."""
    table, at = table_of(HealthSample), begin_of(now, Stretch.SHORT)
    names = ("accepted", "rejected", "quarantined", "night")
    added = {each: table.c[each] + getattr(counts, each) for each in names}
    here = (table.c.node_id == name, table.c.minutes == Stretch.SHORT.value, table.c.at == at)
    if not session.connection().execute(update(table).where(*here).values(added)).rowcount:
        values = {each: getattr(counts, each) for each in names}
        row = {"node_id": name, "minutes": Stretch.SHORT.value, "at": at, **_empty(), **values}
        session.execute(insert(table), [row])


def sums_since(session: Session, name: str, since: datetime, until: datetime, stretch: Stretch) -> list[Sums]:
    """Return the counts of each stretch of a window that has any."""
    table = table_of(HealthSample)
    columns = (table.c.accepted, table.c.rejected, table.c.quarantined, table.c.night)
    here = (table.c.node_id == name, table.c.minutes == stretch.value, table.c.at >= since, table.c.at < until)
    return [
        Sums(accepted=row.accepted, rejected=row.rejected, quarantined=row.quarantined, night=row.night)
        for row in session.execute(select(*columns).where(*here))
        if any(row)
    ]


def read_series(session: Session, node: NodeId, since: datetime, until: datetime, now: datetime) -> Series:
    """Return the figures of a node in a window, in stretches that are still kept and fit a picture."""
    stretch = stretch_for(since, until, now)
    points = _points(_rows(session, str(node), stretch, begin_of(since, stretch), until))
    return Series(stretch=stretch, since=since, until=until, points=points)


def make_long_stretches(database: Database, now: datetime) -> int:
    """Make the stretches that are over by now from shorter ones, delete what is too old; return how many nodes."""
    done = 0
    for stretch in (Stretch.HOUR, Stretch.DAY):
        until = begin_of(now, stretch)
        with database.reading() as session:
            mark = session.get(SeriesMark, stretch.value)
            since = None if mark is None else mark.until
            names = [] if since == until else list(session.scalars(select(HealthSample.node_id).distinct()))
        if since == until:
            continue
        for first in range(0, len(names), NODES_AT_ONCE):
            with database.session() as session:
                _make(session, names[first : first + NODES_AT_ONCE], stretch, (since, until), now)
        with database.session() as session:
            session.merge(SeriesMark(minutes=stretch.value, until=until))
        done = max(done, len(names))
    return done


def _make(
    session: Session, names: Collection[str], stretch: Stretch, window: tuple[datetime | None, datetime], now: datetime
) -> None:
    """Make the long stretches of a window, of some nodes (rule 2)."""
    table, short = table_of(HealthSample), MADE_FROM[stretch]
    since = window[0] or begin_of(now - KEPT[short] - stretch.length, stretch)
    mine = table.c.node_id.in_(names)
    session.execute(delete(table).where(mine, table.c.minutes == stretch.value, table.c.at >= since))
    moment = type_coerce(table.c.at, BigInteger)
    begin = moment - moment % (stretch.value * 60_000)
    picked = select(
        table.c.node_id,
        literal(stretch.value),
        begin,
        *(getattr(func, JOINS[name].value)(table.c[name]) for name in FIGURES),
    ).where(mine, table.c.minutes == short.value, table.c.at >= since, table.c.at < window[1])
    made = picked.group_by(table.c.node_id, begin)
    session.execute(insert(table).from_select(["node_id", "minutes", "at", *FIGURES], made))
    for each, kept in KEPT.items():
        session.execute(delete(table).where(mine, table.c.minutes == each.value, table.c.at < now - kept))


def _rows(session: Session, name: str, stretch: Stretch, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return the stretches of a window; what no long stretch was made of yet is joined from shorter ones."""
    table = table_of(HealthSample)
    here = (table.c.node_id == name, table.c.minutes == stretch.value, table.c.at >= since, table.c.at < until)
    rows = [dict(row) for row in session.execute(select(table).where(*here).order_by(table.c.at)).mappings()]
    if stretch not in MADE_FROM:
        return rows
    mark = session.get(SeriesMark, stretch.value)
    made = since if mark is None else max(since, mark.until)
    rows = [row for row in rows if row["at"] < made]
    for short in _rows(session, name, MADE_FROM[stretch], made, until):
        at = begin_of(short["at"], stretch)
        if not rows or rows[-1]["at"] != at:
            rows.append({"at": at, **_empty()})
        merge(rows[-1], {each: short[each] for each in FIGURES})
    return rows


def _points(rows: Sequence[Mapping[str, Any]]) -> tuple[Point, ...]:
    return tuple(
        Point(
            at=row["at"],
            clock_offset_ms=_mean(row["offset_sum"], row["offset_count"]),
            rtt_ms=_mean(row["rtt_sum"], row["rtt_count"]),
            **{name: row[name] for name in FIGURES if name not in _MEANS},
        )
        for row in rows
    )


_MEANS = frozenset({"offset_sum", "offset_count", "rtt_sum", "rtt_count"})


def _mean(total: int | None, count: int) -> int | None:
    return None if total is None or not count else round(total / count)


def _empty() -> dict[str, Value]:
    return {name: 0 if name in COUNTED else None for name in FIGURES}


def _update_one() -> Update:
    table = table_of(HealthSample)
    here = (table.c.node_id == bindparam("the_node"), table.c.at == bindparam("the_at"))
    reported: dict[str, Any] = {name: bindparam(name) for name in FIGURES if name not in _COUNTS_OF_INTAKE}
    return update(table).where(*here, table.c.minutes == Stretch.SHORT.value).values(reported)


_COUNTS_OF_INTAKE = frozenset(Sums.__dataclass_fields__)


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of ``_update_one``; what intake decided is left to ``add_counts`` (rule 1)."""
    values = {name: row[name] for name in FIGURES if name not in _COUNTS_OF_INTAKE}
    return {"the_node": row["node_id"], "the_at": row["at"], **values}
