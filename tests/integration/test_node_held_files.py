"""A virus scanner holds a new file for a moment, or for good: kept after a moment, refused whole after long (D06)."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocol.catalogue import MediaType
from tests.integration.node_pages import clock, desk, furnished
from tests.village_desk import PIN, VillageDesk
from village_node.catalogue.service import load_service
from village_node.drafts import queries, service
from village_node.drafts.folder import DraftFolder
from village_node.drafts.pictures import Prepared
from village_node.identity.officers import unlock
from village_node.identity.sessions import Unlocked
from village_node.store.disk import TRIES, SystemDisk
from village_node.store.errors import StorageError
from village_node.store.files import SealedFiles
from village_node.store.space import SpaceState, measure

__all__ = ["clock", "desk", "furnished"]

DRAFT, FILE, BUNDLE = "01DRAFT", "01FILE", bytes(range(32))


@dataclass
class HeldDisk(SystemDisk):
    """The real disk, where somebody holds files for so many tries."""

    tries: int
    number: int = errno.EBUSY

    def replace(self, source: Path, target: Path) -> None:
        self._hold()
        super().replace(source, target)

    def read(self, path: Path) -> bytes:
        self._hold()
        return super().read(path)

    def pause(self, seconds: float) -> None:
        """Wait for nobody: the test has no time."""

    def _hold(self) -> None:
        if self.tries:
            self.tries -= 1
            raise OSError(self.number, "held")


@dataclass
class TornDisk(SystemDisk):
    """The real disk, which takes half of a file and then fails."""

    def create(self, path: Path, parts: Iterable[bytes], mode: int) -> int:
        super().create(path, [b"".join(parts)[:10]], mode)
        raise OSError(errno.EIO, "torn")


@pytest.fixture
def owner(desk: VillageDesk) -> Unlocked:
    context = desk.context
    made = unlock(context.database, context.clock, context.randomness, desk.officer, PIN)
    with context.database.session() as session:
        chosen = load_service(session, "JALAN", 1)
        service.start_draft(session, context.clock.now(), made, draft_id=DRAFT, service=chosen)
    return made


def attach(desk: VillageDesk, owner: Unlocked, disk: SystemDisk) -> DraftFolder:
    folder = DraftFolder(desk.context.settings.drafts_dir, disk)
    prepared = Prepared(media_type=MediaType.JPEG, content=b"\xff\xd8photo")
    file = service.NewFile(file_id=FILE, requirement="id_card", name="ktp.jpg", prepared=prepared)
    with desk.context.database.session() as session:
        service.attach_file(session, desk.context.clock.now(), owner, draft_id=DRAFT, file=file, folder=folder)
    return folder


def rows(desk: VillageDesk, owner: Unlocked) -> int:
    with desk.context.database.reading() as session:
        return len(queries.open_draft(session, owner, DRAFT).files)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY])
def test_a_file_that_is_held_for_a_moment_is_kept_and_read(desk: VillageDesk, owner: Unlocked, number: int) -> None:
    disk = HeldDisk(tries=TRIES - 1, number=number)
    folder = attach(desk, owner, disk)
    disk.tries = TRIES - 1
    assert service.read_bytes(owner, folder, DRAFT, FILE) == b"\xff\xd8photo"
    assert rows(desk, owner) == 1


@pytest.mark.parametrize("disk", [HeldDisk(tries=99), HeldDisk(tries=99, number=errno.EROFS), TornDisk()])
def test_a_file_that_is_held_for_good_or_torn_leaves_nothing(
    desk: VillageDesk, owner: Unlocked, disk: SystemDisk
) -> None:
    with pytest.raises(StorageError):
        attach(desk, owner, disk)
    assert rows(desk, owner) == 0
    assert [path for path in desk.context.settings.drafts_dir.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("disk", [HeldDisk(tries=99), TornDisk()])
def test_a_sealed_file_that_the_disk_refuses_leaves_nothing_of_its_bundle(tmp_path: Path, disk: SystemDisk) -> None:
    files = SealedFiles(tmp_path, disk)
    with pytest.raises(StorageError):
        files.put(BUNDLE, 0, [b"chunk"])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_no_file_is_broken_however_much_room_it_has(tmp_path: Path) -> None:
    assert measure(tmp_path, disk=TornDisk()).state is SpaceState.BROKEN
    assert list(tmp_path.iterdir()) == []
