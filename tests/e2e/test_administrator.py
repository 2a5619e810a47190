"""A day of the network administrator, in a real browser alone, over Mosquitto with mutual TLS and PostgreSQL.

Enrol a fresh node, watch it, see it go dark when its link is cut, see which bundles are missing when it is back on a
thin line, tell it something and ask it something, revoke it and see it cut.
"""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.demo.cast import PASSWORD, VILLAGES
from deploy.demo.evidence import NodeEvidence
from deploy.demo.network import fresh_directory
from deploy.demo.scenery import Scenery
from deploy.demo.village_pc import VillagePc
from tests.databases import postgres_server
from tests.e2e.production import ProductionHub
from tests.e2e.village_link import VillageLink
from tests.requirements import require

pytestmark = [pytest.mark.e2e, pytest.mark.broker, pytest.mark.postgres, pytest.mark.timeout(600)]

VILLAGE = VILLAGES[1]
STALE_WITHIN_S, CUT_WITHIN_S = 120, 60
THIN = 700
"""Bytes a second: a manifest takes some seconds."""
SERVICES = ("SIP-BD", "APOTEK", "REKLAME")


@dataclass(kw_only=True)
class Scene:
    """The regency, one village PC and the line between them."""

    hub: ProductionHub
    link: VillageLink
    pc: VillagePc
    admins: list[Page]

    def open(self, path: str, admin: int = 0) -> Page:
        page = self.admins[admin]
        page.goto(f"{self.hub.url}{path}")
        return page

    @property
    def node(self) -> str:
        return f"/network/{VILLAGE.code.replace('.', '')}-01"

    def state(self) -> str:
        return self.open(self.node).locator("#state").inner_text()


def seen_within(seconds: float, look: Callable[[], bool], what: str) -> float:
    """Look again and again as a person does; return after how many seconds it was seen."""
    began = time.monotonic()
    while not look():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.5)
    return time.monotonic() - began


def follow_certificates(hub: ProductionHub, stopped: threading.Event) -> None:
    """Do the work of ``simpul-broker-certificates.path``: a new revocation list is read by the broker."""
    crl, known = hub.directory / "data" / "pki" / "crl.pem", 0
    while not stopped.wait(1.0):
        if crl.exists() and crl.stat().st_mtime_ns != known:
            known = crl.stat().st_mtime_ns
            hub.broker.reload()


@pytest.fixture(scope="module")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    program = require("mosquitto")
    directory = tmp_path_factory.mktemp("administrator")
    fresh_directory(directory)
    stopped = threading.Event()
    with postgres_server() as server, server.database() as url:
        hub = ProductionHub(directory=directory / "hub", database_url=url, mosquitto=program)
        hub.environment["SIMPUL_HUB_METRICS_TOKEN_FILE"] = str(secret(directory / "hub" / "token"))
        hub.ask("init")
        for name in ("jaringan1", "jaringan2"):
            seat = ("--role", "network_admin", "--office", "one-stop", "--name", name, "--password-stdin")
            hub.ask("people", "add", name, *seat, given=f"{PASSWORD}\n")
        hub.start()
        threading.Thread(target=follow_certificates, args=(hub, stopped), daemon=True).start()
        link = VillageLink(hub.broker.config.nodes.port)
        pc = village_pc(directory, hub, link)
        try:
            yield Scene(hub=hub, link=link, pc=pc, admins=[signed_in(browser, hub, f"jaringan{n}") for n in (1, 2)])
        finally:
            stopped.set()
            pc.program.stop()
            link.close()
            hub.stop()


def secret(file: Path) -> Path:
    file.touch(mode=0o600)
    file.write_text("metrics-of-a-test", encoding="utf-8")
    return file


def village_pc(directory: Path, hub: ProductionHub, link: VillageLink) -> VillagePc:
    made = VillagePc(village=VILLAGE, directory=directory / "pc", hub_url=hub.url)
    more = {"SIMPUL_NODE_BROKER_PORT": str(link.port), "SIMPUL_NODE_REMOTE_REQUESTS": "allow"}
    made.program.environment = {**made.program.environment, **more}
    return made


def signed_in(browser: Browser, hub: ProductionHub, name: str) -> Page:
    page = browser.new_context(locale="id-ID", timezone_id="Asia/Jakarta").new_page()
    page.goto(f"{hub.url}/sign-in")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("button", name="Keluar")).to_be_visible()
    return page


def test_1_a_fresh_node_is_enrolled_by_two_persons(scene: Scene) -> None:
    page = scene.open("/network/enrolment")
    page.get_by_label("Desa").select_option(VILLAGE.code)
    page.get_by_role("button", name="Buat kode").click()
    code = page.locator("#code").inner_text()

    def approve(fingerprint: str) -> None:
        second = scene.open("/network/enrolment", admin=1)
        row = second.get_by_role("row").filter(has_text=fingerprint)
        row.get_by_role("button", name="Sidik kunci sama: setujui").click()
        expect(second.get_by_text("Nama simpul ini")).to_be_visible()

    scene.pc.enrol(code, approve)
    scene.pc.start()
    seen_within(60, lambda: "Tersambung" in scene.state(), "connected")


