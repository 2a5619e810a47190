"""A person of the regency at the hub's pages: work queue, case page, enrolment. Everything through the browser."""

import re
from collections.abc import Iterator, Mapping

from deploy.demo.browser import Browser, BrowserError, Page

OK, CONFLICT = 200, 409
_CASE = re.compile(r"/cases/[0-9A-Z]{26}")
_CODE = re.compile(r'id="code">\s*([0-9A-Z -]{16,24})\s*<')
_PROBLEM = re.compile(r'class="alert alert-danger" role="alert">([^<]+)<')


class LateError(BrowserError):
    """Somebody else changed the case since the page was opened."""


class Clerk:
    """One person of the hub at one browser. Not thread-safe."""

    def __init__(self, url: str, username: str, password: str, name: str = "") -> None:
        """Sit down; nobody is signed in yet."""
        self.username = username
        self.name = name or username
        self._password = password
        self._browser = Browser(url)

    def sign_in(self) -> None:
        """Sign in with name and password.

        Raises:
            BrowserError: refused.
            OSError: the hub does not answer.
        """
        page = self._browser.get("/sign-in")
        answer = self._browser.submit(page, "/sign-in", username=self.username, password=self._password)
        if answer.status != OK or answer.path == "/sign-in":
            raise BrowserError(f"sign-in of {self.username}: HTTP {answer.status}")

    def queue(self, view: str = "todo") -> Iterator[str]:
        """Yield the addresses of the cases in a part of the queue, page by page, oldest first."""
        path = f"/cases?view={view}"
        while path:
            page = self._good(self._browser.get(path))
            cases = [href for href, _ in page.links if _CASE.fullmatch(href)]
            path = next((href for href, rel in page.links if rel == "next"), "")
            yield from cases

    def open(self, case: str) -> Page:
        """Look at a case."""
        return self._good(self._browser.get(case))

    def may(self, page: Page, move: str) -> bool:
        """Tell whether the page offers a move: ``complete``, ``take``, ``opinion`` and so on."""
        return any(form.action.endswith(f"/{move}") for form in page.forms)

    def move(self, page: Page, move: str, typed: Mapping[str, str]) -> None:
        """Send one of the forms that the page offers.

        Raises:
            BrowserError: refused.
        """
        self._good(self._browser.submit(page, f"/{move}", **typed))

    def invite(self, village: str) -> str:
        """Make an enrolment code for a village and read it off the page."""
        page = self._good(self._browser.get("/network/enrolment"))
        answer = self._good(self._browser.submit(page, "/enrolment/invite", village=village))
        found = _CODE.search(answer.text)
        if found is None:
            raise BrowserError("no code on the page")
        return found[1]

    def approve(self, fingerprint: str) -> None:
        """Let the node in whose fingerprint was read out over the telephone."""
        page = self._good(self._browser.get("/network/enrolment"))
        for row in page.text.split("<tr>"):
            found = re.search(r'action="([^"]+/decision)"', row)
            if found and fingerprint in row and 'value="approve"' in row:
                token = re.search(r'name="csrf_token" value="([^"]+)"', row)
                fields = {"csrf_token": token[1] if token else "", "decision": "approve"}
                self._good(self._browser.post(found[1], fields))
                return
        raise BrowserError("no request with this fingerprint")

    def approve_code(self, code_id: str) -> None:
        """Let the node in that asked with this code."""
        page = self._good(self._browser.get("/network/enrolment"))
        self._good(self._browser.submit(page, f"/enrolment/{code_id}/decision", decision="approve"))

    @staticmethod
    def _good(page: Page) -> Page:
        if page.status == CONFLICT:
            raise LateError(f"HTTP {page.status} at {page.path.split('?')[0]}")
        if page.status != OK or page.path.startswith("/sign-in"):
            said = _PROBLEM.search(page.text)
            raise BrowserError(f"HTTP {page.status} at {page.path.split('?')[0]}: {said[1] if said else 'no reason'}")
        return page
