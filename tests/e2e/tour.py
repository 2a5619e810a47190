"""A walk through the main pages of both programs, in a network that is at work: for the pictures and for axe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

from deploy.demo.cast import ADMINS, PASSWORD, PIN, Village
from deploy.demo.network import DemoNetwork, fresh_directory
from deploy.demo.scenery import Scenery
from deploy.demo.work import Day, await_receipts, await_whole, decide, submit_all

Theme = Literal["light", "dark"]
FRONT = "loket1"
COOKIES = {"node": "simpul-language", "hub": "simpul_lang"}
SHOWN_SERVICE = "SIP-BD"


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One page: of which program, under which name, who looks at it (nobody: before the sign-in)."""

    program: Literal["node", "hub"]
    name: str
    path: str
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Language and theme."""

    language: str
    theme: Theme

    def __str__(self) -> str:
        return f"{self.theme}-{self.language}"


LOOKS = tuple(Look(language=language, theme=theme) for theme in ("light", "dark") for language in ("id", "en"))


class Tour:
    """Opens the pages in a real browser, each person signed in once."""

    def __init__(self, network: DemoNetwork, browser: Browser, directory: Path) -> None:
        self._network = network
        self._browser = browser
        self._directory = directory
        self.stops = _stops(network)

    @contextmanager
    def page(self, stop: Stop, look: Look) -> Iterator[Page]:
        """Return an empty page of the person in language and theme; ``address`` says where to go."""
        with self._context(look, self._state_of(stop)) as context:
            cookie = {"name": COOKIES[stop.program], "value": look.language, "url": self._url(stop.program)}
            context.add_cookies([cookie])  # type: ignore[list-item]  # these three keys are enough
            yield context.new_page()

    def address(self, stop: Stop) -> str:
        return self._url(stop.program) + stop.path

    def _url(self, program: str) -> str:
        return self._network.hub.url if program == "hub" else self._network.pcs[0].url

    @contextmanager
    def _context(self, look: Look, state: Path | None) -> Iterator[BrowserContext]:
        context = self._browser.new_context(
            storage_state=state,
            viewport={"width": 1366, "height": 768},
            locale="id-ID",
            timezone_id="Asia/Jakarta",
            color_scheme=look.theme,
        )
        try:
            yield context
        finally:
            context.close()

    def _state_of(self, stop: Stop) -> Path | None:
        if not stop.who:
            return None
        state = self._directory / f"{stop.program}-{stop.who}.json"
        if not state.exists():
            with self._context(LOOKS[0], None) as context:
                page = context.new_page()
                sign_in = self._sign_in_at_hub if stop.program == "hub" else self._sign_in_at_node
                sign_in(page, stop.who)
                context.storage_state(path=state)
        return state

    def _sign_in_at_hub(self, page: Page, username: str) -> None:
        page.goto(f"{self._network.hub.url}/sign-in")
        page.locator("#username").fill(username)
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))

    def _sign_in_at_node(self, page: Page, name: str) -> None:
        page.goto(f"{self._network.pcs[0].url}/masuk")
        page.get_by_label(name).check()
        page.locator("#pin").fill(PIN)
        page.locator("main form .btn-primary").click()
        page.wait_for_url(f"{self._network.pcs[0].url}/")


@contextmanager
def busy_network(directory: Path, villages: tuple[Village, ...], applications: int) -> Iterator[DemoNetwork]:
    """Run a network in which a day's work was done."""
    fresh_directory(directory)
    network = DemoNetwork.default(directory, villages, roles=("front_office", "agency_clerk", "subdistrict_officer"))
    try:
        network.start()
        day = Day()
        submit_all(network, applications, day)
        await_whole(network, day)
        decide(network, day)
        await_receipts(network)
        yield network
    finally:
        network.stop()


def _stops(network: DemoNetwork) -> list[Stop]:
    officer, front, admin = network.pcs[0].village.officer, network.clerk(FRONT), network.clerk(ADMINS[0])
    item, draft = _longest_item(network), _finished_draft(network)
    front.sign_in()
    admin.sign_in()
    admin.invite("33.14.12.2001")
    case = next(iter(front.queue()))
    node = network.node_evidence[0].node_id()
    return [
        Stop(program="node", name="sign-in", path="/masuk"),
        Stop(program="node", name="home", path="/", who=officer),
        Stop(program="node", name="services", path="/layanan", who=officer),
        Stop(program="node", name="form", path=f"/isian/{draft}", who=officer),
        Stop(program="node", name="files", path=f"/isian/{draft}/berkas", who=officer),
        Stop(program="node", name="check", path=f"/isian/{draft}/periksa", who=officer),
        Stop(program="node", name="slip", path=f"/kiriman/{item}/tanda-terima", who=officer),
        Stop(program="node", name="item", path=f"/kiriman/{item}", who=officer),
        Stop(program="hub", name="sign-in", path="/sign-in"),
        Stop(program="hub", name="queue", path="/cases?view=all", who=FRONT),
        Stop(program="hub", name="case", path=case, who=FRONT),
        Stop(program="hub", name="network", path="/network", who=ADMINS[0]),
        Stop(program="hub", name="node", path=f"/network/{node}", who=ADMINS[0]),
        Stop(program="hub", name="enrolment", path="/network/enrolment", who=ADMINS[0]),
    ]


def _longest_item(network: DemoNetwork) -> str:
    """Return the bundle that went furthest: the one with most receipts."""
    rows = network.node_evidence[0].rows(
        "SELECT lower(hex(bundle_id)) FROM stored_receipt GROUP BY bundle_id ORDER BY count(*) DESC, min(log_index)"
    )
    return str(rows[0][0])


def _finished_draft(network: DemoNetwork) -> str:
    """Return an application that only waits for the signature."""
    officer = network.pcs[0].officer()
    officer.sign_in()
    services = {str(each.code): each for each in network.node_evidence[0].services()}
    application = Scenery("tour").application(services[SHOWN_SERVICE])
    draft = officer.begin(application.service)
    officer.fill(draft, application.typed)
    for requirement, upload in application.files:
        officer.attach(draft, requirement, upload)
    officer.check(draft)
    return draft
