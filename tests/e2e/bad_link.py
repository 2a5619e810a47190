"""One application from the first click to "diterima", in a real browser, over the thin line, with a power cut in it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect

from deploy.demo.cast import PIN, VILLAGES
from tests.e2e.conftest import Watch
from tests.e2e.node_program import POWER_CUT, OfficerPages
from tests.link.site import THIN, Site

WHO = {"pemohon__name": "Suparmi", "pemohon__nik": "3314994503850002", "pemohon__address": "Dukuh Krajan RT 003/RW 012"}
ROAD = {
    "purpose_detail": "Resepsi", "road_name": "Jalan Raya", "road_village": "33.14.01.2001", "length": "12,5",
    "width": "5", "start_date": "05-12-2026", "end_date": "06-12-2026", "start_time": "07.00", "end_time": "17.00",
    "guard_count": "4", "guard_phone": "081234567890",
}  # fmt: skip
RECEIVED_MS = 60_000


@dataclass
class Journey:
    """The clicks in their order; ``walk`` kills the program after any of them."""

    site: Site
    page: Page
    watch: Watch
    scan: Path
    draft: str = ""
    slip: str = ""
    officer: OfficerPages = field(init=False)

    def __post_init__(self) -> None:
        self.officer = OfficerPages(self.page, self.site.pc.url)

    @property
    def clicks(self) -> list[tuple[Callable[[], None], Callable[[], str]]]:
        """What the officer does, and where he goes on when the power was cut after it."""
        form, files = (lambda: self.draft), (lambda: f"{self.draft}/berkas")
        return [
            (self._choose, form),
            (self._who, form),
            (self._road, form),
            (lambda: self.page.get_by_role("button", name="Lanjut ke berkas").click(), files),
            (lambda: self._attach("village_letter"), files),
            (lambda: self._attach("id_card"), files),
            (lambda: self._attach("road_map"), files),
            (lambda: self.page.get_by_role("button", name="Lanjut periksa").click(), lambda: f"{self.draft}/periksa"),
            (
                lambda: self.page.get_by_role("link", name="Lanjut tanda tangan").click(),
                lambda: f"{self.draft}/tanda-tangan",
            ),
            (self._sign, lambda: self.slip),
            (self._print, lambda: self.slip),
        ]

    def walk(self, *, power_cut_after: int) -> None:
        """Do it all offline; after one click the program is killed and started again."""
        self.sign_in()
        for number, (click, resume) in enumerate(self.clicks):
            click()
            if number == power_cut_after:
                self.watch.expected += POWER_CUT
                self.site.pc.program.kill()
                self.site.pc.start()
                self.sign_in()
                self.page.goto(resume())

    def sign_in(self) -> None:
        self.officer.sign_in(VILLAGES[0].officer, PIN)

    def reconnect(self) -> None:
        """Give the village its thin line back."""
        self.site.link.shape(THIN)
        self.site.link.restore()

    def see_received(self) -> None:
        """Wait, as the officer would, until the slip says that the hub has it."""
        self.page.goto(self.slip)
        for _ in range(RECEIVED_MS // 1_000):
            if self.page.get_by_text(re.compile("Diterima pusat")).count():
                return
            self.page.wait_for_timeout(1_000)
            self.page.reload()
        expect(self.page.get_by_text(re.compile("Diterima pusat"))).to_be_visible()

    def _choose(self) -> None:
        self.officer.start("JALAN")
        self.draft = self.page.url

    def _who(self) -> None:
        self.officer.fill(**WHO)
        self.officer.saved()

    def _road(self) -> None:
        expect(self.page.locator("#in-pemohon-name")).to_have_value(WHO["pemohon__name"])
        self.page.get_by_label("Hajatan").check()
        self.page.get_by_label("Sebagian lajur").check()
        self.officer.fill(**ROAD)
        with self.page.expect_response(re.compile("/simpan")):
            self.page.keyboard.press("Tab")
        self.page.wait_for_load_state("networkidle")

    def _attach(self, requirement: str) -> None:
        files = self.page.locator(".files li")
        before = files.count()
        self.page.set_input_files(f"#file-{requirement}", str(self.scan))
        expect(files).to_have_count(before + 1)

    def _sign(self) -> None:
        self.page.locator("#pin").fill(PIN)
        self.page.get_by_role("button", name="Simpan & kirim").click()
        expect(self.page.get_by_role("heading", name="Tanda terima sementara")).to_be_visible()
        self.slip = self.page.url

    def _print(self) -> None:
        assert self.page.pdf().startswith(b"%PDF")
