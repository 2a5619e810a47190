"""The self-test names the step that fails and why; the support file says much and nothing personal."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from protocol.limits import MAX_ANSWER_BYTES
from tests.integration.node_pages import ROAD, Browser, app, browser, clock, desk, fill, furnished
from tests.village_desk import NAME, NIK, OTHER_NAME, PIN, VillageDesk
from village_node.app import doers
from village_node.health.road import RoadStep, StepResult
from village_node.health.selftest import CAUSES, Checked, Result, Step, cause_of, result_bytes, self_test
from village_node.health.support import support_file
from village_node.inbox import link
from village_node.outbox.doctor import LINK_CAUSES
from village_node.web import roadmap
from village_node.web.diagnosis import OUTCOMES

__all__ = ["app", "browser", "clock", "desk", "furnished"]

SECRETS = ("RAHASIA-TUJUAN", "RAHASIA-JALAN", "rahasia-ktp")


def road(*codes: str) -> object:
    """Return a road whose steps end with these codes."""

    def walk(host: str, port: int, tls: object) -> Iterable[StepResult]:
        return [StepResult(step=step, code=code) for step, code in zip(RoadStep, codes, strict=False)]

    return walk


def results(desk: VillageDesk, *codes: str) -> dict[Step, Checked]:
    return {each.step: each for each in self_test(desk.context.place(), road(*codes))}  # type: ignore[arg-type]


def connect(desk: VillageDesk, *, connected: bool = True, reason: str = "") -> None:
    with desk.context.database.session() as session:
        link.set_link(session, desk.context.clock.now(), connected=connected, reason=reason)


def test_all_is_well(desk: VillageDesk) -> None:
    connect(desk)
    found = results(desk, "", "", "")
    assert {step: each.code for step, each in found.items() if each.result is not Result.WELL} == {}
    assert list(found) == list(Step)


def test_what_the_broken_road_did_not_reach_is_not_called_well(desk: VillageDesk) -> None:
    connect(desk, connected=False, reason="refused")
    found = results(desk, "", "refused")
    assert [found[step].result for step in (Step.NAME, Step.PORT, Step.TLS, Step.LINK, Step.ANSWER)] == [
        Result.WELL, Result.BAD, Result.UNREACHED, Result.BAD, Result.UNREACHED,
    ]  # fmt: skip
    assert found[Step.PORT].code == "refused"


@pytest.mark.parametrize(("is_beacon_heard", "code"), [(False, "hub_silent"), (True, "uplink_dropped")])
def test_a_hub_that_does_not_answer(desk: VillageDesk, is_beacon_heard: bool, code: str) -> None:
    connect(desk, reason="hub_silent")
    if is_beacon_heard:
        with desk.context.database.session() as session:
            link.note_beacon(session, desk.context.clock.now(), desk.context.clock.now_ms())
    assert results(desk, "", "", "")[Step.ANSWER].code == code


def test_every_code_has_a_sentence() -> None:
    assert set(LINK_CAUSES) - set(CAUSES) == set()
    assert set(roadmap.NAMES) == set(Step)
    of_their_own = {"disk_full", "disk_broken", "clock_behind", "clock_ahead"}
    assert set(CAUSES) - of_their_own - set(OUTCOMES) - set(roadmap.CAUSES) == set()
    assert all(re.match(r"[A-Z].*\.$", sentence) for sentence in CAUSES.values())
    assert cause_of(Checked(step=Step.PORT, result=Result.UNREACHED)) == "Not reached."


def texts_of(browser: Browser, desk: VillageDesk) -> Iterator[str]:
    """Yield whatever may leave this PC for an administrator, after a day with marked words everywhere."""
    with capture_logs() as logged:
        values = {"purpose_detail": SECRETS[0], "road_name": SECRETS[1]}
        draft = fill(browser, **values)
        browser.upload(draft, "id_card", b"\xff\xd8" + bytes(200), name=f"{SECRETS[2]}.jpg")
        browser.post(f"/isian/{fill(browser, **values)}/tanda-tangan", pin=PIN)
        yield support_file(desk.context.place()).decode()
        yield result_bytes(self_test(desk.context.place(), road("name"))).decode()  # type: ignore[arg-type]
        yield browser.get("/bantuan/berkas-dukungan.json").text
        yield from (doer().decode() for action, doer in doers(desk.context).items() if action == "support_file")
    yield json.dumps(logged, default=str)


def test_nothing_personal_leaves_for_an_administrator(browser: Browser, desk: VillageDesk, tmp_path: Path) -> None:
    typed = {value for value in ROAD.values() if len(value) > 7 and not value.startswith("33.14")}
    canaries = {*SECRETS, *typed, NAME, OTHER_NAME, NIK, PIN, str(tmp_path), str(Path.home()), "Suparmi"}
    texts = list(texts_of(browser, desk))
    assert len(texts) == 5
    assert '"counter": 1' in texts[0]
    assert [(canary, place) for place, each in enumerate(texts) for canary in canaries if canary in each] == []
    assert re.findall(r"\b\d{16}\b", "".join(texts)) == []


def test_the_support_file_fits_in_an_answer(browser: Browser, desk: VillageDesk) -> None:
    for number in range(300):
        with desk.context.database.session() as session:
            link.set_link(session, desk.context.clock.now(), connected=False, reason=f"reason-{number % 7}")
    raw = support_file(desk.context.place())
    assert 1_000 < len(raw) <= MAX_ANSWER_BYTES
    assert json.loads(raw)["officers"] == {"known": 3, "certified": 2}


def test_the_page_shows_every_step_in_words(browser: Browser) -> None:
    page = browser.post("/bantuan/uji").text
    for name in map(str, roadmap.NAMES.values()):
        assert page.count(f"<h3>{name}</h3>") == 1, name
    assert page.count("belum sampai") >= 1  # there is no broker here
