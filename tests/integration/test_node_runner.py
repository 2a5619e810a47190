"""The sync thread's work on a real disk: from the outbox to verified receipts, and what a failing disk does to it."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from protocol.envelope import Purpose, sign
from protocol.health import HealthKind
from protocol.ids import OfficerId
from protocol.mailbox import NoticeKind, NumberLease, OfficerCertificate
from protocol.receipt import ReceiptKind
from protocol.topics import Down, Up
from protocol.wire import to_bytes
from tests.hub_stand_in import HubStandIn
from tests.node_link import DirectCarrier, OpeningHub, runner_of
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.certificates import is_certified, uncertified_officers
from village_node.identity.hub import free_numbers, newest_checkpoint
from village_node.identity.sessions import Unlocked
from village_node.inbox.service import read_cursor
from village_node.inbox.tables import StoredNotice, StoredReceipt
from village_node.outbox.queries import ItemStep, LinkState, get_item, home, list_flags, list_receipts, timeline
from village_node.store.errors import StorageError
from village_node.sync.rules import messages as m

BIG = b"\xff\xd8" + bytes(400_000)


class Office:
    """A node, its hub and the runner between them, driven step by step."""

    def __init__(self, directory: Path) -> None:
        self.stand = NodeStand(directory)
        self.hub = HubStandIn(1)
        self.officer = self.stand.add_officer()
        self.stand.enrol(self.hub)
        self.opening = OpeningHub(self.hub, self.stand)
        self.carrier = DirectCarrier(self.opening)
        self.runner = runner_of(self.stand, self.carrier)

    @property
    def unlocked(self) -> Unlocked:
        return self.stand.unlock(self.officer)

    def restart(self) -> None:
        self.runner = runner_of(self.stand, self.carrier)

    def work(self, seconds: float = 5, most: int = 0) -> None:
        """Let the runner work in this thread while the held clock runs; first ``most`` events one by one."""
        self.carrier.start(self.runner._deliver, self.runner._greet)
        for _ in range(most):
            event = self.runner._queue.get()()
            self.runner.step([] if event is None else [event])
        for _ in range(int(seconds * 10)):
            while not self.runner._queue.empty():
                self.runner.step(self.runner._wait_for_events())
            self.stand.clock.pass_s(0.1)
            self.runner.step([m.Ticked()])


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_an_item_becomes_whole_with_every_step_in_its_timeline(office: Office) -> None:
    item = office.stand.seal(office.unlocked, a_command(a_file(BIG), a_file()))
    office.work()
    with office.stand.database.reading() as session:
        row = get_item(session, item.bundle)
        steps = [entry.step for entry in timeline(session, item.bundle)]
        assert list_receipts(session, item.bundle) == list(office.hub.cases[item.bundle].receipts.values())
        assert list_flags(session) == []
        seen = newest_checkpoint(session)
    assert steps == [ItemStep.SAVED, ItemStep.SENT, ItemStep.ARRIVED, ItemStep.WHOLE]
    assert (row.step, row.percent, row.attempts) == (ItemStep.WHOLE, 100, 1)
    assert office.opening.file(item.bundle, 0) == BIG
    assert seen is not None
    assert seen.size == len(office.hub.ledger.entries)


def test_birth_heartbeat_and_mail_tell_the_hub_the_truth(office: Office) -> None:
    office.stand.seal(office.unlocked)
    office.work(2)
    office.stand.clock.pass_s(300)
    office.runner.step([m.Ticked()])
    kinds = [health.kind for health in office.opening.healths]
    assert kinds == [HealthKind.BIRTH, HealthKind.HEARTBEAT]
    assert [health.waiting for health in office.opening.healths] == [1, 0]
    assert (office.opening.healths[0].last_counter, office.opening.mails[0].free_numbers) == (1, 99)


def test_session_numbers_grow_over_restarts_and_a_clock_set_back(office: Office) -> None:
    office.work(1)
    office.stand.clock.time = office.stand.clock.time.replace(year=2016)
    office.restart()
    office.work(1)
    sessions = [health.session for health in office.opening.healths]
    assert sessions[1] == sessions[0] + 1


def test_heartbeats_claim_later_times_though_the_clock_is_set_back(office: Office) -> None:
    office.work(1)
    office.stand.clock.time = office.stand.clock.time.replace(year=2016)
    for _ in range(3):
        office.stand.clock.pass_s(300)
        office.runner.step([m.Ticked()])
    claims = [health.claimed_at for health in office.opening.healths]
    assert len(claims) == 4
    assert claims == sorted(set(claims))


def test_what_is_sealed_while_the_link_is_up_goes_once_at_the_next_look(office: Office) -> None:
    office.work(1)
    item = office.stand.seal(office.unlocked)
    office.runner.step([m.Woken()])
    office.work(2)
    with office.stand.database.reading() as session:
        row = get_item(session, item.bundle)
    assert (row.step, row.attempts) == (ItemStep.WHOLE, 1)


def test_receipts_of_casework_come_by_the_mailbox(office: Office) -> None:
    item = office.stand.seal(office.unlocked)
    office.work(2)
    facts = office.hub.cases[item.bundle].facts
    office.hub.notify(NoticeKind.RECEIPT, office.hub.receipt(facts, ReceiptKind.COMPLETE, office="one-stop"))
    office.hub.notify(NoticeKind.RECEIPT, office.hub.receipt(facts, ReceiptKind.RETURNED, code="blurred"))
    office.restart()
    office.work(2)
    with office.stand.database.reading() as session:
        row = get_item(session, item.bundle)
        assert read_cursor(session) == 2
    assert (row.step, row.code) == (ItemStep.RETURNED, "blurred")


def test_leases_and_officer_certificates_come_by_the_mailbox(office: Office) -> None:
    late = office.stand.add_officer("Pak Budi")
    office.hub.notify(NoticeKind.LEASE, to_bytes(NumberLease(year=2026, first=501, last=600)))
    office.hub.notify(NoticeKind.OFFICER, certify(office, late))
    office.hub.notify(NoticeKind.CATALOGUE, b"cannot be read")
    office.work(3)
    with office.stand.database.reading() as session:
        assert (free_numbers(session), read_cursor(session)) == (200, 3)
        assert is_certified(session, late)
    assert [officer.name for officer in office.opening.mails[0].officers] == ["Pak Budi"]


def certify(office: Office, officer: OfficerId) -> bytes:
    with office.stand.database.reading() as session:
        (asked,) = [each for each in uncertified_officers(session) if each.officer == officer]
    certificate = OfficerCertificate(officer=officer, node=office.hub.node, public_key=asked.public_key, issued_at=0)
    return sign(to_bytes(certificate), key=office.hub.message_key, purpose=Purpose.OFFICER)


def test_a_certificate_that_somebody_else_signed_certifies_nobody(office: Office) -> None:
    late = office.stand.add_officer("Pak Budi")
    genuine, office.hub.message_key = office.hub.message_key, HubStandIn(2).message_key
    forged = certify(office, late)
    office.hub.message_key = genuine
    office.hub.notify(NoticeKind.OFFICER, forged)
    office.work(2)
    with office.stand.database.reading() as session:
        assert not is_certified(session, late)
        assert [flag.code for flag in list_flags(session)] == ["notice_unreadable"]


def test_a_notice_of_a_later_kind_is_kept_counted_and_flagged(office: Office) -> None:
    office.hub.notify("weather", b"rain")
    office.work(2)
    with office.stand.database.reading() as session:
        stored = session.get(StoredNotice, 1)
        assert stored is not None
        assert (stored.kind, stored.raw) == ("weather", office.hub.notices[0])
        assert read_cursor(session) == 1
        assert [flag.code for flag in list_flags(session)] == ["notice_unknown"]


def test_a_forged_receipt_changes_nothing_but_a_flag(office: Office) -> None:
    item = office.stand.seal(office.unlocked)
    office.carrier.is_up = False
    office.work(1)
    facts = office.runner._engine._items[item.bundle]
    office.runner.step([m.Received(Down.RECEIPT, HubStandIn(3).receipt(facts, ReceiptKind.ARRIVED))])
    with office.stand.database.reading() as session:
        assert get_item(session, item.bundle).step is ItemStep.SENT
        assert session.scalar(select(func.count()).select_from(StoredReceipt)) == 0
        assert len(list_flags(session)) == 1


def test_nothing_is_sent_when_the_store_does_not_take_it(office: Office) -> None:
    item = office.stand.seal(office.unlocked)
    with office.stand.database.session() as session:
        session.execute(text("CREATE TRIGGER full BEFORE UPDATE ON outbox_item BEGIN SELECT RAISE(FAIL, 'full'); END"))
    with pytest.raises(StorageError):
        office.work(1)
    assert office.carrier.published == []
    with office.stand.database.session() as session:
        session.execute(text("DROP TRIGGER full"))
    office.restart()
    office.work()
    with office.stand.database.reading() as session:
        assert get_item(session, item.bundle).step is ItemStep.WHOLE


def test_a_damaged_file_steps_aside_and_the_next_item_goes(office: Office) -> None:
    bad = office.stand.seal(office.unlocked, a_command(a_file(BIG)))
    good = office.stand.seal(office.unlocked)
    (office.stand.directory / "sealed" / bad.bundle.hex() / "0.sealed").write_bytes(b"torn")
    office.work()
    with office.stand.database.reading() as session:
        assert get_item(session, bad.bundle).step is ItemStep.ARRIVED
        assert get_item(session, good.bundle).step is ItemStep.WHOLE
        assert [flag.code for flag in list_flags(session)] == ["files_damaged"]


def test_a_restart_in_the_middle_of_a_file_sends_the_rest_only(office: Office) -> None:
    item = office.stand.seal(office.unlocked, a_command(a_file(BIG)))
    office.work(0, most=6)
    sent = len([each for each in office.carrier.published if each.kind is Up.CHUNK])
    office.restart()
    office.work()
    total = len([each for each in office.carrier.published if each.kind is Up.CHUNK])
    assert total <= 9 + 2
    assert sent < total
    with office.stand.database.reading() as session:
        assert get_item(session, item.bundle).step is ItemStep.WHOLE


def test_the_first_page_says_offline_silent_and_online(office: Office) -> None:
    office.stand.seal(office.unlocked)
    states = []
    office.carrier.is_up = False
    for event in (m.Disconnected("name"), m.Connected(5), m.Ticked()):
        office.stand.clock.pass_s(200)
        office.runner.step([event])
        with office.stand.database.reading() as session:
            states.append(home(session).link)
    assert states == [LinkState.OFFLINE, LinkState.ONLINE, LinkState.SILENT]


def test_the_thread_stops_with_a_farewell(office: Office) -> None:
    thread = threading.Thread(target=office.runner.run)
    thread.start()
    office.runner.wake()
    office.runner.stop()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert office.carrier.published[-1].kind is Up.DEATH
    assert office.opening.healths[-1].kind is HealthKind.DEATH


def test_a_service_that_cannot_be_read_is_a_flag(office: Office) -> None:
    office.hub.notify(NoticeKind.CATALOGUE, b"no service")
    office.work(2)
    with office.stand.database.reading() as session:
        assert [flag.code for flag in list_flags(session)] == ["notice_unreadable"]
