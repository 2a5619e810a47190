"""The worker around a whole hub: what it signs, whom it reminds, and what a broken part may hold up."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.authority.certification import Issuer
from hub.authority.pki_files import open_pki
from hub.calendar.news import calendar_data
from hub.calendar.rules import Entry, EntryKind
from hub.calendar.service import Change, add_closure, current_calendar
from hub.casework.events import CaseTools
from hub.catalogue.catalogue import Catalogue
from hub.clocks.deadlines import StageStart, stage_opened
from hub.clocks.recompute import recompute_deadlines
from hub.dispatch.post import Standings, announce, village_post
from hub.dispatch.service import write_notice
from hub.dispatch.tables import NoticeRow
from hub.health.presence import on_health
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.receipts import Statement, request_receipt
from hub.ledger.witnesses import Witnesses
from hub.registry.tables import Node
from hub.storage.hubkeys import public_keys
from hub.storage.ports import SystemIds
from hub.worker import Worker, WorkerContext
from loadtests.village import Village
from protocol.health import Health, HealthKind
from protocol.mailbox import NoticeKind
from protocol.notices import CalendarData
from protocol.receipt import ReceiptKind
from protocol.wire import from_bytes, to_bytes
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import HUB, bundle_of, make_hub
from tests.integration.clock_stand import ClockStand
from tests.integration.test_ledger_whole_hub import tamper

BEACON_S = 60


class ListCarrier:
    """Writes down what is published."""

    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del most, linger_s, idle_s
        return []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        del messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages


@pytest.fixture
def scene(tmp_path: Path, database_url: str) -> Scene:
    return neighbours(make_hub(tmp_path, database_url))


@pytest.fixture
def carrier() -> ListCarrier:
    return ListCarrier()


@pytest.fixture
def worker(scene: Scene, carrier: ListCarrier) -> Worker:
    hub = scene.hub
    pki = open_pki(hub.directory / "pki", HUB, now=hub.clock.now(), entropy=hub.randomness.token)
    issuer = Issuer(
        open_authority=lambda: pki.authority,
        message_key=hub.context.secrets.message,
        keys=public_keys(hub.directory / "keys", HUB),
        broker_host="127.0.0.1",
        broker_port=8883,
        catalogue=Catalogue.load(),
        randomness=hub.randomness,
    )
    context = WorkerContext(
        hub=HUB,
        stores=hub.context.stores,
        secrets=hub.context.secrets,
        issuer=issuer,
        pki=pki,
        clock=hub.clock,
        beacon_s=BEACON_S,
        tools=CaseTools(
            catalogue=issuer.catalogue,
            keyring=hub.context.stores.keyring,
            randomness=hub.randomness,
            ids=SystemIds(hub.clock, hub.randomness),
            notify=village_post(HUB),
        ),
        witnesses=Witnesses([], hub.database),
    )
    know_calendar(scene)
    return Worker(context, carrier, lambda _: None)


def know_calendar(scene: Scene) -> None:
    """Let both nodes have the calendar and have said so: what the tests count is other mail."""
    with scene.hub.database.session() as session:
        body = to_bytes(calendar_data(current_calendar(session)))
        announce(session, scene.hub.clock.now(), Standings(NoticeKind.CALENDAR, {"calendar": body}))
        session.execute(update(Node).values(mail_cursor=1))


def hear(scene: Scene, village: Village, kind: HealthKind, session: int = 1) -> None:
    now = scene.hub.clock.now_ms()
    health = Health(kind=kind, node=village.node, session=session, claimed_at=now, program="test")
    with scene.hub.database.session() as transaction:
        on_health(transaction, scene.hub.clock.now(), health)


def notify(scene: Scene, village: Village) -> None:
    with scene.hub.database.session() as session:
        write_notice(session, scene.hub.clock.now(), village.node, NoticeKind.CATALOGUE, b"x")


def ask_receipt(scene: Scene, bundle: bytes) -> None:
    """Let casework call a case complete."""
    with scene.hub.database.session() as session:
        statement = Statement(kind=ReceiptKind.COMPLETE, office="one-stop")
        request_receipt(session, scene.hub.clock.now_ms(), bundle, statement, scene.hub.randomness.token(32))


def mails(carrier: ListCarrier, village: Village) -> int:
    count = sum(f"/{village.node}/down/mail" in message.topic for message in carrier.published)
    carrier.published.clear()
    return count


def beacons(carrier: ListCarrier) -> int:
    count = sum(message.topic.endswith("/beacon") for message in carrier.published)
    carrier.published.clear()
    return count


def test_a_notice_is_sent_once_and_a_node_that_is_here_is_reminded(
    scene: Scene, worker: Worker, carrier: ListCarrier
) -> None:
    hear(scene, scene.village, HealthKind.BIRTH)
    worker.tick()
    notify(scene, scene.village)

    found = []
    for _ in range(4):
        worker.tick()
        found.append(mails(carrier, scene.village))
        scene.hub.clock.move(30)

    assert found == [1, 0, 1, 0]


def test_a_calendar_that_changes_is_told_once_to_every_node(scene: Scene, worker: Worker, carrier: ListCarrier) -> None:
    worker.tick()
    assert (mails(carrier, scene.village), mails(carrier, scene.neighbour)) == (0, 0)
    election = Entry(kind=EntryKind.CLOSURE, first=date(2026, 12, 9), last=date(2026, 12, 9), reason="")
    change = Change(by="admin", reason="Pilkada", randomness=scene.hub.randomness, follow=recompute_deadlines)
    with scene.hub.database.session() as session:
        add_closure(session, scene.hub.clock.now(), election, change)
    for _ in range(3):
        scene.hub.clock.move(30)
        worker.tick()
    with scene.hub.database.reading() as session:
        rows = session.scalars(select(NoticeRow).where(NoticeRow.number == 2)).all()
    told = [from_bytes(row.body, CalendarData, max_bytes=60_000) for row in rows]
    assert [(each.version, "2026-12-09" in {day.day for day in each.days}) for each in told] == [(2, True)] * 2


def test_what_is_late_climbs_while_the_worker_runs(scene: Scene, worker: Worker) -> None:
    stand = ClockStand(database=scene.hub.database, clock=scene.hub.clock)
    case = stand.case()
    with scene.hub.database.session() as session:
        start = StageStart(case_id=case.case_id, stage="check", office="one-stop", working_days=0)
        stage_opened(session, scene.hub.clock.now(), start)
    worker.tick()
    scene.hub.clock.move(12 * 3_600)
    worker.tick()
    assert stand.row(case, "check").level == 1


def test_a_node_that_is_away_is_not_reminded(scene: Scene, worker: Worker, carrier: ListCarrier) -> None:
    """The broker would keep each reminder for the village to come back to."""
    hear(scene, scene.village, HealthKind.BIRTH)
    hear(scene, scene.village, HealthKind.DEATH)
    hear(scene, scene.neighbour, HealthKind.BIRTH)  # without a will: the broker itself was lost
    worker.tick()
    for village in (scene.village, scene.neighbour):
        notify(scene, village)
    worker.tick()
    carrier.published.clear()

    scene.hub.clock.move(3_600)
    worker.tick()

    assert [message.topic.rpartition("/")[2] for message in carrier.published] == ["beacon"]


def test_a_clock_set_back_does_not_silence_the_beacon(scene: Scene, worker: Worker, carrier: ListCarrier) -> None:
    worker.tick()
    assert beacons(carrier) == 1

    scene.hub.clock.move(-3_600)
    worker.tick()
    assert beacons(carrier) == 1
    worker.tick()
    assert beacons(carrier) == 0


def test_a_list_that_cannot_be_written_holds_up_no_receipt(scene: Scene, worker: Worker, carrier: ListCarrier) -> None:
    made = scene.village.seal_application(SERVICE)
    scene.hub.receive(bundle_of(scene.village, made))
    worker.tick()
    (scene.hub.directory / "pki" / "crl.pem").unlink(missing_ok=True)
    (scene.hub.directory / "pki").rename(scene.hub.directory / "gone")
    ask_receipt(scene, made.bundle)

    assert not worker.tick()
    assert mails(carrier, scene.village) == 1


def test_a_damaged_verdict_holds_up_no_other_receipt(scene: Scene, worker: Worker, carrier: ListCarrier) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(2)]
    scene.hub.receive(*(bundle_of(scene.village, each) for each in made))
    worker.tick()
    for each in made:
        ask_receipt(scene, each.bundle)
    first = "UPDATE bundle_receipt SET subject = :wrong WHERE kind = 'complete' AND bundle_id = :bundle"
    tamper(scene, first, wrong=b"\xff", bundle=made[0].bundle)

    worker.tick()

    assert mails(carrier, scene.village) == 1
