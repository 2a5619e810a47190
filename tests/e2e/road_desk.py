"""A person of the regency at the hub's pages, in a real browser: finds a case in the queue and does what is offered."""

import re
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from loadtests.processes import wait_for

TRAVEL_S = 60.0
"""How long something may be on its way between hub and village, on a busy machine."""


def until(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Load the page again until it shows something, as somebody who waits does."""

    def look() -> bool:
        page.reload()
        return condition()

    if not condition():
        wait_for(look, what, within_s=TRAVEL_S)


class Desk:
    """One person with an own browser. ``number`` is always the registration number on the slip."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self.page = page
        self.url = url
        self.name = name

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("Nama pengguna").fill(username)
        self.page.get_by_label("Kata sandi").fill(password)
        self.page.get_by_role("button", name="Masuk").click()
        expect(self.page.get_by_role("navigation", name="Menu utama")).to_contain_text(self.name)

    def find(self, number: str, view: str = "todo") -> None:
        """Open a case from a part of the queue; wait until it is there."""
        self.page.goto(f"{self.url}/cases?view={view}&number={quote(number)}")
        line = self.page.get_by_role("link", name=number, exact=True)
        until(self.page, lambda: line.count() == 1, f"{number} is not in the queue of {self.name}")
        line.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(number)

    def has_on_desk(self, number: str) -> bool:
        self.page.goto(f"{self.url}/cases?view=todo&number={quote(number)}")
        return self.page.get_by_role("link", name=number, exact=True).count() > 0

    def take(self, number: str) -> None:
        self.find(number)
        self.page.get_by_role("button", name=re.compile("^Ambil berkas ini")).click()
        self.done("Berkas diambil oleh kantor Anda.")

    def complete(self, number: str) -> None:
        self.find(number)
        button = self.page.get_by_role("button", name="Nyatakan lengkap dan benar")
        until(self.page, lambda: button.count() == 1, "the files do not become whole")
        button.click()
        self.done("Berkas dinyatakan lengkap dan benar.")

    def opinion(self, number: str, verdict: str, note: str) -> None:
        self.find(number)
        form = self.form("opinion")
        form.get_by_label(verdict, exact=True).check()
        form.get_by_label("Alasan, syarat, atau catatan").fill(note)
        form.get_by_role("button", name="Tandatangani dan kirim").click()
        self.done("Pendapat tercatat.")

    def minutes(self, number: str, day: str, note: str) -> None:
        """Sign the minutes of a visit."""
        self.find(number)
        form = self.form("minutes")
        form.get_by_label("Tanggal pemeriksaan").fill(day)
        form.get_by_label("Tempat").fill("Lokasi pemohon")
        form.get_by_label("Yang hadir").fill("Tim teknis dan pemohon")
        form.get_by_label("menyetujui", exact=True).check()
        form.get_by_label("Alasan, syarat, atau catatan").fill(note)
        form.get_by_role("button", name="Tandatangani dan kirim").click()
        self.done("Pendapat tercatat.")

    def open_ask(self, number: str) -> Locator:
        """Fold the return for correction open and give its form back."""
        self.find(number)
        self.page.locator("summary", has_text="Kembalikan untuk perbaikan").click()
        return self.form("ask")

    def ask(self, number: str, fields: list[str], documents: list[str], note: str) -> None:
        form = self.open_ask(number)
        form.get_by_label("Alasan").select_option(label="Isian salah atau belum lengkap")
        for label in fields:
            form.get_by_role("group", name="Isian yang harus diperbaiki").get_by_label(label, exact=True).check()
        for label in documents:
            form.get_by_role("group", name="Dokumen yang harus diperbaiki").get_by_label(label, exact=True).check()
        form.get_by_label("Catatan untuk desa").fill(note)
        form.get_by_role("button", name="Kembalikan").click()
        self.done("Berkas dikembalikan untuk perbaikan.")

    def finish(self, number: str, button: str = "Selesai", reference: str = "") -> None:
        self.find(number)
        form = self.form("finish")
        if reference:
            form.get_by_label("Nomor").fill(reference)
        form.get_by_role("button", name=button, exact=True).click()
        self.done("Tahap ini selesai.")

    def assess(self, number: str, amount: str, reference: str) -> str:
        """Set a fee and return the payment code."""
        self.find(number)
        self.page.get_by_role("link", name="Penetapan").click()
        self.page.get_by_label("Jumlah (Rp)").fill(amount)
        self.page.get_by_label("Nomor SKPD atau nomor sistem nasional").fill(reference)
        self.page.get_by_role("button", name="Tetapkan").click()
        self.done("Biaya sudah ditetapkan.")
        row = self.page.get_by_role("row", name=reference)
        expect(row).to_contain_text("Belum dibayar")
        return row.get_by_role("cell").nth(1).inner_text().strip()

    def pay(self, number: str, code: str, amount: str, day: str) -> None:
        self.find(number)
        self.page.get_by_role("link", name="Pembayaran").click()
        self.page.get_by_label("Kode bayar pada bukti").fill(code)
        self.page.get_by_label("Jumlah pada bukti (Rp)").fill(amount)
        self.page.get_by_label("Dibayar melalui").select_option(label="Bank atau virtual account")
        self.page.get_by_label("Nomor bukti").fill(f"BANK-{code[-6:]}")
        self.page.get_by_label("Tanggal bayar").fill(day)
        self.page.get_by_role("button", name="Catat pembayaran").click()
        self.done("Pembayaran sudah dicatat.")
        expect(self.page.get_by_role("row", name=code)).to_contain_text("Lunas")

    def decide(self, number: str, verdict: str, note: str) -> None:
        self.find(number)
        form = self.form("decide")
        form.get_by_label(verdict, exact=True).check()
        form.get_by_label("Pertimbangan").fill(note)
        form.get_by_role("button", name="Putuskan").click()
        self.done("Keputusan tercatat.")

    def confirm(self, number: str, note: str) -> None:
        """Agree as the second body."""
        self.find(number)
        form = self.form("confirm")
        form.get_by_label("Setuju", exact=True).check()
        form.get_by_label("Alasan").fill(note)
        form.get_by_role("button", name="Kirim jawaban").click()
        self.done("Jawaban Anda sebagai badan kedua tercatat.")

    def agree(self, number: str, what: str, note: str) -> None:
        """Agree to a proposal of another office."""
        self.find(number)
        expect(self.page.locator("#actions")).to_contain_text(f"Usul: {what}")
        form = self.form("answer")
        form.get_by_label("Setuju", exact=True).check()
        form.get_by_label("Alasan").fill(note)
        form.get_by_role("button", name="Kirim jawaban").click()
        self.done("Jawaban Anda atas usul ini tercatat.")

    def sign(self, number: str, link: str = "Penandatanganan") -> str:
        """Sign the letter and return its number."""
        self.find(number)
        self.page.get_by_role("link", name=link).click()
        self.page.get_by_role("button", name="Tanda tangani sekarang").click()
        row = self.page.get_by_role("table", name="Surat berkas ini").get_by_role("row").nth(1)
        expect(row).to_contain_text("Diterbitkan")
        return row.get_by_role("rowheader").inner_text().strip()

    def propose_revocation(self, number: str, reason: str, why: str) -> None:
        self.find(number, view="all")
        self.page.get_by_role("link", name="Surat keputusan").click()
        self.page.get_by_label("Alasan pencabutan").select_option(label=reason)
        self.page.get_by_label("Penjelasan").fill(why)
        self.page.get_by_role("button", name="Usulkan pencabutan").click()

    def form(self, move: str) -> Locator:
        return self.page.locator(f'form[action$="/{move}"]')

    def done(self, words: str) -> None:
        expect(self.page.locator(".alert-success", has_text=words)).to_be_visible()

    def shows_state(self, *words: str) -> None:
        """Check the badges beside the registration number."""
        for word in words:
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(word)
