"""The console's pages beyond wall and enrolment: alarms, plans, requests, the hub's state, metrics."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.health.alarm_rules import AlarmKind, Finding
from hub.health.alarms import keep_findings
from hub.health.planned import own_weeks
from hub.health.presence import on_health
from hub.network.hub_status import worker_beat
from hub.network.requests import AnswerOpener, take_answers
from hub.web.app import create_app
from protocol.health import Health, HealthKind
from protocol.ids import HubId, NodeId, VillageCode
from protocol.requests import RequestAnswer, RequestOutcome
from tests.integration.fleet import NOW, a_node, later
from tests.integration.network_site import Site, open_site

NODE = NodeId("3314052003-01")
PAGE = f"/network/{NODE}"
FINDING = Finding(kind=AlarmKind.TWO_PROGRAMS, subject=str(NODE), node=str(NODE), evidence={"programs": ["a", "<b>"]})


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(database_url, tmp_path) as made:
        with made.database.session() as session:
            a_node(session, "pc", VillageCode("33.14.05.2003"))
            birth = Health(kind=HealthKind.BIRTH, node=NODE, session=1, claimed_at=1, program="=1+1", last_counter=2)
            on_health(session, NOW, birth)
            keep_findings(session, NOW, [AlarmKind.TWO_PROGRAMS], [FINDING])
        yield made


def test_an_alarm_is_acknowledged_commented_and_cleared(site: Site) -> None:
    browser = site.browser("budi")
    listed = browser.get("/network/alarms")
    address = re.search(r"/network/alarms/\d+", listed)
    assert address is not None
    browser.post(address[0], {"step": "acknowledge", "text": "saya telepon dulu"}, page=address[0])
    browser.post(address[0], {"step": "comment", "text": ""}, page=address[0])
    page = browser.get(address[0])
    assert "paling panjang 500 huruf" in page
    assert ("saya telepon dulu" in page, "&lt;b&gt;" in page, "Budi" in page) == (True, True, True)
    browser.post(address[0], {"step": "clear"}, page=address[0])
    assert 'id="phase">Selesai<' in browser.get(address[0])
    assert "Tidak ada alarm di saringan ini" in browser.get("/network/alarms")
    assert "Kunci yang sama" in browser.get(
        "/network/alarms?phase=all&severity=critical&kind=two_programs&scope=33.14.05"
    )


def test_who_only_reads_gets_no_button_and_is_refused(site: Site) -> None:
    reader = site.browser("agus")
    address = re.search(r"/network/alarms/\d+", reader.get("/network/alarms"))
    assert address is not None
    assert 'name="step"' not in reader.get(address[0])
    assert reader.post(address[0], {"step": "clear"}, page=PAGE).status_code == 403


@pytest.mark.parametrize("query", ["phase=x&severity=x&kind=x&scope=x&before=x", "before=99999999999999999999"])
def test_a_filter_that_is_none_filters_nothing(site: Site, query: str) -> None:
    assert "Kunci yang sama" in site.browser("budi").get(f"/network/alarms?{query}")


def test_an_outage_is_planned_shown_and_called_off(site: Site) -> None:
    site.clock.moment = later(days=1)  # silent since a day
    browser = site.browser("budi")
    outage = {"scope": "33.14.05", "starts_at": "2026-03-03T07:00", "ends_at": "2026-03-03T12:00", "text": "Router"}
    browser.post("/network/plans/outages", outage, page="/network/plans")
    assert "diumumkan kepada 1 simpul" in browser.get("/network/plans")
    assert "Pemeliharaan" in browser.get(PAGE)
    end = re.search(r"/network/plans/outages/\w+/end", browser.get("/network/plans"))
    assert end is not None
    browser.post(end[0], {}, page="/network/plans")
    assert "Diakhiri Budi" in browser.get("/network/plans")
    assert "Terputus" in browser.get(PAGE)


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("outages", {"scope": "33.72.01", "starts_at": "", "ends_at": "", "text": "x"}, "Pilih kecamatan atau desa"),
        ("outages", {"starts_at": "besok", "ends_at": "lusa", "text": "x"}, "Isi awal dan akhir"),
        ("broadcasts", {"until": "2026-03-03T00:00", "text": ""}, "Tulis pengumuman"),
        ("broadcasts", {"until": "", "text": "x"}, "Isi waktu berakhir"),
        ("hours", {"scope": "33.14.05.2003", "opens_0": "09:00", "closes_0": "08:00"}, "tutup harus sesudah buka"),
        ("hours", {"scope": "33.14.05", "opens_0": "08:00", "closes_0": "09:00"}, "Pilih kecamatan atau desa"),
    ],
)
def test_a_plan_with_a_slip_is_refused_in_words(site: Site, path: str, fields: dict[str, str], words: str) -> None:
    browser = site.browser("budi")
    browser.post(f"/network/plans/{path}", fields, page="/network/plans")
    assert words in browser.get("/network/plans")


def test_hours_of_a_village_say_when_silence_is_no_alarm(site: Site) -> None:
    site.clock.moment = later(days=1)
    browser = site.browser("budi")
    hours = {"scope": "33.14.05.2003", "opens_1": "20:00", "closes_1": "21:00"}
    browser.post("/network/plans/hours", hours, page="/network/plans")
    with site.database.reading() as session:
        assert {village: str(week) for village, week in own_weeks(session).items()} == {
            "33.14.05.2003": "|20:00-21:00|||||"
        }
    assert "Kantor tutup" in browser.get(PAGE)


def test_a_node_is_asked_and_its_answer_is_only_saved(site: Site) -> None:
    browser = site.browser("budi")
    browser.post(f"{PAGE}/requests", {"action": "support_file"}, page=PAGE)
    browser.post(f"{PAGE}/requests", {"action": "support_file"}, page=PAGE)
    page = browser.get(PAGE)
    assert "masih menunggu jawaban" in page
    assert browser.post(f"{PAGE}/requests", {"action": "dance"}, page=PAGE).status_code == 422
    with site.database.session() as session:
        name = session.connection().exec_driver_sql("SELECT request_id FROM node_request").scalar_one()
        refused = RequestAnswer(request=name, outcome=RequestOutcome.REFUSED, code="by_officer")
        take_answers(session, NOW, NODE, [refused], AnswerOpener(hub=HubId("3314"), keys={}))
    assert "Ditolak kantor desa" in browser.get(PAGE)
    assert browser.client.get(f"{PAGE}/requests/{name}").status_code == 404


def test_the_live_part_costs_nothing_until_it_changes(site: Site) -> None:
    browser = site.browser("agus")
    first = browser.client.get("/network/live")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert (browser.client.get("/network/live", headers=tag).status_code, "<html" in first.text) == (304, False)
    site.clock.moment = later(minutes=12)
    assert browser.client.get("/network/live", headers=tag).status_code == 200


def test_the_files_hold_what_is_filtered_and_no_formula(site: Site) -> None:
    browser = site.browser("agus")
    table = browser.get("/network/export.csv")
    assert '"3314052003-01","33.14.05.2003","Tersambung"' in table
    assert '"\'=1+1"' in table
    assert "3314052003-01" not in browser.get("/network/export.csv?state=dead")
    assert browser.client.get("/network/export.xlsx").data[:2] == b"PK"
    assert browser.client.get("/network/export.exe").status_code == 404


@pytest.mark.parametrize("query", ["window=week", "window=x", "since=2026-03-01&until=2026-03-02", "since=x&until=y"])
def test_the_window_of_a_node_stands_in_the_address(site: Site, query: str) -> None:
    page = site.browser("agus").get(f"{PAGE}?{query}")
    assert "Detak: " in page
    assert page.count('<svg role="img"') >= 1


def test_the_hub_says_when_its_worker_does_not_work(site: Site) -> None:
    browser = site.browser("agus")
    assert "Pekerja hub tidak bekerja" in browser.get("/network/hub")
    assert site.app.test_client().get("/readyz").status_code == 503
    worker_beat(site.database, "1")(NOW)
    assert "pekerja hub bekerja" in browser.get("/network/hub")
    assert json.loads(site.app.test_client().get("/readyz").text) == {"ok": True, "database": True, "worker": True}
    site.clock.moment = later(seconds=91)
    assert site.app.test_client().get("/readyz").status_code == 503


def test_metrics_are_for_who_has_the_token_and_the_same_from_every_process(site: Site, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("s3cret\n")
    context = replace(site.app.extensions["simpul"], settings=replace(site.settings, metrics_token_file=str(token)))
    processes = [create_app(context).test_client() for _ in range(2)]
    assert site.app.test_client().get("/metrics").status_code == 404
    assert processes[0].get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    texts = [each.get("/metrics", headers={"Authorization": "Bearer s3cret"}).text for each in processes]
    stable = [[line for line in text.splitlines() if "disk_free" not in line] for text in texts]
    assert stable[0] == stable[1]
    assert 'simpul_nodes{state="live"} 1' in texts[0]
    assert 'simpul_alarms_open{severity="critical"} 1' in texts[0]
    token.chmod(0o644)
    assert processes[0].get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 404


@pytest.mark.parametrize("path", ["alarms", "plans", "hub", str(NODE)])
def test_the_pages_keep_the_policy_and_speak_english(site: Site, path: str) -> None:
    browser = site.browser("budi")
    browser.client.set_cookie("simpul_lang", "en")
    page = browser.get(f"/network/{path}")
    assert re.search(r"Jaringan|Keadaan|Tersambung|Petugas|Selesai|Riwayat|Belum|Untuk", page) is None
    assert re.search(r"\sstyle=|\son[a-z]+=|<script(?! src)", page) is None
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_an_answer_names_its_request_as_the_log_does(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    answers = [site.app.test_client().get(path) for path in ("/healthz", "/readyz", "/network", "/no-such-page")]
    names = [answer.headers["X-Request-Id"] for answer in answers]
    told = capsys.readouterr()
    assert len(set(names)) == 4
    assert all(name in told.out + told.err for name in names)
