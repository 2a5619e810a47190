"""Registration numbers: final on paper, over the turn of a year and two blocks, and their end without a link."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text, update

from protocol.mailbox import NumberLease
from tests.hub_stand_in import HubStandIn
from tests.integration.node_pages import Browser, MovingClock, app, browser, clock, desk, fill, furnished
from tests.node_stand import NodeStand
from tests.village_desk import PIN, VillageDesk
from village_node.identity.hub import free_numbers, store_lease
from village_node.identity.tables import LeasedBlock
from village_node.outbox.errors import NoNumberLeftError
from village_node.outbox.numbers import gap_faults, list_blocks

__all__ = ["app", "browser", "clock", "desk", "furnished"]


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    made = NodeStand(tmp_path / "node")
    made.add_officer()
    made.enrol(HubStandIn(1), numbers=3)
    return made


def seal(stand: NodeStand) -> str:
    with stand.database.reading() as session:
        officer = session.execute(text("SELECT officer_id FROM officer")).scalar_one()
    return str(stand.seal(stand.unlock(officer)).registration_no)[5:15]


def lease(stand: NodeStand, year: int, first: int, last: int) -> None:
    with stand.database.session() as session:
        store_lease(session, stand.clock.now(), NumberLease(year=year, first=first, last=last))


def test_a_block_is_used_up_before_the_next_and_both_are_final(stand: NodeStand) -> None:
    lease(stand, 2026, 50, 51)
    assert [seal(stand) for _ in range(5)] == [
        "26-0000001", "26-0000002", "26-0000003", "26-0000050", "26-0000051",
    ]  # fmt: skip


def test_after_the_turn_of_the_year_old_numbers_stay_valid_until_new_ones_come(stand: NodeStand) -> None:
    stand.clock.time = datetime(2027, 1, 2, 1, 0, tzinfo=UTC)
    before = seal(stand)
    lease(stand, 2027, 1, 2)
    assert (before, seal(stand), seal(stand), seal(stand)) == (
        "26-0000001", "27-0000001", "27-0000002", "26-0000002",
    )  # fmt: skip


@pytest.mark.parametrize("year", [2016, 2036])
def test_a_clock_that_is_ten_years_wrong_takes_the_newest_block(stand: NodeStand, year: int) -> None:
    lease(stand, 2027, 7, 9)
    stand.clock.time = datetime(year, 6, 1, tzinfo=UTC)
    assert seal(stand) == "27-0000007"


def test_a_lease_that_comes_twice_gives_no_number_twice(stand: NodeStand) -> None:
    first = seal(stand)
    lease(stand, 2026, 1, 3)
    assert (first, seal(stand)) == ("26-0000001", "26-0000002")


def test_when_the_numbers_end_sealing_is_refused_and_goes_on_with_the_next_block(stand: NodeStand) -> None:
    for _ in range(3):
        seal(stand)
    with pytest.raises(NoNumberLeftError):
        seal(stand)
    lease(stand, 2026, 100, 101)
    assert seal(stand) == "26-0000100"


def test_blocks_say_what_is_used_free_and_missing(stand: NodeStand) -> None:
    seal(stand)
    with stand.database.session() as session:
        session.execute(update(LeasedBlock).values(next=3))  # as after a copy of the data came back
    with stand.database.reading() as session:
        (block,) = list_blocks(session)
        assert (block.used, block.free, block.gaps) == (2, 1, (2,))
        assert gap_faults([block]) == ["numbers without item 2026/2"]


def use_up(desk: VillageDesk, *, left: int) -> None:
    with desk.context.database.session() as session:
        session.execute(update(LeasedBlock).values(next=LeasedBlock.last - left + 1))
        assert free_numbers(session) == left


def test_few_numbers_are_told_and_their_end_stops_only_the_signature(browser: Browser, desk: VillageDesk) -> None:
    draft = fill(browser)
    use_up(desk, left=20)
    assert "Nomor registrasi tinggal 20" in browser.get("/").text
    use_up(desk, left=0)
    assert "Nomor registrasi habis" in browser.get("/").text
    sign = browser.get(f"/isian/{draft}/tanda-tangan").text
    assert "tanpa nomor tidak ada tanda terima" in sign
    assert 'id="pin"' not in sign
    assert browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).status_code == 409
    assert browser.get(f"/isian/{fill(browser)}").status_code == 200, "new forms can be filled in all the same"
    use_up(desk, left=1)
    assert browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).status_code == 302


def test_the_page_of_numbers_names_uses_and_reasons_but_nobody(
    browser: Browser, desk: VillageDesk, clock: MovingClock
) -> None:
    slip = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"]
    bundle = bytes.fromhex(slip.split("/")[2])
    with desk.context.database.session() as session:
        session.execute(
            text("INSERT INTO stored_receipt VALUES (:d, :b, 'rejected', x'', 5, :t, 'answers_invalid', '', :t)"),
            {"d": bytes(32), "b": bundle, "t": clock.now_ms()},
        )
    page = browser.get("/nomor").text
    for words in ("3314-26-0000001-04", "Batal: Ada isian yang tidak sesuai", "0000001–0000500", "tanpa celah"):
        assert words in page
    assert "Suparmi" not in page
