"""Figures are kept for years in little room, and read back by any window; on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from msgspec import convert
from sqlalchemy import Engine, Table, func, insert, select, text

from hub.health.presence import on_healths
from hub.health.series import FIGURES, make_long_stretches, read_series
from hub.health.series_rules import COUNTED, KEPT, Stretch, begin_of
from hub.health.tables import HealthSample
from hub.storage.engine import Database
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId
from tests.integration.fleet import a_node, fresh_database

NODE = NodeId("3314052003-01")
NOW = datetime(2026, 3, 2, 3, 2, tzinfo=UTC)
MAX_MB_PER_NODE_AND_YEAR = 5
SAMPLES = cast("Table", HealthSample.__table__)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            a_node(session)
        yield made


def beat(at: datetime, kind: HealthKind = HealthKind.HEARTBEAT, **figures: int) -> Health:
    claimed = int(at.timestamp() * 1_000)
    return Health(
        kind=kind, node=NODE, session=1, claimed_at=claimed, program="t", waiting=figures.pop("waiting", 0),
        figures=convert(figures, Figures),
    )  # fmt: skip


def hear(database: Database, at: datetime, *healths: Health) -> None:
    with database.session() as session:
        on_healths(session, at, healths)


def test_what_one_stretch_holds(database: Database) -> None:
    hear(database, NOW, beat(NOW, HealthKind.BIRTH, rtt_ms=100, ram_free_mb=900, waiting=3))
    later = NOW + timedelta(minutes=1)
    hear(database, later, beat(later, rtt_ms=300, ram_free_mb=700), beat(later + timedelta(seconds=1)))
    with database.reading() as session:
        series = read_series(session, NODE, NOW - timedelta(hours=1), later, later)
    (point,) = series.points
    assert (series.stretch, point.at) == (Stretch.SHORT, NOW.replace(minute=0))
    assert (point.births, point.beats, point.rtt_ms, point.ram_free_mb, point.waiting) == (1, 2, 200, 700, 3)
    assert (point.is_heard, point.lost_percent, point.clock_offset_ms) == (True, None, None)


def play_days(database: Database, days: int) -> datetime:
    at = NOW
    for hour in range(days * 24):
        at = NOW + timedelta(hours=hour)
        hear(database, at, beat(at, clock_offset_ms=1_000 + hour * 10, waiting=hour % 24))
    return at


def test_long_stretches_say_the_same_as_the_short_ones(database: Database) -> None:
    end = play_days(database, 3)
    window = (begin_of(NOW, Stretch.DAY), end)
    with database.reading() as session:
        short = read_series(session, NODE, *window, end)
        before = read_series(session, NODE, window[0] - timedelta(days=60), window[1], end)
    make_long_stretches(database, end + timedelta(minutes=5))
    with database.reading() as session:
        after = read_series(session, NODE, window[0] - timedelta(days=60), window[1], end)
    assert (short.stretch, before.stretch, before.points) == (Stretch.SHORT, Stretch.DAY, after.points)
    assert sum(point.beats for point in after.points) == sum(point.beats for point in short.points) == 72
    assert [point.waiting for point in after.points][:2] == [20, 23]
    assert short.drift_ms_per_day == 240


def test_making_them_again_changes_nothing_and_what_is_old_goes(database: Database) -> None:
    end = play_days(database, 2) + timedelta(hours=1)

    def counts(now: datetime) -> dict[int, int]:
        make_long_stretches(database, now)
        with database.reading() as session:
            rows = session.execute(select(HealthSample.minutes, func.count()).group_by(HealthSample.minutes))
            return dict(rows.all())

    first = counts(end)
    assert first == counts(end) == {5: 48, 60: 48, 1440: 2}
    assert counts(end + KEPT[Stretch.SHORT] + timedelta(days=3)) == {60: 48, 1440: 3}
    assert counts(end + KEPT[Stretch.HOUR] + timedelta(days=3)) == {1440: 3}
    assert counts(end + KEPT[Stretch.DAY] + timedelta(days=3)) == {}


def test_a_year_of_a_node_fits_in_its_room(database: Database) -> None:
    rows = [
        {"node_id": NODE, "minutes": stretch.value, "at": NOW - place * stretch.length, **large()}
        for stretch, kept in KEPT.items()
        for place in range(min(kept, timedelta(days=366)) // stretch.length)
    ]
    before = size_of(database.engine)
    with database.session() as session:
        session.execute(insert(SAMPLES), rows)
    used = (size_of(database.engine) - before) / 2**20
    print(f"{len(rows)} rows of one node and year: {used:.2f} MB on {database.engine.dialect.name}")
    assert 0.1 < used <= MAX_MB_PER_NODE_AND_YEAR


def large() -> dict[str, int]:
    """Return figures as large as they come."""
    figures = {name: 288 if name in COUNTED else 10**6 for name in FIGURES}
    return figures | {"battery_percent": 100, "lost_percent": 100, "waiting_bytes": 10**10, "offset_sum": 10**12}


def size_of(engine: Engine) -> int:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            pages = connection.execute(text("PRAGMA page_count")).scalar_one()
            return int(pages) * int(connection.execute(text("PRAGMA page_size")).scalar_one())
        return int(connection.execute(text("SELECT pg_total_relation_size('health_sample')")).scalar_one())
