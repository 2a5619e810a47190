"""A village officer at the own browser: everything through the pages that ``simpul-node`` serves, as a person would.

The driver types, attaches, checks, signs and takes the slip. It knows addresses and field names of the pages, nothing
of what lies behind them. Also used by the tests that kill the node under the officer's hands.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.demo.browser import Browser, BrowserError, Page, Upload

OK = 200
SIGN_IN = "/masuk"
_DRAFT = re.compile(r"/isian/([0-9A-Z]{26})")
_SLIP = re.compile(r"/kiriman/([0-9a-f]{64})/tanda-terima")
_NUMBER = re.compile(r'class="slip-no[^"]*">\s*([0-9-]{18,22})\s*<')


class SignedOutError(BrowserError):
    """The program asks for the PIN: it was started anew, or the officer was idle."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What a resident brings: what is typed and what is attached."""

    service: str
    typed: Mapping[str, str]
    files: Sequence[tuple[str, Upload]]
    """Requirement and file."""


@dataclass(frozen=True, kw_only=True)
class Slip:
    """What the resident takes home."""

    bundle: str
    registration_no: str


class Officer:
    """One officer at one browser. Not thread-safe."""

    def __init__(self, url: str, name: str, pin: str) -> None:
        """Sit down; nobody is signed in yet."""
        self.name = name
        self._pin = pin
        self._browser = Browser(url)

    def sign_in(self) -> None:
        """Choose the own name and type the PIN.

        Raises:
            BrowserError: the program does not know the officer, or refuses.
            OSError: the program does not answer.
        """
        page = self._browser.get(SIGN_IN)
        form = page.form(SIGN_IN)
        officer = next((value for value, dom in form.choices["officer"] if self.name in page.labels.get(dom, "")), "")
        answer = self._browser.post(SIGN_IN, form.fields | {"officer": officer, "pin": self._pin, "next": "/"})
        if answer.status != OK or answer.path != "/":
            raise BrowserError(f"sign-in: HTTP {answer.status}")

    def submit(self, application: Application) -> Slip:
        """Take one application from the choice of the service to the printed slip.

        Raises:
            SignedOutError: the program wants the PIN first.
            BrowserError: a page refused what was typed.
            OSError: the program does not answer.
        """
        draft = self.begin(application.service)
        self.fill(draft, application.typed)
        for requirement, upload in application.files:
            self.attach(draft, requirement, upload)
        self.check(draft)
        return self.sign(draft)

    def begin(self, service: str) -> str:
        """Choose a service and start; return the draft's id."""
        page = self._open(f"/layanan/{service}")
        started = self._seen(self._browser.submit(page, "/mulai"))
        found = _DRAFT.search(started.path)
        if found is None:
            raise BrowserError(f"no draft: HTTP {started.status} at {started.path}")
        return found[1]

    def fill(self, draft: str, typed: Mapping[str, str]) -> None:
        """Type everything in; the page saves while typing, and once more when it is sent."""
        page = self._open(f"/isian/{draft}")
        form = page.form(f"/isian/{draft}")
        token = form.fields["csrf_token"]
        for key, value in list(typed.items())[:3]:
            body = json.dumps({"key": key, "value": value}).encode()
            self._good(self._browser.send_json(f"/isian/{draft}/simpan", body, token))
        self._good(self._browser.post(f"/isian/{draft}", form.fields | dict(typed)), "/berkas")

    def attach(self, draft: str, requirement: str, upload: Upload) -> None:
        """Attach one file to a requirement."""
        page = self._open(f"/isian/{draft}/berkas")
        form = page.form("/berkas/tambah")
        fields = {"csrf_token": form.fields["csrf_token"], "requirement": requirement}
        answer = self._good(self._browser.upload(f"/isian/{draft}/berkas/tambah", fields, upload), "/berkas")
        if upload.name.rsplit(".", 1)[0] not in answer.text:
            raise BrowserError(f"the file for {requirement} was refused")

    def check(self, draft: str) -> None:
        """Go on from the files to the page where everything is read once more with the resident."""
        page = self._open(f"/isian/{draft}/berkas")
        fields = {"csrf_token": _token(page)}
        checked = self._good(self._browser.post(f"/isian/{draft}/berkas", fields), "/periksa")
        if f"/isian/{draft}/tanda-tangan" not in checked.text:
            raise BrowserError("the check page does not let the officer go on")

    def sign(self, draft: str) -> Slip:
        """Sign with the PIN and take the slip."""
        page = self._open(f"/isian/{draft}/tanda-tangan")
        answer = self._seen(self._browser.post(page.path, {"csrf_token": _token(page), "pin": self._pin}))
        bundle, number = _SLIP.search(answer.path), _NUMBER.search(answer.text)
        if answer.status != OK or bundle is None or number is None:
            raise BrowserError(f"no slip: HTTP {answer.status} at {answer.path}")
        return Slip(bundle=bundle[1], registration_no=number[1])

    def _open(self, path: str) -> Page:
        return self._good(self._browser.get(path))

    def _good(self, page: Page, ending: str = "") -> Page:
        if self._seen(page).status != OK or not page.path.endswith(ending):
            raise BrowserError(f"HTTP {page.status} at {page.path}")
        return page

    @staticmethod
    def _seen(page: Page) -> Page:
        if page.path.split("?")[0] == SIGN_IN or page.status == 401:  # noqa: PLR2004  # HTTP: sign in first
            raise SignedOutError("PIN")
        return page


def _token(page: Page) -> str:
    for each in page.forms:
        if token := each.fields.get("csrf_token"):
            return token
    raise BrowserError(f"no token on {page.path}")
