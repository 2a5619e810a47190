"""What the hub's receipts make of an item: on the item page, on the slip, among the officer's tasks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from protocol.errors import BY_CODE
from tests.integration.node_pages import Browser, app, browser, clock, desk, fill, furnished
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from village_node.inbox.link import set_link
from village_node.inbox.tables import Flag, StoredReceipt

__all__ = ["app", "browser", "clock", "desk", "furnished"]

LOG_TIME = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    """A sealed item, with receipts that the inbox has verified."""

    bundle: str
    desk: VillageDesk

    @property
    def path(self) -> str:
        return f"/kiriman/{self.bundle}"

    def receipt(self, kind: str, index: int, *, code: str = "", office: str = "") -> None:
        at = LOG_TIME + timedelta(minutes=index)
        row = StoredReceipt(
            digest=index.to_bytes(32, "big"), bundle_id=bytes.fromhex(self.bundle), kind=kind, raw=b"", log_index=index,
            log_time=at, code=code, office=office, received_at=at,
        )  # fmt: skip
        with self.desk.context.database.session() as session:
            session.merge(row)


@pytest.fixture
def item(browser: Browser, desk: VillageDesk) -> Item:
    slip = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"]
    return Item(bundle=slip.split("/")[2], desk=desk)


def test_a_receipt_turns_the_slip_into_the_final_one(browser: Browser, item: Item) -> None:
    item.receipt("arrived", 1_234)
    text = browser.get(f"{item.path}/tanda-terima").text
    assert "Tanda terima sementara" not in text
    assert "Diterima pusat 25 November 2026 07.04 WIB, buku besar no. 1234" in text


def test_village_and_subdistrict_are_named_on_home_head_and_slip(browser: Browser, item: Item) -> None:
    place = "Desa Keden, Kecamatan Kalijambe"
    for path in ("/", f"{item.path}/tanda-terima"):
        head, _, page = browser.get(path).text.partition("<main")
        assert place in head
        assert place in page
        assert "33.14.01.2001" in page


def test_offices_have_the_names_that_the_hub_gave(browser: Browser, item: Item) -> None:
    item.receipt("custody", 7, office="subdistrict.33.14.01")
    text = browser.get(item.path).text
    assert "Sedang dikerjakan oleh Kec. Kalijambe." in text
    assert "kecamatan 33.14.01" not in text


def test_the_timeline_shows_each_step_with_time_place_in_the_ledger_and_who_signed(
    browser: Browser, item: Item
) -> None:
    for index, (kind, office) in enumerate(
        [("arrived", ""), ("whole", ""), ("complete", "one-stop"), ("custody", "agency.dishub")], start=7
    ):
        item.receipt(kind, index, office=office)
    text = browser.get(item.path).text
    steps = ("Tersimpan di sini", "Diterima pusat", "Utuh di pusat", "Lengkap dan benar", "Dikerjakan instansi")
    places = [text.index(f"<h3>{step}") for step in steps]
    assert places == sorted(places)
    for words in ("buku besar no. 10", "(DPMPTSP)", "Sedang dikerjakan oleh Dishub."):
        assert words in text


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_every_rejection_is_explained_where_the_officer_looks(browser: Browser, item: Item, code: str) -> None:
    item.receipt("rejected", 5, code=code)
    text = browser.get(item.path).text
    assert f"Kode: {code}" in text
    assert "belum dikenal program ini" not in text
    assert "ditolak pusat" in browser.get("/").text


def test_a_return_is_a_task_of_the_officer(browser: Browser, item: Item) -> None:
    item.receipt("returned", 6, code="document_missing", office="subdistrict.33.14.01")
    assert "dikembalikan" in browser.get("/").text
    text = browser.get(item.path).text
    for words in ("petugas desa", "Dikembalikan oleh ", "Ada dokumen yang kurang.", "nomornya tetap sama."):
        assert words in text


def test_a_return_for_wrong_data_asks_for_no_new_application(browser: Browser, item: Item) -> None:
    item.receipt("returned", 6, code="data_wrong", office="one-stop")
    assert ">Permohonan baru</a>" not in browser.get(item.path).text.partition("<main")[2]
    assert "3314-26-0000001-04" in browser.get("/").text


def test_after_a_return_for_the_wrong_service_another_is_chosen(browser: Browser, item: Item) -> None:
    item.receipt("returned", 6, code="wrong_service", office="one-stop")
    assert new_application(browser, item) == "/layanan"


def test_a_reason_that_this_program_does_not_know_is_shown_with_its_code(browser: Browser, item: Item) -> None:
    item.receipt("returned", 6, code="from_the_future", office="one-stop")
    text = browser.get(item.path).text
    assert "kode yang belum dikenal program ini" in text
    assert "Kode: from_the_future" in text


def new_application(browser: Browser, item: Item) -> str:
    """Return where the button of a returned item leads; the page must be there."""
    _, _, text = browser.get(item.path).text.partition("<main")
    target = text.split(">Permohonan baru</a>")[0].rsplit('href="', 1)[1].split('"')[0]
    assert browser.get(target).status_code == 200
    return target


def test_the_head_of_every_page_says_how_the_link_is(browser: Browser, desk: VillageDesk) -> None:
    context = desk.context
    with context.database.session() as session:
        set_link(session, context.clock.now(), connected=True, reason="")
    assert "Tersambung" in browser.get("/keadaan/sambungan").text
    with context.database.session() as session:
        set_link(session, context.clock.now(), connected=False, reason="name")
    assert "Luring sejak 09.12" in browser.get("/petugas").text
    assert "internet desa sedang putus" in browser.get("/bantuan").text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("split_view", "dua buku besar"),
        ("receipt_contradiction", "saling bertentangan"),
        ("receipt_signature", "tidak lulus pemeriksaan"),
        ("refused_quota", "Terlalu banyak kiriman"),
    ],
)
def test_what_should_not_have_happened_is_told(browser: Browser, desk: VillageDesk, code: str, words: str) -> None:
    now = desk.context.clock.now()
    with desk.context.database.session() as session:
        session.add(Flag(code=code, about=b"", times=1, first_at=now, last_at=now, evidence=b""))
    assert "Ada kejadian yang tidak semestinya" in browser.get("/").text
    assert words in browser.get("/bantuan").text


def test_another_officer_sees_that_an_item_waits_but_not_for_whom(browser: Browser, item: Item) -> None:
    browser.sign_in(item.desk.other, OTHER_PIN)
    for path in ("/", item.path):
        text = browser.get(path).text
        assert "3314-26-0000001-04" in text
        assert "Suparmi" not in text
    assert browser.get(f"{item.path}/tanda-terima").status_code == 404
    assert browser.get(f"{item.path}/qr.svg").status_code == 404


@pytest.mark.parametrize("bundle", ["zz", "00", "00" * 32])
def test_an_unknown_item_is_not_there(browser: Browser, bundle: str) -> None:
    assert browser.get(f"/kiriman/{bundle}").status_code == 404
