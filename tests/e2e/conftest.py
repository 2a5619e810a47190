"""A real browser for pages of both programs: every page stays at home, writes no error, and passes axe.

``browser`` is one Chromium for the run, ``page`` a fresh context in Indonesian at 1366×768; ``axe`` checks a page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.requirements import require

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
HOME = {"127.0.0.1", "localhost"}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}

Check = Callable[[Page], None]


@dataclass
class Watch:
    """What a page did that it should not; a test that provokes an HTTP error on purpose sets ``expected``."""

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.hostname not in HOME:
            self.outside.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def unexpected(self) -> list[str]:
        return [text for text in self.errors if not any(part in text for part in self.expected)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium of this machine for the whole run."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(require("chromium")), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def page(browser: Browser, watch: Watch) -> Iterator[Page]:
    """A fresh page; at the end it must have stayed at home and written no error."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="id-ID", timezone_id="Asia/Jakarta", color_scheme="light"
    )
    opened = context.new_page()
    opened.on("request", watch.request)
    opened.on("console", watch.console)
    opened.on("pageerror", lambda error: watch.errors.append(str(error)))
    yield opened
    context.close()
    assert watch.outside == []
    assert watch.unexpected() == []


@pytest.fixture(scope="session")
def axe() -> Check:
    """A check that a page breaks no rule of WCAG 2.2 AA that axe knows."""
    checker = Axe()

    def check(page: Page) -> None:
        found = checker.run(page, options=RULES)
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"

    return check
