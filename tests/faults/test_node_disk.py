"""A village PC's disk at its end: so many kilobytes or inodes left, for every number of them (D04 to D06), read-only,
and a file that cannot be read (D08). Real file systems in memory: nothing is half-saved, freed room counts at once.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from sqlalchemy import text

from tests.integration.node_pages import ROAD, Browser, MovingClock, furnished
from tests.requirements import leave
from tests.village_desk import PIN, VillageDesk, open_desk
from village_node.drafts.folder import DraftFolder
from village_node.outbox.selfcheck import find_faults
from village_node.store.space import SpaceRules, SpaceState, SpaceWatch, measure
from village_node.web.app import create_app

__all__ = ["furnished"]

pytestmark = [pytest.mark.faults, pytest.mark.slow]
KINDS = ("village_letter", "id_card", "road_map")
ROOMY = "size=200m,nr_inodes=20000"


@pytest.fixture(scope="module", autouse=True)
def machine() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        leave("mounting a file system in memory needs root on Linux")


def noise(seed: int) -> bytes:
    """Return a photo that does not get smaller by compressing: about 60 kB."""
    target = BytesIO()
    Image.frombytes("RGB", (220, 160), Random(seed).randbytes(220 * 160 * 3)).save(target, "JPEG", quality=90)
    return target.getvalue()


PHOTOS = {kind: noise(number) for number, kind in enumerate(KINDS)}


class SmallDisk:
    """A file system in memory, with a node on it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = place / "node"

    def option(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", "tmpfs", str(self.place)], check=True)

    def used(self) -> tuple[int, int]:
        """Return kilobytes and inodes that are in use."""
        found = os.statvfs(self.place)
        return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024, found.f_files - found.f_ffree


@contextmanager
def mounted(place: Path, furnished: Path) -> Iterator[SmallDisk]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", ROOMY, "tmpfs", str(place)], check=True)
    try:
        disk = SmallDisk(place)
        shutil.copytree(furnished, disk.folder)
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


class Officer:
    """Brings one application to its end, step by step; a step that was refused can be tried again."""

    def __init__(self, desk: VillageDesk, space: SpaceWatch) -> None:
        self.browser = Browser(create_app(desk.context, space))
        self.desk, self.draft, self.slip = desk, "", ""
        self.attached: set[str] = set()

    def go_on(self) -> bool:
        """Do what is still to be done; return whether all of it is."""
        steps: tuple[Callable[[], bool], ...] = (self.sign_in, self.begin, self.fill, self.attach, self.seal)
        return all(step() for step in steps)

    def sign_in(self) -> bool:
        return self.browser.sign_in(self.desk.officer).status_code == 302

    def begin(self) -> bool:
        if not self.draft:
            answer = self.browser.post("/layanan/JALAN/mulai")
            self.draft = answer.headers["Location"].split("/")[-1] if answer.status_code == 302 else ""
        return bool(self.draft)

    def fill(self) -> bool:
        return bool(self.slip) or self.browser.post(f"/isian/{self.draft}", **ROAD).status_code == 302

    def attach(self) -> bool:
        for kind in KINDS:
            if not self.slip and kind not in self.attached:
                if self.browser.upload(self.draft, kind, PHOTOS[kind]).status_code != 200:
                    return False
                self.attached.add(kind)
        return True

    def seal(self) -> bool:
        if not self.slip:
            answer = self.browser.post(f"/isian/{self.draft}/tanda-tangan", pin=PIN)
            self.slip = answer.headers.get("Location", "") if answer.status_code == 302 else ""
        return bool(self.slip)


def check(desk: VillageDesk) -> None:
    """Rows and files fit together, and no half file takes room."""
    context = desk.context
    assert context.database.check() == []
    with context.database.reading() as session:
        assert find_faults(session, context.files, DraftFolder(context.settings.drafts_dir)) == []
        named = session.execute(text("SELECT count(*) FROM outbox_attachment")).scalar_one()
        drafted = session.execute(text("SELECT count(*) FROM draft_file")).scalar_one()
    assert len(list(context.settings.sealed_dir.glob("*/*"))) == named
    assert len(list(context.settings.drafts_dir.glob("*/*"))) == drafted


def open_small(disk: SmallDisk) -> tuple[VillageDesk, Officer]:
    """Open the node with pages that never say "full" early: here the disk itself shall refuse."""
    desk = open_desk(disk.folder, MovingClock())
    space = SpaceWatch(disk.folder, desk.context.clock, NEVER_EARLY)
    return desk, Officer(desk, space)


NEVER_EARLY = SpaceRules(block_bytes=0, warn_bytes=0, block_inodes=0, believe_ms=0)


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_every_number_of_kilobytes_ends_whole_or_not_at_all(tmp_path: Path, furnished: Path, first: int) -> None:
    refused = 0
    for spare in range(first, 1_000, 24):
        with mounted(tmp_path / f"disk-{spare}", furnished) as disk:
            desk, officer = open_small(disk)
            disk.option(f"size={disk.used()[0] + spare}k")
            refused += not officer.go_on()
            check(desk)
            disk.option("size=200m")
            assert officer.go_on(), "freed room must count without a restart"
            check(desk)
            assert len(officer.attached) == len(KINDS)
            desk.context.database.dispose()
    assert 5 < refused < 38, "some must have been refused, and some not"


def test_every_number_of_inodes_ends_whole_or_not_at_all(tmp_path: Path, furnished: Path) -> None:
    refused = 0
    for spare in range(14):
        with mounted(tmp_path / f"inodes-{spare}", furnished) as disk:
            desk, officer = open_small(disk)
            disk.option(f"nr_inodes={disk.used()[1] + spare}")
            refused += not officer.go_on()
            check(desk)
            disk.option("nr_inodes=20000")
            assert officer.go_on()
            check(desk)
            desk.context.database.dispose()
    assert 0 < refused < 14


def test_a_full_disk_says_so_before_the_story_is_told_and_frees_without_a_restart(
    tmp_path: Path, furnished: Path
) -> None:
    with mounted(tmp_path / "disk", furnished) as disk:
        desk = open_desk(disk.folder, MovingClock())
        browser = Browser(create_app(desk.context))
        browser.sign_in(desk.officer)
        disk.option(f"size={disk.used()[0] + 2_000}k")
        desk.context.clock.move(60)  # type: ignore[attr-defined]  # the clock of these tests moves
        assert "Permohonan baru ditahan" in browser.get("/").text
        assert "Mulai mengisi" not in browser.get("/layanan/JALAN").text
        assert browser.post("/layanan/JALAN/mulai").status_code == 503
        disk.option("size=400m")
        assert "Permohonan baru ditahan" not in browser.get("/").text
        assert browser.post("/layanan/JALAN/mulai").status_code == 302
        desk.context.database.dispose()


def test_a_disk_that_turned_read_only_is_said_and_loses_nothing(tmp_path: Path, furnished: Path) -> None:
    with mounted(tmp_path / "disk", furnished) as disk:
        desk, officer = open_small(disk)
        assert officer.sign_in()
        assert officer.begin()
        desk.context.database.dispose()  # the kernel turns a disk read-only only when no file is open for writing
        disk.option("ro")
        answer = officer.browser.get("/")
        assert (answer.status_code, "tidak dapat ditulisi" in answer.text) == (503, True)
        assert officer.browser.post(f"/isian/{officer.draft}", **ROAD).status_code == 503
        assert measure(disk.folder, NEVER_EARLY).state is SpaceState.BROKEN
        disk.option("rw")
        assert officer.go_on()
        check(desk)
        desk.context.database.dispose()


def test_one_file_that_cannot_be_read_leaves_the_rest_working(tmp_path: Path, furnished: Path) -> None:
    with mounted(tmp_path / "disk", furnished) as disk:
        desk, officer = open_small(disk)
        assert all(step() for step in (officer.sign_in, officer.begin, officer.fill, officer.attach))
        lost, *others = sorted(desk.context.settings.drafts_dir.glob("*/*.sealed"))
        lost.unlink()
        lost.mkdir()  # reading it answers EISDIR, as a bad sector answers EIO
        answers = [officer.browser.get(f"/isian/{officer.draft}/berkas/{each.stem}").status_code
                   for each in (lost, *others)]  # fmt: skip
        assert answers == [503, 200, 200]
        assert officer.browser.post(f"/isian/{officer.draft}/tanda-tangan", pin=PIN).status_code == 409
        assert officer.browser.get(f"/isian/{officer.draft}/berkas").status_code == 200
        desk.context.database.dispose()
