"""What a node says about itself: measured, in range, small, and without anybody's name."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.envelope import Purpose
from protocol.health import HealthKind
from protocol.ids import NodeId
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_stand import PIN, NodeStand
from village_node.health.link_meter import LinkMeter
from village_node.health.machine import read_machine
from village_node.health.report import Reporter
from village_node.identity.officers import unlock
from village_node.identity.sessions import UnlockSessions
from village_node.inbox import link
from village_node.store.errors import StorageError

MAX_HEARTBEAT_BYTES = 512


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    made = NodeStand(tmp_path)
    made.enrol(HubStandIn(7))
    return made


def reporter(stand: NodeStand, **more: Any) -> Reporter:  # noqa: ANN401  # fields of Reporter
    node = NodeId("3314012001-01")
    return Reporter(node=node, clock=stand.clock, data_dir=stand.directory, run=b"run-1234", **more)


def test_the_figures_of_this_machine_are_measured(stand: NodeStand) -> None:
    machine = read_machine(stand.directory)
    assert 0 < machine.disk_free_mb < machine.disk_total_mb
    assert machine.ram_free_mb > 0
    assert machine.battery_percent is None or 0 <= machine.battery_percent <= 100


def test_a_heartbeat_has_every_figure_and_stays_small(stand: NodeStand) -> None:
    meter = LinkMeter()
    for message in range(20):
        meter.sent(message, 400, 0.0)
        meter.acknowledged(message, 0.64)
    with stand.database.session() as session:
        link.note_beacon(session, stand.clock.now(), stand.clock.now_ms() + 1_500)
    with stand.database.reading() as session:
        health = reporter(stand, meter=meter).report(session, HealthKind.HEARTBEAT, 1)
    assert health.figures is not None
    assert (health.run, health.figures.rtt_ms, health.figures.lost_percent) == (b"run-1234", 640, 0)
    assert health.figures.clock_offset_ms == 1_500
    assert len(stand.keys.sign(to_bytes(health), Purpose.HEALTH)) <= MAX_HEARTBEAT_BYTES


def test_sign_ins_of_the_day_are_counted_without_names(stand: NodeStand) -> None:
    officer = stand.add_officer()
    unlocks = UnlockSessions(stand.clock, stand.randomness, lock_after_s=600)
    unlocks.open(unlock(stand.database, stand.clock, stand.randomness, officer, PIN))
    unlocks.note_wrong_pin()
    with stand.database.reading() as session:
        figures = reporter(stand, sign_ins=unlocks.today).report(session, HealthKind.HEARTBEAT, 1).figures
    assert figures is not None
    assert (figures.sign_ins, figures.failed_sign_ins) == (1, 1)
    stand.clock.time += timedelta(days=1)
    assert (unlocks.today().opened, unlocks.today().failed) == (0, 0)


def test_a_will_says_nothing_about_figures(stand: NodeStand) -> None:
    will = reporter(stand).farewell(7)
    assert (will.kind, will.session, will.figures, will.run) == (HealthKind.DEATH, 7, None, b"")


def test_a_disk_that_cannot_be_asked_is_an_error_of_the_store(stand: NodeStand) -> None:
    with pytest.raises(StorageError):
        read_machine(stand.directory / "gone")
