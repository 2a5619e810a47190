"""Sealing: a file that was delivered before stays behind, remarks travel, a correction bears the number of its case."""

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from protocol.ids import RegistrationNo
from protocol.topics import Up
from tests.hub_stand_in import Answer, HubStandIn
from tests.node_link import DirectCarrier, OpeningHub, runner_of
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.sessions import Unlocked
from village_node.outbox import progress
from village_node.outbox.manifest import CorrectionOf, SealCommand
from village_node.outbox.queries import get_item
from village_node.outbox.service import SealedItem
from village_node.outbox.tables import OutboxItem
from village_node.store.errors import StorageError
from village_node.sync.rules import messages as m

PHOTO = b"\xff\xd8" + bytes(100_000)


class Office:
    """A node and a hub that copies files which a manifest says to be there."""

    def __init__(self, directory: Path, *, copies: bool = True) -> None:
        self.stand, self.hub = NodeStand(directory), HubStandIn(6)
        officer = self.stand.add_officer()
        self.stand.enrol(self.hub)
        self.unlocked: Unlocked = self.stand.unlock(officer)
        self.opening = OpeningHub(self.hub, self.stand)
        self.carrier = DirectCarrier(self.opening)
        self.runner = runner_of(self.stand, self.carrier)
        self.carrier.start(self.runner._deliver, self.runner._greet)
        if copies:
            self.hub.on_manifest = self.copy

    def copy(self, bundle: bytes) -> list[Answer]:
        """Take the files of a bundle from the one that brought them, as a hub does."""
        answers: list[Answer] = []
        for position, each in enumerate(self.opening.opened[bundle].manifest.attachments):
            if each.delivered_in is not None:
                for index in range(each.chunks):
                    answers += self.hub.chunk(bundle, position, index)
        return answers

    def seal(self, command: SealCommand) -> SealedItem:
        return self.stand.seal(self.unlocked, command)

    def work(self, rounds: int = 60) -> None:
        for _ in range(rounds):
            events = [each for make in self.runner._rest_of_queue() if (each := make()) is not None]
            self.runner.step(events or [m.Ticked()])
            self.stand.clock.pass_s(1)

    def chunks(self) -> int:
        return sum(1 for each in self.carrier.published if each.kind is Up.CHUNK)

    def state(self, item: SealedItem) -> tuple[str, int]:
        with self.stand.database.reading() as session:
            row = get_item(session, item.bundle)
            return str(row.step), row.percent


def test_a_file_that_was_delivered_before_is_named_and_not_sent(tmp_path: Path) -> None:
    office = Office(tmp_path)
    first = office.seal(a_command(a_file(PHOTO)))
    office.work()
    sent = office.chunks()
    second = office.seal(a_command(a_file(PHOTO)))
    office.work()
    described = office.opening.opened[second.bundle].manifest.attachments[0]
    assert described.delivered_in == first.bundle
    assert office.chunks() == sent
    assert office.state(second) == ("whole", 100)


def test_a_hub_that_lacks_the_earlier_file_asks_and_gets_it(tmp_path: Path) -> None:
    office = Office(tmp_path, copies=False)
    office.seal(a_command(a_file(PHOTO)))
    office.work()
    sent = office.chunks()
    second = office.seal(a_command(a_file(PHOTO)))
    office.work(120)
    assert office.chunks() == sent + 3
    assert office.opening.file(second.bundle, 0) == PHOTO
    assert office.state(second) == ("whole", 100)


def test_only_a_file_that_arrived_whole_counts_as_delivered(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.seal(a_command(a_file(PHOTO)))
    second = office.seal(a_command(a_file(PHOTO)))
    third = office.seal(a_command(a_file(PHOTO + b"x")))
    office.work(100)
    for item in (second, third):
        assert office.opening.opened[item.bundle].manifest.attachments[0].delivered_in is None


def test_remarks_travel_in_the_manifest(tmp_path: Path) -> None:
    office = Office(tmp_path)
    command = a_command()
    item = office.seal(
        SealCommand(
            service=command.service,
            applicant=command.applicant,
            answers=command.answers,
            handed_in=command.handed_in,
            attachments=command.attachments,
            remarks={"applicant_nik": "KTP salah sejak terbit", "business_name": ""},
        )
    )
    office.work(5)
    assert office.opening.opened[item.bundle].manifest.remarks == {"applicant_nik": "KTP salah sejak terbit"}


def a_correction(of: SealedItem, **answers: str) -> SealCommand:
    command = a_command()
    correction = CorrectionOf(
        bundle=of.bundle, request=9, registration_no=of.registration_no, before={"business_name": "Warung Bu Sri"}
    )
    return SealCommand(
        service=command.service, applicant=command.applicant, answers=answers, handed_in=(), correction=correction
    )


def test_a_correction_takes_no_number_but_the_next_counter(tmp_path: Path) -> None:
    office = Office(tmp_path)
    first = office.seal(a_command())
    fixed = office.seal(a_correction(first, business_name="Toko"))
    other = office.seal(a_command())
    assert (fixed.registration_no, fixed.counter) == (first.registration_no, first.counter + 1)
    assert other.registration_no.number == first.registration_no.number + 1
    office.work()
    manifest = office.opening.opened[fixed.bundle].manifest
    assert (manifest.corrects, manifest.previous) == (first.bundle, first.bundle)
    with office.stand.database.reading() as session:
        rows = {row.bundle: row.registration_no for row in progress.load_items(session)}
    assert rows[fixed.bundle] == first.registration_no


def test_two_applications_with_one_number_cannot_be_stored(tmp_path: Path) -> None:
    office = Office(tmp_path)
    first, second = office.seal(a_command()), office.seal(a_command())
    with pytest.raises((IntegrityError, StorageError)), office.stand.database.session() as session:
        session.get_one(OutboxItem, second.bundle).registration_no = RegistrationNo(first.registration_no)
