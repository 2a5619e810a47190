"""The watch opens and ends alarms, persons acknowledge, comment and clear them; on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hub.health.alarm_queries import AlarmFilter, alarm_page, count_open, list_alarms, open_by_node
from hub.health.alarm_rules import AlarmKind, AlarmRule, Expiring, Phase, Severity, What
from hub.health.alarms import AlarmError, acknowledge, clear, comment
from hub.health.presence import on_health
from protocol.health import Figures, Health, HealthKind
from tests.integration.fleet import a_node
from tests.integration.health_scene import MONDAY, NODE, HealthScene, health_scene

BIRTH, BEAT, DEATH = HealthKind.BIRTH, HealthKind.HEARTBEAT, HealthKind.DEATH


@pytest.fixture
def scene(database_url: str) -> Iterator[HealthScene]:
    with health_scene(database_url) as made:
        made.hear(BIRTH)
        yield made


def history(scene: HealthScene, alarm: int) -> list[What]:
    with scene.database.reading() as session:
        page = alarm_page(session, alarm)
    assert page is not None
    return [event.what for event in page.events]


def test_a_silent_node_is_told_after_half_an_hour_and_ends_by_itself(scene: HealthScene) -> None:
    scene.hear(DEATH)
    scene.pass_time(minutes=30)
    assert scene.alarms() == []
    scene.pass_time(minutes=10)
    (line,) = scene.alarms()
    assert (line.kind, line.subject, line.village, line.severity) == ("silent", NODE, "33.14.05.2003", Severity.WARNING)
    scene.hear(BIRTH, 501)
    scene.pass_time(minutes=1)
    (line,) = scene.alarms(None)
    assert (line.phase, line.cleared_by, history(scene, line.id)) == (Phase.CLEARED, "", [What.OPENED, What.CLEARED])


def test_a_short_silence_leaves_no_trace(scene: HealthScene) -> None:
    scene.hear(DEATH)
    scene.pass_time(minutes=20)
    scene.hear(BIRTH, 501)
    scene.pass_time(minutes=30)
    assert scene.alarms(None) == []


def test_a_closed_office_raises_none_and_is_expected_again_in_the_morning(scene: HealthScene) -> None:
    scene.now = MONDAY.replace(hour=7, minute=55)  # 14:55 in the village; in Ramadan it closes at 15 o'clock
    scene.hear(BEAT)
    scene.hear(DEATH)
    scene.pass_time(hours=17)
    assert scene.alarms(None) == []
    scene.pass_time(hours=1)  # 8 o'clock has passed by 55 minutes
    assert scene.kinds() == ["silent"]


def test_a_broker_that_is_away_is_one_alarm(scene: HealthScene) -> None:
    with scene.database.session() as session:
        for number in range(11):
            node = a_node(session, f"pc {number}").node_id
            health = Health(kind=BIRTH, node=node, session=1, claimed_at=1, program="t", disk_free_mb=9_000)
            on_health(session, scene.now, health)
    scene.pass_time(minutes=60)
    (line,) = scene.alarms()
    assert (line.kind, line.subject, line.evidence) == (AlarmKind.FLEET_SILENT, "fleet", {"silent": 12, "of": 12})


def test_figures_that_are_bad_for_a_while(scene: HealthScene) -> None:
    figures = Figures(clock_offset_ms=-700_000, battery_percent=15, on_mains=False, ram_free_mb=90)
    for _ in range(7):
        scene.hear(BEAT, figures=figures, disk_free_mb=60, waiting=2, oldest_waiting_s=20_000)
        scene.pass_time(minutes=7)
    assert scene.kinds() == ["battery_low", "clock_wrong", "disk_low", "ram_low", "waiting_long"]
    found = {line.kind: line for line in scene.alarms()}
    assert (found[AlarmKind.DISK_LOW].severity, found[AlarmKind.CLOCK_WRONG].evidence) == (
        Severity.CRITICAL,
        {"offset_s": -700},
    )


def test_lost_bundles_are_named(scene: HealthScene) -> None:
    scene.decide(accepted=117)
    scene.hear(BEAT, last_counter=119)
    scene.pass_time(minutes=20)
    (line,) = scene.alarms()
    assert (line.kind, line.evidence) == ("lost", {"missing": "118–119", "count": 2})


def test_what_ends_soon_gets_worse(scene: HealthScene) -> None:
    scene.ends = [Expiring(subject="crl", expires_at=MONDAY + timedelta(days=7, minutes=30))]
    scene.watch.look(scene.now)
    assert [line.severity for line in scene.alarms()] == [Severity.NOTICE]
    scene.pass_time(hours=1)
    (line,) = [line for line in scene.alarms() if line.kind is AlarmKind.EXPIRES]
    assert (line.severity, history(scene, line.id)) == (Severity.WARNING, [What.OPENED, What.WORSE])


def test_what_a_person_does_stands_in_the_history(scene: HealthScene) -> None:
    for number, run in ((501, b"run-aaaa"), (502, b"run-bbbb"), (503, b"run-aaaa")):
        scene.born(run, number)
    scene.watch.look(scene.now)
    (line,) = scene.alarms()
    with scene.database.session() as session:
        acknowledge(session, scene.now, line.id, "budi")
        acknowledge(session, scene.now, line.id, "ani")
        comment(session, scene.now, line.id, "budi", "  Ditelepon.  ")
        clear(session, scene.now, line.id, "budi")
    (line,) = scene.alarms(None)
    assert (line.acknowledged_by, line.cleared_by, line.phase) == ("budi", "budi", Phase.CLEARED)
    assert history(scene, line.id) == [What.OPENED, What.ACKNOWLEDGED, What.COMMENTED, What.CLEARED]


def refused(scene: HealthScene, alarm: int, text: str | None = None) -> AlarmRule:
    with scene.database.session() as session, pytest.raises(AlarmError) as caught:
        clear(session, scene.now, alarm, "budi") if text is None else comment(session, scene.now, alarm, "budi", text)
    return caught.value.rule


def test_what_a_person_may_not_do(scene: HealthScene) -> None:
    scene.hear(DEATH)
    scene.pass_time(minutes=10)
    assert refused(scene, 1) is AlarmRule.UNKNOWN  # pending: nobody was told
    scene.pass_time(minutes=40)
    (line,) = scene.alarms()
    assert refused(scene, line.id) is AlarmRule.STILL_HOLDS
    assert [refused(scene, line.id, text) for text in ("  ", "x" * 501)] == [AlarmRule.TEXT] * 2
    scene.hear(BIRTH, 501)
    scene.pass_time(minutes=1)
    assert refused(scene, line.id) is AlarmRule.CLEARED
    assert refused(scene, 99, "x") is AlarmRule.UNKNOWN


def test_lists_are_filtered(scene: HealthScene) -> None:
    scene.ends = [Expiring(subject="crl", expires_at=MONDAY)]
    scene.hear(DEATH)
    scene.pass_time(minutes=50)
    filters = [
        AlarmFilter(scope="33.14.05"), AlarmFilter(scope="33.14.0"), AlarmFilter(severity=Severity.CRITICAL),
        AlarmFilter(kind=AlarmKind.SILENT, node=NODE), AlarmFilter(phase=Phase.CLEARED), AlarmFilter(limit=1),
        AlarmFilter(before=2),
    ]  # fmt: skip
    with scene.database.reading() as session:
        found = [[line.kind.value for line in list_alarms(session, wanted)] for wanted in filters]
        counts, by_node = count_open(session), open_by_node(session)
    assert found == [["silent"], [], ["expires"], ["silent"], [], found[5], found[6]]
    assert (len(found[5]), sorted(found[5] + found[6])) == (1, ["expires", "silent"])
    assert counts == {Severity.NOTICE: 0, Severity.WARNING: 1, Severity.CRITICAL: 1}
    assert {node: [line.kind for line in lines] for node, lines in by_node.items()} == {NODE: ["silent"]}
