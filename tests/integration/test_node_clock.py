"""A village PC whose clock is wrong by years: everything goes on, the difference is told, the log decides (D15)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.node_pages import Browser, MovingClock, app, browser, clock, desk, fill, furnished
from tests.village_desk import PIN, VillageDesk
from village_node.health.clock import hub_times, judge_clock
from village_node.identity.errors import PinLockedError, PinWrongError
from village_node.identity.officers import unlock
from village_node.inbox.link import note_beacon, set_link
from village_node.inbox.tables import StoredReceipt

__all__ = ["app", "browser", "clock", "desk", "furnished"]

TRUE_TIME = datetime(2026, 11, 24, 2, 12, tzinfo=UTC)
TEN_YEARS = timedelta(days=3_653)


def hear(desk: VillageDesk, at: datetime) -> None:
    """Let the hub's beacon come, with the hub's time."""
    with desk.context.database.session() as session:
        note_beacon(session, desk.context.clock.now(), int(at.timestamp() * 1_000))


@pytest.mark.parametrize("wrong", [-TEN_YEARS, timedelta(days=1_826)], ids=["ten-years-behind", "five-years-ahead"])
def test_an_application_is_filled_in_and_sealed_by_a_wrong_clock(
    browser: Browser, desk: VillageDesk, clock: MovingClock, wrong: timedelta
) -> None:
    clock.at += wrong
    browser.sign_in(desk.officer)
    answer = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN)
    assert answer.status_code == 302
    assert browser.get(answer.headers["Location"]).status_code == 200


def test_jumps_in_the_middle_lose_nothing(browser: Browser, desk: VillageDesk, clock: MovingClock) -> None:
    draft = browser.start()
    for days in (0, -3_653, 5_479, -1_826):
        clock.at += timedelta(days=days)
        assert browser.sign_in(desk.officer).status_code == 302  # the clock of these tests makes idle time of a jump
        saved = browser.script(f"/isian/{draft}/simpan", {"key": "purpose_detail", "value": f"day {days}"})
        assert saved.status_code == 200
        assert f"day {days}" in browser.get(f"/isian/{draft}").text


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (timedelta(hours=-3), "Jam komputer ini terlambat 3 jam 0 menit dari pusat."),
        (-TEN_YEARS, "Jam komputer ini terlambat 10 tahun dari pusat."),
        (timedelta(days=5), "Jam komputer ini terlalu cepat 5 hari dari pusat."),
    ],
)
def test_the_difference_is_told_on_home_and_in_the_help(
    browser: Browser, desk: VillageDesk, clock: MovingClock, offset: timedelta, words: str
) -> None:
    clock.at = TRUE_TIME + offset
    hear(desk, TRUE_TIME)
    browser.sign_in(desk.officer)
    for path in ("/", "/bantuan"):
        assert words in browser.get(path).text
    assert "ditandai sebagai perkiraan" in browser.get("/").text


def test_a_clock_before_the_newest_receipt_is_behind_without_any_link(desk: VillageDesk, clock: MovingClock) -> None:
    with desk.context.database.session() as session:
        session.add(
            StoredReceipt(digest=bytes(32), bundle_id=bytes(32), kind="arrived", raw=b"", log_index=1, code="",
                          log_time=TRUE_TIME + timedelta(days=2), office="", received_at=TRUE_TIME)
        )  # fmt: skip
    with desk.context.database.reading() as session:
        found = judge_clock(clock.now(), hub_times(session))
    assert (found.is_wrong, found.off_by) == (True, timedelta(days=2))


def test_old_beacons_that_a_broker_kept_do_not_make_a_right_clock_wrong(desk: VillageDesk, clock: MovingClock) -> None:
    for minutes in (300, 200, 100, 1):
        hear(desk, TRUE_TIME - timedelta(minutes=minutes))
    hear(desk, TRUE_TIME - timedelta(minutes=250))
    with desk.context.database.reading() as session:
        assert not judge_clock(clock.now(), hub_times(session)).is_wrong


def test_certificates_that_fail_by_an_impossible_clock_are_explained(
    browser: Browser, desk: VillageDesk, clock: MovingClock
) -> None:
    hear(desk, TRUE_TIME)
    clock.at -= TEN_YEARS
    with desk.context.database.session() as session:
        set_link(session, clock.now(), connected=False, reason="hub_certificate_not_yet")
    browser.sign_in(desk.officer)
    assert "Jam komputer ini salah, sehingga sertifikat tampak tidak berlaku" in browser.get("/bantuan").text


def test_a_wait_after_wrong_pins_does_not_last_ten_years(desk: VillageDesk, clock: MovingClock) -> None:
    context = desk.context
    for _ in range(5):
        with pytest.raises(PinWrongError):
            unlock(context.database, clock, context.randomness, desk.officer, "100009")
    with pytest.raises(PinLockedError):
        unlock(context.database, clock, context.randomness, desk.officer, PIN)
    clock.at -= TEN_YEARS
    assert unlock(context.database, clock, context.randomness, desk.officer, PIN).officer == desk.officer


def test_the_timeline_says_between_which_times_of_the_log_an_item_was_made(browser: Browser, desk: VillageDesk) -> None:
    slip = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"]
    path = slip.removesuffix("/tanda-terima")
    assert "menurut jam komputer ini" in browser.get(path).text
    bundle = bytes.fromhex(path.split("/")[2])
    with desk.context.database.session() as session:
        session.add(
            StoredReceipt(digest=bytes(32), bundle_id=bundle, kind="arrived", raw=b"", log_index=9, code="", office="",
                          log_time=TRUE_TIME + timedelta(hours=1), received_at=TRUE_TIME)
        )  # fmt: skip
    assert "dibuat sebelum 24 November 2026 10.12 WIB" in browser.get(path).text
