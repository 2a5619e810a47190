"""A disk is copied, and both PCs are switched on: the shipped programs, a real broker, and the hub that notices."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.pki import HubClient
from hub.calendar.service import current_calendar
from hub.health.alarm_queries import AlarmFilter, list_alarms
from hub.health.presence import on_healths
from hub.health.tables import NodeRun
from hub.health.watch import Watch, WatchTools
from hub.intake.carrier import Outgoing
from hub.intake.mqtt import BrokerOptions
from hub.intake.mqtt import MqttCarrier as HubCarrier
from hub.intake.runner import IntakeRunner, Pace
from hub.registry.queries import load_node
from hub.registry.rules import NodeStatus
from hub.registry.service import Decision, NewNode, enrol_node
from protocol.health import Health
from protocol.ids import NodeId, VillageCode
from protocol.topics import up_filter
from tests.brokers import RealBroker, eventually
from tests.hub_stand_in import HubStandIn
from tests.hubs import HUB, TestHub, make_hub
from tests.integration.fleet import a_sealing_key
from tests.integration.test_node_mqtt import options_of, runner_over
from tests.node_stand import NodeStand
from village_node.store.ports import SystemRandomness
from village_node.sync.mqtt import MqttCarrier

NODE = NodeId("3314012001-01")
TEN_MINUTES_S = 600
pytestmark = pytest.mark.broker


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    made = NodeStand(tmp_path / "pc")
    made.enrol(HubStandIn(1))
    return made


@pytest.fixture
def hub(tmp_path: Path, stand: NodeStand) -> TestHub:
    made = make_hub(tmp_path / "hub", f"sqlite:///{tmp_path / 'hub.db'}")
    new = NewNode(
        village=VillageCode("33.14.01.2001"),
        signing_key=stand.keys.public_signing_key,
        sealing_key=a_sealing_key("pc"),
        program="test",
    )
    decision = Decision(now=made.clock.now(), by="a", randomness=made.randomness)
    with made.database.session() as session:
        assert enrol_node(session, new, decision).node_id == NODE

    def take(session: Session, now: datetime, healths: Sequence[Health]) -> list[Outgoing]:
        on_healths(session, now, healths)
        return []

    made.context = replace(made.context, on_health=take)
    return made


@contextmanager
def intake_of(hub: TestHub, broker: RealBroker) -> Iterator[None]:
    found = broker.connect_options(HubClient.INTAKE)
    assert found.ca_file is not None
    assert found.cert_file is not None
    assert found.key_file is not None
    options = BrokerOptions(
        host=found.host, port=found.port, ca_file=found.ca_file, cert_file=found.cert_file, key_file=found.key_file
    )
    carrier, stopped = HubCarrier(options, HubClient.INTAKE, [up_filter(HUB)]), threading.Event()
    runner = IntakeRunner(hub.context, carrier, Pace(most=50, linger_s=0.005), stopped.wait)
    thread = threading.Thread(target=runner.run, args=(stopped.is_set,))
    carrier.start()
    thread.start()
    try:
        assert carrier.wait_connected(10)
        yield
    finally:
        stopped.set()
        thread.join(10)
        carrier.stop()


@contextmanager
def switched_on(stand: NodeStand, broker: RealBroker) -> Iterator[None]:
    runner = runner_over(stand, MqttCarrier(options_of(broker), SystemRandomness()))
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield
    finally:
        runner.stop()
        thread.join(timeout=20)


def returns(hub: TestHub) -> int:
    with hub.database.reading() as session:
        return session.scalar(select(func.sum(NodeRun.returned))) or 0


def test_a_copied_disk_is_noticed_and_put_aside(
    broker: RealBroker, hub: TestHub, stand: NodeStand, tmp_path: Path
) -> None:
    shutil.copytree(stand.directory, tmp_path / "copy")
    copy = NodeStand(tmp_path / "copy", seed=2)
    with ExitStack() as stack:
        stack.enter_context(intake_of(hub, broker))
        began = time.monotonic()
        for pc in (stand, copy):
            stack.enter_context(switched_on(pc, broker))
        assert eventually(lambda: returns(hub) >= 2, within_s=120)
        took_s = time.monotonic() - began
    tools = WatchTools(randomness=hub.randomness, read_calendar=current_calendar, expiries=lambda _, __: [])
    Watch(hub.database, tools).look(hub.clock.now())
    with hub.database.reading() as session:
        kinds = {line.kind.value for line in list_alarms(session, AlarmFilter())}
        node = load_node(session, NODE)
    assert node is not None
    assert (node.status, "two_programs" in kinds) == (NodeStatus.SUSPENDED, True)
    print(f"two PCs are known after {took_s:.0f} s, told at the next look (60 s)")
    assert took_s + 60 <= TEN_MINUTES_S


def test_a_pc_whose_link_breaks_often_is_one_pc(broker: RealBroker, hub: TestHub, stand: NodeStand) -> None:
    with intake_of(hub, broker):
        for _ in range(3):
            with switched_on(stand, broker):
                known = runs(hub)
                assert eventually(lambda known=known: runs(hub) > known, within_s=20)  # type: ignore[misc]
    assert (runs(hub), returns(hub)) == (3, 0)


def runs(hub: TestHub) -> int:
    with hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(NodeRun)) or 0
