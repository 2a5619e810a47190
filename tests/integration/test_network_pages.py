"""The administrator's pages and the enrolment addresses, through the whole web program, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from hub.health.presence import on_health
from hub.registry.queries import load_node
from hub.registry.service import request_officers
from protocol import codec
from protocol.enrolment import EnrolmentPoll, open_answer
from protocol.health import Health, HealthKind
from protocol.ids import NodeId
from protocol.wire import to_bytes
from tests.integration.fleet import NOW, VillagePc, a_node, an_officer, later
from tests.integration.network_site import Site, code_on, open_site

NODE = NodeId("3314052003-01")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(database_url, tmp_path) as made:
        yield made


def invited_pc(site: Site) -> VillagePc:
    made = site.browser("budi").post("/network/enrolment/invite", {"village": "33.14.05.2003"})
    return VillagePc(code_on(made.get_data(as_text=True)))


def code_of(answer: TestResponse) -> tuple[int, object]:
    return answer.status_code, codec.decode_map(answer.get_data(), max_bytes=200)["code"]


def test_a_node_is_enrolled_in_the_browser(site: Site) -> None:
    pc = invited_pc(site)
    poll = to_bytes(EnrolmentPoll(code_id=pc.keys.code_id))
    assert code_of(site.node("/enrol/request", pc.request())) == (202, "pending")
    assert code_of(site.node("/enrol/answer", poll)) == (202, "pending")
    second = site.browser("dewi")
    page = second.get("/network/enrolment")
    assert "Siti Aminah" in page
    decision = f"/network/enrolment/{pc.keys.code_id.hex()}/decision"
    assert second.post(decision, {"decision": "approve"}).status_code == 303
    site.work()
    answer = site.node("/enrol/answer", poll)
    assert open_answer(answer.get_data(), pc.keys).node == NODE
    assert site.node("/enrol/answer", poll).get_data() == answer.get_data()


def test_both_screens_show_the_same_fingerprint(site: Site) -> None:
    pc = invited_pc(site)
    site.node("/enrol/request", pc.request())
    assert pc.fingerprint in site.browser("dewi").get("/network/enrolment")


def test_who_made_the_code_gets_no_button_and_is_refused(site: Site) -> None:
    pc = invited_pc(site)
    site.node("/enrol/request", pc.request())
    first = site.browser("budi")
    assert 'value="approve"' not in first.get("/network/enrolment")
    first.post(f"/network/enrolment/{pc.keys.code_id.hex()}/decision", {"decision": "approve"})
    assert "Aturan dua orang" in first.get("/network/enrolment")
    with site.database.reading() as session:
        assert load_node(session, NODE) is None


def test_the_code_is_shown_once(site: Site) -> None:
    pc = invited_pc(site)
    assert pc.code not in site.browser("budi").get("/network/enrolment")


def test_a_request_may_be_turned_down(site: Site) -> None:
    pc = invited_pc(site)
    decision = f"/network/enrolment/{pc.keys.code_id.hex()}/decision"
    site.browser("budi").post(decision, {"decision": "refuse"})
    assert code_of(site.node("/enrol/request", pc.request())) == (403, "enrolment_refused")


def test_no_code_for_a_village_that_is_not_ours(site: Site) -> None:
    answer = site.browser("budi").post("/network/enrolment/invite", {"village": "33.72.01.1001"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/enrol/request", b"", (400, "malformed")),
        ("/enrol/request", b"\xa0", (400, "version")),
        ("/enrol/request", b"\0" * 20_001, (413, "too_large")),
        ("/enrol/request", VillagePc("0" * 16).request(), (403, "enrolment")),
        ("/enrol/answer", b"\xa0", (400, "version")),
        ("/enrol/answer", b"\0" * 101, (413, "too_large")),
        ("/enrol/answer", to_bytes(EnrolmentPoll(code_id=b"\0" * 16)), (403, "enrolment")),
    ],
)
def test_what_is_no_enrolment_gets_a_stable_code(site: Site, path: str, body: bytes, expected: tuple[int, str]) -> None:
    assert code_of(site.node(path, body)) == expected


@pytest.fixture
def fleet(site: Site) -> Site:
    """Two nodes: one well, one that misses bundles, with an officer who waits."""
    with site.database.session() as session:
        for village, last_counter in (("33.14.05.2003", 2), ("33.14.05.2004", 0)):
            node = a_node(session, village, type(NODE.village)(village)).node_id
            health = Health(
                kind=HealthKind.BIRTH, node=node, session=1, claimed_at=1, program="1", last_counter=last_counter,
                disk_free_mb=9_000,
            )  # fmt: skip
            on_health(session, NOW, health)
        request_officers(session, NODE, [an_officer()], NOW)
    return site


def test_the_wall_shows_every_village_with_words(fleet: Site) -> None:
    page = fleet.browser("agus").get("/network")
    assert page.count('<svg width="148"') == 208
    assert page.count("belum ada simpul</span>") == 206
    assert "Tersambung; kurang 1–2</span>" in page


def test_the_filter_shows_what_is_not_well(fleet: Site) -> None:
    page = fleet.browser("agus").get("/network?only=unwell")
    assert ("33.14.05.2003" in page, "33.14.05.2004" in page) == (True, False)


def test_a_silent_node_is_stale_then_dead(fleet: Site) -> None:
    browser = fleet.browser("agus")
    for minutes, word in ((12, "Senyap"), (31, "Terputus")):
        fleet.clock.moment = later(minutes=minutes)
        assert f": {word}" in browser.get("/network")


def test_the_node_page_names_what_is_missing(fleet: Site) -> None:
    page = fleet.browser("agus").get(f"/network/{NODE}")
    assert "33.14.05.2003: hub tidak punya berkas 1–2" in page
    assert "Siti Aminah" in page
    assert "Cabut simpul" not in page


def test_a_node_that_lies_about_its_health_has_a_page_too(fleet: Site) -> None:
    most = 2**53
    lie = Health(
        kind=HealthKind.BIRTH, node=NODE, session=most, claimed_at=most, program="<b>", last_counter=most,
        waiting=most, waiting_bytes=most, oldest_waiting_s=most, disk_free_mb=most,
    )  # fmt: skip
    with fleet.database.session() as session:
        on_health(session, NOW, lie)
    browser = fleet.browser("agus")
    assert f"1–{most}" in browser.get("/network?only=unwell")
    assert "&lt;b&gt;" in browser.get(f"/network/{NODE}")


def test_an_officer_is_approved_in_the_browser(fleet: Site) -> None:
    browser = fleet.browser("budi")
    officer = an_officer().officer
    browser.post(f"/network/{NODE}/officers/{officer}", {"decision": "approve"}, page=f"/network/{NODE}")
    fleet.work()
    assert "Berlaku" in browser.get(f"/network/{NODE}")
    browser.post(f"/network/{NODE}/officers/{officer}", {"decision": "revoke"}, page=f"/network/{NODE}")
    assert "Dicabut" in browser.get(f"/network/{NODE}")


def test_a_stolen_pc_is_revoked_after_asking(fleet: Site) -> None:
    browser, page = fleet.browser("budi"), f"/network/{NODE}"
    browser.post(f"{page}/revoke", {"reason": "lost"}, page=page)
    assert "Belum ada yang dicabut" in browser.get(page)
    browser.post(f"{page}/revoke", {"reason": "lost", "sure": "yes"}, page=page)
    assert "PC hilang atau dicuri" not in browser.get(page)
    with fleet.database.reading() as session:
        record = load_node(session, NODE)
    assert record is not None
    assert not record.is_active


@pytest.mark.parametrize("path", ["/network/no-node", "/network/3314012001-01"])
def test_an_unknown_node_is_not_found(site: Site, path: str) -> None:
    assert site.browser("agus").client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("person", "path", "status"),
    [("rina", "/network", 403), ("agus", "/network/enrolment", 403), ("rina", f"/network/{NODE}", 403)],
)
def test_pages_are_for_their_roles(fleet: Site, person: str, path: str, status: int) -> None:
    assert fleet.browser(person).client.get(path).status_code == status


@pytest.mark.parametrize("path", ["/network", f"/network/{NODE}", "/network/enrolment"])
def test_pages_keep_the_strict_policy_and_speak_english(fleet: Site, path: str) -> None:
    browser = fleet.browser("budi")
    browser.client.set_cookie("simpul_lang", "en")
    page = browser.get(path)
    assert "Village network" in page
    assert re.search(r"Jaringan|Keadaan|Tersambung|Sidik|Petugas", page) is None
    assert re.search(r"\sstyle=|\son[a-z]+=|<script(?! src)", page) is None
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
