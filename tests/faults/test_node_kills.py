"""kill -9 in the middle of what an officer does, twenty times at each place: what a page confirmed is there (A17).

The killed process serves the officer's pages; what it confirmed is told through a pipe, after the answer. Then the
folder is opened as a restart does it, and looked at.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from sqlalchemy import select, text

from tests.integration.node_pages import ROAD, Browser, furnished, photo
from tests.requirements import leave
from tests.village_desk import PIN, VillageDesk, open_desk
from village_node.drafts import queries, service
from village_node.drafts.folder import DraftFolder
from village_node.drafts.tables import Draft, DraftFile
from village_node.identity.officers import FREE_TRIES, unlock
from village_node.identity.sessions import Unlocked
from village_node.identity.tables import Officer
from village_node.outbox.selfcheck import find_faults
from village_node.outbox.service import sweep_orphans
from village_node.outbox.tables import OutboxItem
from village_node.web.app import create_app

__all__ = ["furnished"]

pytestmark = [pytest.mark.faults, pytest.mark.slow]
KILLS = 20
LONGEST_S = 0.25


@pytest.fixture(scope="module", autouse=True)
def machine() -> None:
    if sys.platform == "win32":
        leave("killing a forked process needs a fork")


Tell = Callable[[str], None]
Work = Callable[[Browser, Tell], None]


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "node"))


def killed_while(folder: Path, work: Work, after_s: float) -> list[str]:
    """Run work in a process of its own, kill it, and return what it told until then."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _serve(folder, work, partial(_tell, writing))
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.readline() == "ready\n"
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line.strip() for line in told if line.endswith("\n")]


def _tell(writing: int, line: str) -> None:
    os.write(writing, f"{line}\n".encode())


def _serve(folder: Path, work: Work, tell: Tell) -> None:
    """Be the program: open the folder, sign in, work until killed."""
    try:
        desk = open_desk(folder)
        with desk.context.database.session() as session:
            sweep_orphans(session, desk.context.files)
        browser = Browser(create_app(desk.context))
        assert browser.sign_in(desk.officer).status_code == 302
        tell("ready")
        work(browser, tell)
    finally:
        os._exit(1)


class Restarted:
    """The folder after a restart, with the officer's vault open; everything fits together."""

    def __init__(self, folder: Path) -> None:
        self.desk: VillageDesk = open_desk(folder)
        self.context = self.desk.context
        self.folder = DraftFolder(self.context.settings.drafts_dir)
        create_app(self.context)  # tidies what no row names, as a start does
        with self.context.database.session() as session:
            sweep_orphans(session, self.context.files)
        assert self.context.database.check() == []
        with self.context.database.reading() as session:
            assert find_faults(session, self.context.files, self.folder) == []
            files = session.scalar(text("SELECT count(*) FROM draft_file"))
        assert len(list(self.context.settings.drafts_dir.glob("*/*"))) == files

    def owner(self) -> Unlocked:
        ports = self.context
        return unlock(ports.database, ports.clock, ports.randomness, self.desk.officer, PIN)

    def close(self) -> None:
        self.context.database.dispose()


@pytest.fixture
def moments() -> Iterator[float]:
    random = Random(17)
    return iter([random.random() * LONGEST_S for _ in range(KILLS)])


def autosave(browser: Browser, tell: Tell) -> None:
    draft = browser.start()
    for number in range(10**6):
        answer = browser.script(f"/isian/{draft}/simpan", {"key": "purpose_detail", "value": str(number)})
        assert answer.status_code == 200
        tell(f"{draft} {number}")


def test_the_last_field_typed_is_there(folder: Path, moments: Iterator[float]) -> None:
    confirmed = 0
    for moment in moments:
        told = killed_while(folder, autosave, moment)
        confirmed += len(told)
        restarted = Restarted(folder)
        if told:
            draft, number = told[-1].split()
            with restarted.context.database.reading() as session:
                typed = queries.open_draft(session, restarted.owner(), draft).content.typed
            assert int(typed["purpose_detail"]) in {int(number), int(number) + 1}
        restarted.close()
    assert confirmed > KILLS


