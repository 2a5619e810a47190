"""One small regency for the roads: a hub with its broker, one village PC, people at their desks, a browser for each."""

import time
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page

from deploy.demo.browser import Upload
from deploy.demo.cast import PASSWORD, PIN, VILLAGES, people
from deploy.demo.evidence import sqlite_rows, verify_receipts
from deploy.demo.network import DefaultHub, DemoNetwork, fresh_directory
from deploy.demo.officer import Application
from deploy.demo.scenery import Scenery
from loadtests.processes import free_port
from tests.e2e.conftest import Watch
from tests.e2e.road_desk import Desk
from tests.e2e.road_village import Counter
from tests.integration.node_pages import photo

VILLAGE = VILLAGES[1]
TRAVEL_S = 15
DESKS = frozenset({
    "jaringan1", "jaringan2", "loket1", "loket2", "dpupr", "ka.dpupr", "satpolpp", "bpkpd", "dlh", "kabid1", "kepala",
    "kec.kalijambe", "camat.kalijambe", "capil", "kadiscapil", "desa.3314012005", "kades.3314012005",
})  # fmt: skip
SCAN = Upload(name="scan.jpg", media_type="image/jpeg", content=photo())


@dataclass(kw_only=True)
class World:
    """What runs, and who has sat down so far."""

    browser: Browser
    network: DemoNetwork
    watch: Watch = field(default_factory=Watch)
    scenery: Scenery = field(default_factory=lambda: Scenery("roads"))
    seated: dict[str, Desk] = field(default_factory=dict)
    counters: list[Counter] = field(default_factory=list)

    @classmethod
    def start(cls, browser: Browser, directory: Path) -> "World":
        fresh_directory(directory)
        network = DemoNetwork(
            directory=directory,
            villages=(VILLAGE,),
            people=[each for each in people((VILLAGE,)) if each.username in DESKS],
            hub=DefaultHub(directory=directory / "hub"),
            node_ports=[free_port()],
        )
        try:
            network.start()
        except BaseException:
            network.stop()
            raise
        return cls(browser=browser, network=network)

    def stop(self) -> None:
        pages = [*(each.page for each in self.seated.values()), *(each.page for each in self.counters)]
        for page in pages:
            page.context.close()
        self.network.stop()

    def desk(self, username: str) -> Desk:
        """Return a person at the hub, signed in."""
        if username not in self.seated:
            person = next(each for each in self.network.people if each.username == username)
            desk = Desk(self.fresh_page(), self.network.hub.url, person.name)
            desk.sign_in(username, PASSWORD)
            self.seated[username] = desk
        return self.seated[username]

    @property
    def counter(self) -> Counter:
        """The village officer, signed in."""
        if not self.counters:
            counter = Counter(self.fresh_page(), self.network.pcs[0].url, VILLAGE.officer, PIN)
            counter.open_day()
            self.counters.append(counter)
        return self.counters[0]

    def fresh_page(self) -> Page:
        """Return a page of a browser of one's own: cookies do not know ports."""
        context = self.browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="id-ID", timezone_id="Asia/Jakarta", accept_downloads=True
        )
        page = context.new_page()
        page.on("request", self.watch.request)
        page.on("console", self.watch.console)
        page.on("pageerror", lambda error: self.watch.errors.append(str(error)))
        return page

    def application(self, service: str) -> Application:
        """Return what a resident brings for a service."""
        known = {str(each.code): each for each in self.network.node_evidence[0].services()}
        made = self.scenery.application(known[service])
        today = date.fromisoformat(self.network.today())
        days = {"start_date": today + timedelta(days=7), "end_date": today + timedelta(days=300)}
        asked = {key: day.strftime("%d-%m-%Y") for key, day in days.items() if key in made.typed}
        return replace(made, typed=dict(made.typed) | asked)

    def verified_receipts(self, bundle: bytes, folder: Path) -> list[str]:
        """Give every receipt of a bundle that the village holds to ``simpul-verify``; return their kinds in order.

        The last one, of the handing over, may still travel: it is waited for.

        Raises:
            AssertionError: one of them does not hold.
        """
        node = self.network.pcs[0].database
        query = f"SELECT kind, raw FROM stored_receipt WHERE bundle_id = x'{bundle.hex()}' ORDER BY log_index"  # noqa: S608  # our own digest, in hexadecimal
        deadline = time.monotonic() + TRAVEL_S
        rows = sqlite_rows(node)(query)
        while "handed_over" not in {kind for kind, _ in rows} and time.monotonic() < deadline:
            time.sleep(0.2)
            rows = sqlite_rows(node)(query)
        raw = [each for _, each in rows if isinstance(each, bytes)]
        held, refuted = verify_receipts(raw, self.network.node_evidence[0].log_key(), folder)
        assert (held, refuted) == (len(rows), [])
        return [str(kind) for kind, _ in rows]