def test_2_hours_and_a_word_to_the_office(scene: Scene) -> None:
    page = scene.open("/network/plans")
    page.get_by_text("Ubah jam satu desa").click()
    page.locator("#hours-scope").select_option(VILLAGE.code)
    for day in range(7):
        page.locator(f"#opens_{day}").fill("00:00")
        page.locator(f"#closes_{day}").fill("23:59")
    page.get_by_role("button", name="Simpan jam kantor").click()
    expect(page.get_by_text("Jam kantor disimpan.")).to_be_visible()
    page.locator("#broadcast-text").fill("Formulir baru berlaku besok")
    page.locator("#broadcast-until").fill(time.strftime("%Y-%m-%dT23:59", time.localtime(time.time() + 86_400)))
    page.get_by_role("button", name="Kirim pengumuman").click()
    expect(page.get_by_text("Dikirim kepada 1 simpul.")).to_be_visible()
    office = page.context.new_page()
    seen_within(60, lambda: shows(office, f"{scene.pc.url}/masuk", "Formulir baru berlaku besok"), "the office is told")


def shows(page: Page, url: str, words: str) -> bool:
    page.goto(url)
    return words in page.locator("body").inner_text()


def test_3_the_node_is_asked_and_answers(scene: Scene) -> None:
    page = scene.open(scene.node)
    for wish in ("Minta mencoba kirim lagi", "Minta berkas bantuan"):
        page.get_by_role("button", name=wish).click()
    asked = page.locator("section[aria-labelledby=requests]")

    def done() -> bool:
        scene.open(scene.node)
        return asked.get_by_text("Dikerjakan").count() == len(("resync", "support file"))

    seen_within(60, done, "the answers of the node")
    with page.expect_download() as download:
        asked.get_by_role("link", name="Unduh").click()
    support = download.value.path().read_text(encoding="utf-8")
    assert json.loads(support)["link"]["node"] == scene.node.removeprefix("/network/")
    assert VILLAGE.officer not in support


def test_4_a_cut_link_is_seen_within_two_minutes(scene: Scene) -> None:
    wall = scene.open("/network?only=unwell", admin=1)
    expect(wall.get_by_text("Semua simpul baik.")).to_be_visible()
    scene.link.cut()
    took = seen_within(
        STALE_WITHIN_S, lambda: re.search("Terputus|Senyap|Kantor tutup", scene.state()) is not None, "dark"
    )
    print(f"cut link seen after {took:.0f} s")
    expect(wall.get_by_text("Semua simpul baik.")).to_be_hidden(timeout=30_000)  # the open page renews by itself
    expect(wall.locator("#live").get_by_text(VILLAGE.code).first).to_be_visible()


def test_4_figures_are_the_same_from_each_of_several_web_processes(scene: Scene) -> None:
    token = scene.hub.directory.joinpath("token").read_text(encoding="utf-8")
    asked = [
        urllib.request.Request(f"{scene.hub.url}/metrics", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        for _ in range(12)
    ]
    texts = [urllib.request.urlopen(each, timeout=10).read().decode() for each in asked]  # noqa: S310  # loopback
    assert all('simpul_nodes_registered{status="active"} 1' in text for text in texts)
    assert len({re.search(r"simpul_receipts_total \d+", text)[0] for text in texts if text}) == 1  # type: ignore[index]


def test_5_missing_bundles_are_named_and_then_come(scene: Scene) -> None:
    officer, scenery = scene.pc.officer(), Scenery("administrator")
    officer.sign_in()
    services = {str(each.code): each for each in NodeEvidence(scene.pc.database).services()}
    for code in SERVICES:
        officer.submit(scenery.application(services[code]))
    scene.link.mend(rate=THIN)
    page = scene.open(scene.node)
    gaps = page.locator("#gaps")

    def named() -> bool:
        scene.open(scene.node)
        return gaps.count() > 0 and re.search(r"hub tidak punya berkas \d", gaps.inner_text()) is not None

    seen_within(120, named, "the numbers of missing bundles")
    scene.link.mend()
    seen_within(120, lambda: scene.open(scene.node).locator("#gaps").count() == 0, "all bundles are there")


def test_6_a_revoked_node_is_cut_within_a_minute(scene: Scene) -> None:
    seen_within(60, lambda: "Tersambung" in scene.state(), "connected")
    page = scene.open(scene.node)
    page.locator("summary", has_text="PC hilang atau dicuri").click()
    page.get_by_role("button", name=re.compile("Ya, putuskan")).click()
    expect(page.locator("#state")).to_contain_text("Dicabut")
    took = seen_within(CUT_WITHIN_S, lambda: not is_linked(scene), "the broker's session is closed")
    print(f"revoked node cut after {took:.0f} s")
    time.sleep(5)
    assert not is_linked(scene), "the revoked node came back"


def is_linked(scene: Scene) -> bool:
    """Tell whether the node itself takes itself for connected."""
    return NodeEvidence(scene.pc.database).number("SELECT connected FROM link_record") == 1