LARGE = BytesIO()
Image.frombytes("RGB", (1_800, 1_350), Random(1).randbytes(1_800 * 1_350 * 3)).save(LARGE, "JPEG", quality=60)


def attach_small(browser: Browser, tell: Tell) -> None:
    attach(browser, tell, photo(40, 30))


def attach_large(browser: Browser, tell: Tell) -> None:
    attach(browser, tell, LARGE.getvalue())


def attach(browser: Browser, tell: Tell, content: bytes) -> None:
    """Begin an application and attach a file, for ever; a confirmed file is told."""
    while True:
        draft = browser.start()
        assert browser.upload(draft, "id_card", content).status_code == 200
        tell(draft)


@pytest.mark.parametrize(("work", "stretch"), [(attach_small, 1.0), (attach_large, 4.0)], ids=["attach", "shrink"])
def test_a_confirmed_file_is_there_and_opens(
    folder: Path, moments: Iterator[float], work: Work, stretch: float
) -> None:
    confirmed: list[str] = []
    for moment in moments:
        confirmed += killed_while(folder, work, moment * stretch)
        restarted = Restarted(folder)
        restarted.close()
    restarted = Restarted(folder)
    owner = restarted.owner()
    with restarted.context.database.reading() as session:
        files = {row.draft_id: row.file_id for row in session.execute(select(DraftFile.draft_id, DraftFile.file_id))}
    for draft in confirmed:
        assert service.read_bytes(owner, restarted.folder, draft, files[draft]).startswith(b"\xff\xd8")
    restarted.close()
    assert len(confirmed) > KILLS // 2


def prepare(folder: Path, count: int) -> list[str]:
    """Fill in so many applications and return their draft ids."""
    desk = open_desk(folder)
    browser = Browser(create_app(desk.context))
    browser.sign_in(desk.officer)
    drafts = [browser.start() for _ in range(count)]
    for draft in drafts:
        assert browser.post(f"/isian/{draft}", **ROAD).status_code == 302
        for kind in ("village_letter", "id_card", "road_map"):
            assert browser.upload(draft, kind, photo(40, 30)).status_code == 200
    desk.context.database.dispose()
    return drafts


def sign_all(drafts: list[str], browser: Browser, tell: Tell) -> None:
    """Sign every application that is still there, each with the PIN."""
    for draft in drafts:
        answer = browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN)
        if answer.status_code == 302:
            tell(f"{draft} {answer.headers['Location'].split('/')[2]}")
    time.sleep(60)


def test_an_application_is_a_draft_or_sealed_never_both_and_never_neither(
    folder: Path, moments: Iterator[float]
) -> None:
    prepared = prepare(folder, 60)
    sealed: dict[str, str] = {}
    for moment in moments:
        told = killed_while(folder, partial(sign_all, [each for each in prepared if each not in sealed]), moment * 2.5)
        sealed |= dict(line.split() for line in told)
        restarted = Restarted(folder)
        with restarted.context.database.reading() as session:
            drafts = set(session.scalars(select(Draft.draft_id)))
            bundles = {each.hex() for each in session.scalars(select(OutboxItem.bundle_id))}
        assert set(sealed.values()) <= bundles
        assert not set(sealed) & drafts
        assert len(drafts) + len(bundles) == 60
        restarted.close()
    assert len(sealed) > KILLS // 4


def test_a_kill_while_the_pin_is_judged_opens_nothing_and_locks_nobody_out_for_good(folder: Path) -> None:
    random, first = Random(3), open_desk(folder)
    first.context.database.dispose()
    for _ in range(KILLS):
        told = killed_while(folder, partial(try_pins, str(first.officer)), random.random() * 0.1)
        desk = open_desk(folder)
        with desk.context.database.session() as session:
            row = session.get_one(Officer, desk.officer)
            assert row.wrong_pins >= min(len(told), FREE_TRIES + 1), "a PIN that was judged was counted before"
            row.locked_until = None  # the wait is over
        ports = desk.context
        unlock(ports.database, ports.clock, ports.randomness, desk.officer, PIN)
        ports.database.dispose()


def try_pins(officer: str, browser: Browser, tell: Tell) -> None:
    for number in range(10**6):
        browser.sign_in(officer, f"1{number:05d}9")
        tell(str(number))
