"""Sealing on a real disk: what the hub can open, what nobody else can, and that it is one step or none."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from protocol.catalogue import ServiceStatus
from protocol.ids import tracking_commitment
from protocol.limits import CHUNK_BYTES, MAX_ATTACHMENT_BYTES
from protocol.topics import Up
from tests.hub_stand_in import HubStandIn
from tests.node_link import OpeningHub
from tests.node_stand import NAME, NIK, NodeStand, a_command, a_file, a_service
from village_node.identity.errors import NotEnrolledError
from village_node.identity.hub import free_numbers
from village_node.identity.sessions import Unlocked
from village_node.outbox.errors import (
    DraftInvalidError,
    DraftTooLargeError,
    ItemUnknownError,
    NoNumberLeftError,
    OfficerNotCertifiedError,
    ServiceClosedError,
)
from village_node.outbox.label import open_label
from village_node.outbox.progress import load_items, load_message
from village_node.outbox.queries import ItemStep, get_item, home, list_items, timeline
from village_node.outbox.service import SealCommand, sweep_orphans
from village_node.outbox.tables import OutboxItem
from village_node.store.errors import StorageError
from village_node.store.files import SealedFiles
from village_node.sync.carrier import Outbound

BIG = bytes(range(256)) * 600  # four chunks


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    return NodeStand(tmp_path)


@pytest.fixture
def hub() -> HubStandIn:
    return HubStandIn(1)


@pytest.fixture
def unlocked(stand: NodeStand, hub: HubStandIn) -> Unlocked:
    officer = stand.add_officer()
    stand.enrol(hub)
    return stand.unlock(officer)


def carry(stand: NodeStand, hub: OpeningHub, bundle: bytes) -> None:
    """Bring one sealed item to the hub by hand."""
    with stand.database.reading() as session:
        hub.take(Outbound(kind=Up.BUNDLE, payload=load_message(session, bundle)))
        row = get_item(session, bundle)
    for file in row.attachments:
        for index in range(file.chunks):
            hub.take(Outbound(kind=Up.CHUNK, payload=stand.files.chunk(bundle, file.position, index)))


def test_the_hub_opens_exactly_what_was_sealed(stand: NodeStand, hub: HubStandIn, unlocked: Unlocked) -> None:
    item = stand.seal(unlocked, a_command(a_file(BIG), a_file(b"\xff\xd8small", "KK.jpg")))
    opening = OpeningHub(hub, stand)
    carry(stand, opening, item.bundle)
    manifest = opening.opened[item.bundle].manifest
    assert (manifest.applicant.name, manifest.answers) == (NAME, {"business_name": "Warung Bu Sri"})
    assert manifest.registration_no == item.registration_no
    assert manifest.tracking == tracking_commitment(item.tracking_code)
    assert [opening.file(item.bundle, position) for position in (0, 1)] == [BIG, b"\xff\xd8small"]


def test_counters_and_links_run_on_and_numbers_are_never_used_twice(
    stand: NodeStand, hub: HubStandIn, unlocked: Unlocked
) -> None:
    first, second = stand.seal(unlocked), stand.seal(unlocked)
    opening = OpeningHub(hub, stand)
    for item in (first, second):
        carry(stand, opening, item.bundle)
    manifests = [opening.opened[item.bundle].manifest for item in (first, second)]
    assert [manifest.counter for manifest in manifests] == [1, 2]
    assert [manifest.previous for manifest in manifests] == [None, first.bundle]
    assert [item.registration_no.number for item in (first, second)] == [1, 2]
    assert manifests[0].checkpoint is not None
    assert manifests[0].checkpoint.size == hub.ledger.ref().size - 4  # before the four receipts


def test_nothing_readable_about_the_resident_is_left_on_the_disk(stand: NodeStand, unlocked: Unlocked) -> None:
    content = b"\xff\xd8" + b"UNMISTAKABLE" * 10_000
    item = stand.seal(unlocked, a_command(a_file(content, f"{NAME}.jpg")))
    stand.database.dispose()
    for path in (path for path in stand.directory.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        for secret in (NAME, NIK, "UNMISTAKABLE", "Warung", "081234567890", item.tracking_code):
            assert secret.encode() not in raw, path
            assert secret not in str(path)


def test_only_the_officers_own_vault_opens_the_label(stand: NodeStand, hub: HubStandIn, unlocked: Unlocked) -> None:
    item = stand.seal(unlocked)
    other = stand.unlock(stand.add_officer("Pak Budi"))
    with stand.database.reading() as session:
        sealed = get_item(session, item.bundle).label
    label = open_label(unlocked, sealed)
    assert label is not None
    assert (label.applicant, label.tracking_code, label.file_names) == (NAME, item.tracking_code, ["KTP.jpg"])
    assert open_label(other, sealed) is None


def _refusals() -> Iterator[tuple[SealCommand, type[Exception]]]:
    yield a_command(other="x"), DraftInvalidError
    yield replace(a_command(), attachments=()), DraftInvalidError
    yield replace(a_command(), handed_in=["nonsense"]), DraftInvalidError
    yield a_command(replace(a_file(), media_type="text/html")), DraftInvalidError
    yield a_command(service=a_service(status=ServiceStatus.WITHDRAWN)), ServiceClosedError
    yield a_command(a_file(bytes(MAX_ATTACHMENT_BYTES + 1))), DraftTooLargeError


@pytest.mark.parametrize(("command", "error"), list(_refusals()), ids=lambda value: getattr(value, "__name__", ""))
def test_what_the_hub_would_refuse_is_not_sealed(
    stand: NodeStand, unlocked: Unlocked, command: SealCommand, error: type[Exception]
) -> None:
    with pytest.raises(error):
        stand.seal(unlocked, command)
    assert_nothing_was_sealed(stand)


def assert_nothing_was_sealed(stand: NodeStand, numbers: int = 100) -> None:
    with stand.database.session() as session:
        assert load_items(session) == []
        assert free_numbers(session) == numbers
        sweep_orphans(session, stand.files)
    assert list((stand.directory / "sealed").iterdir()) == []


def test_an_officer_without_certificate_seals_nothing(stand: NodeStand, hub: HubStandIn) -> None:
    stand.add_officer()
    stand.enrol(hub)
    late = stand.unlock(stand.add_officer("Pak Budi"))
    with pytest.raises(OfficerNotCertifiedError):
        stand.seal(late)


def test_before_the_enrolment_nothing_is_sealed(stand: NodeStand) -> None:
    with pytest.raises(NotEnrolledError):
        stand.seal(stand.unlock(stand.add_officer()))


def test_the_end_of_the_lease_is_said_and_nothing_is_half_saved(stand: NodeStand, hub: HubStandIn) -> None:
    officer = stand.add_officer()
    stand.enrol(hub, numbers=2)
    unlocked = stand.unlock(officer)
    assert [stand.seal(unlocked).registration_no.number for _ in range(2)] == [1, 2]
    with pytest.raises(NoNumberLeftError):
        stand.seal(unlocked)
    with stand.database.reading() as session:
        assert len(load_items(session)) == 2


def test_a_number_of_last_year_is_taken_before_the_village_stops(stand: NodeStand, unlocked: Unlocked) -> None:
    stand.clock.pass_s(60 * 86_400)
    assert stand.seal(unlocked).registration_no.startswith("3314-26-")


class FailingFiles(SealedFiles):
    """A disk that fails at the n-th attachment."""

    def __init__(self, directory: Path, good: int) -> None:
        super().__init__(directory)
        self.good = good

    def put(self, bundle: bytes, position: int, messages: Iterator[bytes]) -> int:  # type: ignore[override]
        if position >= self.good:
            raise OSError(28, "no space left")
        return super().put(bundle, position, messages)


@pytest.mark.parametrize("good", [0, 1])
def test_a_full_disk_leaves_the_draft_and_no_half_item(stand: NodeStand, unlocked: Unlocked, good: int) -> None:
    stand.files = FailingFiles(stand.directory / "sealed", good)
    with pytest.raises(StorageError):
        stand.seal(unlocked, a_command(a_file(), a_file(BIG)))
    assert_nothing_was_sealed(stand)


def test_a_file_that_changes_between_the_two_reads_is_refused(stand: NodeStand, unlocked: Unlocked) -> None:
    contents = iter([b"\xff\xd8first", b"\xff\xd8other"])
    with pytest.raises(DraftInvalidError):
        stand.seal(unlocked, a_command(replace(a_file(), read=lambda: next(contents))))
    assert_nothing_was_sealed(stand)


def test_a_name_of_a_file_is_only_ever_shown(stand: NodeStand, hub: HubStandIn, unlocked: Unlocked) -> None:
    item = stand.seal(unlocked, a_command(a_file(name="..\\..\\etc/passwd\x00\n.jpg"), a_file(name="/")))
    opening = OpeningHub(hub, stand)
    carry(stand, opening, item.bundle)
    names = [file.name for file in opening.opened[item.bundle].manifest.attachments]
    assert names == ["passwd.jpg", "berkas"]


def test_the_pages_see_a_fresh_item_as_saved(stand: NodeStand, unlocked: Unlocked) -> None:
    item = stand.seal(unlocked, a_command(a_file(BIG)))
    with stand.database.reading() as session:
        row, figures = get_item(session, item.bundle), home(session)
        steps = [entry.step for entry in timeline(session, item.bundle)]
    assert (row.step, row.percent, steps) == (ItemStep.SAVED, 0, [ItemStep.SAVED])
    assert row.attachments[0].chunks == -(-len(BIG) // CHUNK_BYTES)
    assert (figures.waiting, figures.waiting_bytes, figures.free_numbers) == (1, len(BIG), 99)


def test_items_are_paged_newest_first(stand: NodeStand, unlocked: Unlocked) -> None:
    for _ in range(5):
        stand.seal(unlocked)
    with stand.database.reading() as session:
        first = list_items(session, limit=3)
        second = list_items(session, limit=3, before=first[-1].counter)
    assert [row.counter for row in (*first, *second)] == [5, 4, 3, 2, 1]


def test_an_unknown_item_is_refused(stand: NodeStand) -> None:
    with stand.database.reading() as session, pytest.raises(ItemUnknownError):
        get_item(session, bytes(32))


def test_a_sealed_message_cannot_be_opened_on_the_node(stand: NodeStand, unlocked: Unlocked) -> None:
    stand.seal(unlocked)
    with stand.database.reading() as session:
        row = session.scalars(select(OutboxItem)).one()
    columns = {column.name for column in OutboxItem.__table__.columns}
    assert not columns & {"content_key", "signed", "manifest"}
    assert NAME.encode() not in row.message
