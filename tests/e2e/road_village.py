"""A village officer at the node's pages, in a real browser: from the empty form to the signed handing over."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, expect

from deploy.demo.browser import Upload
from deploy.demo.officer import Application
from tests.e2e.node_program import OfficerPages
from tests.e2e.road_desk import TRAVEL_S, until

LIVE_MS = TRAVEL_S * 1_000


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A sealed application: its registration number and the address of its page."""

    number: str
    path: str

    @property
    def bundle(self) -> bytes:
        return bytes.fromhex(self.path.rsplit("/", 1)[1])


class Counter(OfficerPages):
    """The officer behind the counter."""

    def __init__(self, page: Page, url: str, officer: str, pin: str) -> None:
        super().__init__(page, url)
        self.officer = officer
        self._pin = pin

    def open_day(self) -> None:
        self.sign_in(self.officer, self._pin)

    def submit(self, application: Application) -> Sent:
        """Fill in, attach, check, sign; return what the slip says."""
        page = self.page
        self.start(application.service)
        for key, text in application.typed.items():
            put(page, key, text)
        page.get_by_role("button", name="Lanjut ke berkas").click()
        page.wait_for_url("**/berkas")
        for place, (requirement, upload) in enumerate(application.files):
            attach(page, requirement, upload)
            expect(page.locator(".files li")).to_have_count(place + 1)
        page.get_by_role("button", name="Lanjut periksa").click()
        page.get_by_role("link", name="Lanjut tanda tangan").click()
        page.locator("#pin").fill(self._pin)
        page.get_by_role("button", name="Simpan & kirim").click()
        expect(page.get_by_role("heading", name="Tanda terima sementara")).to_be_visible()
        number = page.locator(".slip-no").first.inner_text().strip()
        return Sent(number=number, path=page.url.removeprefix(self.url).removesuffix("/tanda-terima"))

    def sees(self, sent: Sent, *steps: str) -> None:
        """Wait on the item's page until its chain shows all these steps; nobody loads it again."""
        self.page.goto(f"{self.url}{sent.path}")
        for step in steps:
            heading = self.page.locator(".timeline h3", has_text=re.compile(f"^{re.escape(step)}"))
            expect(heading.first).to_be_visible(timeout=LIVE_MS)

    def begin_correction(self, sent: Sent) -> None:
        """Open what an office asks from the list of what waits."""
        self.page.goto(self.url)
        button = self.page.get_by_role("button", name=f"Perbaiki: {sent.number}")
        until(self.page, lambda: button.count() == 1, f"no question about {sent.number} at the village")
        button.click()
        self.page.wait_for_url("**/perbaikan/*")

    def editable(self) -> set[str]:
        """Return what can be changed on the page of a correction: fields and files."""
        inputs = self.page.locator("main :is(input, select, textarea):not([type=hidden])")
        names = inputs.evaluate_all(
            "found => found.map(each => each.closest('[data-upload]')?.dataset.upload ?? each.name)"
        )
        return {name for name in names if not name.startswith(("seen.", "remark.", "keep."))}

    def send_correction(self, sent: Sent) -> None:
        """Check and sign what was corrected."""
        self.page.get_by_role("button", name="Lanjut periksa").click()
        self.page.get_by_role("heading", name="Periksa perbaikan bersama pemohon").wait_for()
        self.page.locator("#pin").fill(self._pin)
        self.page.get_by_role("button", name="Simpan & kirim perbaikan").click()
        self.page.wait_for_url(f"**{sent.path}")

    def open_decision(self, sent: Sent) -> None:
        """Open the decision from the list of what waits."""
        self.page.goto(self.url)
        line = self.page.locator("li", has_text=sent.number).locator("a[href^='/keputusan/']")
        until(self.page, lambda: line.count() == 1, f"no decision about {sent.number} at the village")
        line.click()
        expect(self.page.locator("main")).to_contain_text(sent.number)

    def read_decision(self, sent: Sent) -> None:
        """Open the decision from the item's own page: there is nothing to hand over, so it waits in no list."""
        self.page.goto(f"{self.url}{sent.path}")
        line = self.page.get_by_role("link", name="Lihat keputusan")
        until(self.page, lambda: line.count() == 1, f"no decision about {sent.number} at the village")
        line.click()
        expect(self.page.locator("main")).to_contain_text(sent.number)

    def document(self) -> bytes:
        """Open the letter as one that is to be printed, and save it; return the file."""
        page = self.page
        button = page.get_by_role("link", name="Buka dan cetak")
        until(page, lambda: button.count() == 1, "the letter does not arrive whole")
        with page.context.expect_page() as opened:
            button.click()
        viewer = opened.value
        viewer.wait_for_load_state()
        assert viewer.url.endswith("/dokumen")
        assert "chrome-error" not in str(viewer.evaluate("location.href"))
        viewer.close()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Simpan PDF").click()
        return Path(saved.value.path()).read_bytes()

    def hand_over(self, person: str) -> None:
        """Sign with the PIN that the resident has the result."""
        self.page.get_by_label("Nama penerima").fill(person)
        self.page.get_by_label(f"PIN {self.officer}").first.fill(self._pin)
        self.page.get_by_role("button", name="Catat penyerahan").click()
        expect(self.page.get_by_text(f"Diterima {person}")).to_be_visible()

    def judge(self, code: str) -> Locator:
        """Put the text of a QR code into the page of genuineness and return what it says."""
        self.page.goto(f"{self.url}/keaslian")
        self.page.get_by_label("Teks kode QR").fill(code)
        self.page.get_by_role("button", name="Periksa").click()
        return self.page.locator("#problems")


def put(page: Page, key: str, text: str) -> None:
    """Fill one field in, whatever kind it is."""
    field = page.locator(f'main form[data-save] [name="{key}"]')
    kind = str(field.first.evaluate("each => each.type"))
    if kind == "radio":
        page.locator(f'main form[data-save] [name="{key}"][value="{text}"]').check()
    elif kind == "select-one":
        field.select_option(text)
    else:
        field.fill(text)


def attach(page: Page, requirement: str, upload: Upload) -> None:
    """Choose a file for a requirement."""
    chosen = FilePayload(name=upload.name, mimeType=upload.media_type, buffer=upload.content)
    page.set_input_files(f"#file-{requirement}", chosen)
