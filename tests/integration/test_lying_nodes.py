"""A node that lies about its health, as far as numbers go, harms only itself; on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.health.presence import on_health
from hub.health.series import make_long_stretches, read_series
from hub.health.series_rules import Stretch
from hub.registry.rules import NodeStatus
from protocol.health import MAX_OFFSET_MS, Figures, Health, HealthKind
from tests.integration.fleet import a_node
from tests.integration.health_scene import NODE, HealthScene, health_scene

MOST = 2**53
LIE = Figures(
    ram_free_mb=MOST, disk_total_mb=MOST, battery_percent=100, on_mains=False, clock_offset_ms=-MAX_OFFSET_MS,
    rtt_ms=3_600_000, lost_percent=100, certificate_days=-100_000, backup_age_h=MOST,
    sign_ins=MOST, failed_sign_ins=MOST,
)  # fmt: skip


@pytest.fixture
def scene(database_url: str) -> Iterator[HealthScene]:
    with health_scene(database_url) as made:
        made.hear(HealthKind.BIRTH, figures=LIE)
        yield made


def test_the_largest_numbers_go_all_the_way(scene: HealthScene) -> None:
    for _ in range(300):
        scene.now += timedelta(minutes=5)
        numbers = {"waiting": MOST, "waiting_bytes": MOST, "oldest_waiting_s": MOST, "disk_free_mb": MOST}
        scene.hear(HealthKind.HEARTBEAT, figures=LIE, last_counter=1, **numbers)
    scene.watch.look(scene.now)
    make_long_stretches(scene.database, scene.now + timedelta(days=1))
    with scene.database.reading() as session:
        year = read_series(session, NODE, scene.now - timedelta(days=365), scene.now, scene.now)
    assert (year.stretch, year.points[0].clock_offset_ms) == (Stretch.DAY, -MAX_OFFSET_MS)
    assert {line.subject for line in scene.alarms()} == {NODE}


def test_the_neighbour_stays_as_it_is(scene: HealthScene) -> None:
    with scene.database.session() as session:
        neighbour = a_node(session, "neighbour").node_id
        told = Health(kind=HealthKind.BIRTH, node=neighbour, session=1, claimed_at=1, program="t", disk_free_mb=9_000)
        on_health(session, scene.now, told)
    scene.pass_time(minutes=20)
    assert neighbour not in {line.node_id for line in scene.alarms(None)}
    assert scene.status() is NodeStatus.ACTIVE
