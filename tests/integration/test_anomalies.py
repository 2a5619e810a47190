"""What is too odd to be chance is told with its evidence, and puts a node aside; on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert

from hub.health.alarm_queries import alarm_page
from hub.health.alarm_rules import AlarmKind, Phase, What
from hub.health.alarms import clear
from hub.intake.tables import IntakeRefusal
from hub.registry.queries import openings
from hub.registry.rules import EventKind, NodeStatus, RegistrySubject
from hub.registry.suspension import ask_to_resume, resume_node
from protocol.health import Figures, HealthKind
from protocol.limits import MAX_MAIL_BYTES
from protocol.wire import from_bytes
from tests.integration.fleet import decision
from tests.integration.health_scene import MONDAY, NODE, HealthScene, health_scene

RUN_A, RUN_B = b"run-aaaa", b"run-bbbb"


@pytest.fixture
def scene(database_url: str) -> Iterator[HealthScene]:
    with health_scene(database_url) as made:
        made.born(RUN_A, 500)
        yield made


def take_turns(scene: HealthScene, first: int, times: int) -> None:
    """Let two programs throw each other out."""
    for session in range(first, first + times):
        scene.born(RUN_B if session % 2 else RUN_A, session)


def test_two_programs_with_one_key_are_put_aside_within_minutes(scene: HealthScene) -> None:
    take_turns(scene, 501, 3)  # B, A again, B again
    scene.watch.look(scene.now)
    (line,) = scene.alarms()
    assert (line.kind, line.evidence["returned"], line.suspended_at) == (AlarmKind.TWO_PROGRAMS, 2, scene.now)
    assert scene.status() is NodeStatus.SUSPENDED
    with scene.database.reading() as session:
        page = alarm_page(session, line.id)
        subjects = [from_bytes(each.subject, RegistrySubject, max_bytes=MAX_MAIL_BYTES) for each in openings(session)]
    assert page is not None
    assert [event.what for event in page.events] == [What.OPENED, What.SUSPENDED]
    assert [(each.by, each.reason) for each in subjects if each.kind is EventKind.NODE_SUSPENDED] == [
        ("", "two_programs")
    ]


def test_restarts_are_no_second_program(scene: HealthScene) -> None:
    for number in range(20):
        scene.born(f"run-{number:04d}".encode(), 501 + number)
        scene.hear(HealthKind.DEATH, 501 + number, run=f"run-{number:04d}".encode())
    scene.watch.look(scene.now)
    assert AlarmKind.TWO_PROGRAMS not in scene.kinds()


def test_an_old_birth_that_a_carrier_brings_again_proves_nothing(scene: HealthScene) -> None:
    scene.born(RUN_B, 501)
    for _ in range(3):
        scene.born(RUN_A, 500)
    scene.watch.look(scene.now)
    assert (scene.alarms(None), scene.status()) == ([], NodeStatus.ACTIVE)


def test_who_was_let_in_again_stays_until_there_is_something_new(scene: HealthScene) -> None:
    take_turns(scene, 501, 3)
    scene.watch.look(scene.now)
    take_turns(scene, 504, 2)  # it goes on while the node is aside
    scene.pass_time(minutes=5)
    with scene.database.session() as session:
        ask_to_resume(session, scene.now, NODE, "ani")
        resume_node(session, NODE, decision(by="budi", now=scene.now, seed="resume"))
    scene.pass_time(minutes=30)
    assert scene.status() is NodeStatus.ACTIVE
    take_turns(scene, 506, 2)
    scene.pass_time(minutes=5)
    assert scene.status() is NodeStatus.SUSPENDED


def test_one_return_is_told_and_does_not_put_aside(scene: HealthScene) -> None:
    take_turns(scene, 501, 2)
    scene.watch.look(scene.now)
    assert (scene.kinds(), scene.status()) == ([AlarmKind.TWO_PROGRAMS], NodeStatus.ACTIVE)


def test_a_hub_that_must_not_suspend_only_tells(database_url: str) -> None:
    with health_scene(database_url) as made:
        scene = HealthScene(database=made.database, suspends=False)
        take_turns(scene, 500, 4)
        scene.watch.look(scene.now)
        assert (scene.kinds(), scene.status()) == ([AlarmKind.TWO_PROGRAMS], NodeStatus.ACTIVE)


def test_a_counter_that_comes_with_two_contents(scene: HealthScene) -> None:
    scene.conflict("one")
    scene.watch.look(scene.now)
    assert (scene.kinds(), scene.status()) == ([AlarmKind.COUNTER_REUSE], NodeStatus.ACTIVE)
    scene.conflict("two")
    scene.pass_time(minutes=1)
    assert scene.status() is NodeStatus.SUSPENDED


def test_evidence_that_a_person_cleared_is_not_told_again(scene: HealthScene) -> None:
    scene.conflict("one")
    scene.watch.look(scene.now)
    (line,) = scene.alarms()
    scene.pass_time(minutes=1)
    with scene.database.session() as session:
        clear(session, scene.now, line.id, "budi")
    scene.decide(rejected=1)
    scene.pass_time(minutes=5)
    assert scene.alarms() == []
    scene.conflict("new")
    scene.pass_time(minutes=5)
    (line,) = scene.alarms()
    assert line.evidence["contents"] == 1


def test_bundles_of_the_night(scene: HealthScene) -> None:
    night = MONDAY.replace(hour=17)  # midnight in the village
    scene.decide(accepted=2, claimed=night)
    scene.watch.look(scene.now)
    assert scene.alarms() == []
    scene.decide(accepted=1, claimed=night)
    scene.pass_time(minutes=1)
    (line,) = scene.alarms()
    assert (line.kind, line.evidence) == (AlarmKind.NIGHT_WORK, {"bundles": 3})


def test_many_rejections(scene: HealthScene) -> None:
    scene.decide(accepted=10, rejected=5)
    scene.watch.look(scene.now)
    (line,) = scene.alarms()
    assert (line.kind, line.evidence) == (AlarmKind.REJECTS, {"rejected": 5, "of": 15})


def test_a_village_that_suddenly_sends_five_times_as_much(scene: HealthScene) -> None:
    for _ in range(6):
        scene.decide(accepted=4)
        scene.watch.look(scene.now)
        scene.now += timedelta(days=1, hours=1)
        scene.hear(HealthKind.HEARTBEAT)
    scene.decide(accepted=19)
    scene.watch.look(scene.now)
    assert AlarmKind.VOLUME not in scene.kinds()
    scene.decide(accepted=1)
    scene.pass_time(minutes=1)
    found = {line.kind: line.evidence for line in scene.alarms()}
    assert found[AlarmKind.VOLUME] == {"bundles": 20, "usual": 4}


def test_a_flood_and_wrong_pins_are_told_once(scene: HealthScene) -> None:
    row = {"node_id": NODE, "topic_kind": "chunk", "code": "quota", "times": 100}
    with scene.database.session() as session:
        session.execute(insert(IntakeRefusal).values(message=b"1" * 32, refused_at=scene.now, **row))
    scene.hear(HealthKind.HEARTBEAT, figures=Figures(failed_sign_ins=25))
    scene.watch.look(scene.now)
    assert scene.kinds() == [AlarmKind.FLOOD, AlarmKind.WRONG_PINS]
    with scene.database.session() as session:
        for line in scene.alarms():
            clear(session, scene.now, line.id, "budi")
    scene.pass_time(minutes=5)
    assert scene.alarms() == []
    assert len(scene.alarms(Phase.CLEARED)) == 2
