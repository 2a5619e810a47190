"""The page for sticks: what it hands out, what it takes, and what it says of a wrong file."""

import re
from io import BytesIO

import pytest

from protocol.ids import HubId, NodeId
from protocol.parcel import Direction, Frame, ParcelHeader, frame_bytes, header_bytes, read_frames, read_header
from tests.integration.node_pages import Browser, app, browser, clock, desk, fill, furnished
from tests.village_desk import PIN, VillageDesk

__all__ = ["app", "browser", "clock", "desk", "furnished"]


@pytest.fixture
def item(browser: Browser) -> str:
    return (
        browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"].removesuffix("/tanda-terima")
    )


def answer(*, node: str = "3314012001-01", direction: Direction = Direction.DOWN) -> bytes:
    header = ParcelHeader(hub=HubId("3314"), node=NodeId(node), direction=direction, made_at=0)
    return header_bytes(header) + frame_bytes(Frame(kind="receipt", payload=b"a receipt"))


def give(browser: Browser, content: bytes) -> str:
    data = {"csrf_token": browser.token(), "file": (BytesIO(content), "jawaban.paket")}
    return browser.client.post("/usb/jawaban", data=data, follow_redirects=True).text


def test_what_waits_is_handed_out_and_marked_but_stays_waiting(browser: Browser, item: str) -> None:
    assert '<dd class="number">1</dd>' in browser.get("/usb").text
    handed = browser.post("/usb/paket")
    assert re.search(r'filename="simpul-3314012001-01-\d{8}-\d{4}\.paket"', handed.headers["Content-Disposition"])
    source = BytesIO(handed.data)
    assert read_header(source).direction is Direction.UP
    kinds = [frame.kind for frame in read_frames(source)]
    assert kinds[:2] == ["mail", "bundle"]
    assert set(kinds[2:]) == {"chunk"}
    assert "dibawa dengan USB pada 24 November 2026" in browser.get("/usb").text
    page = browser.get(item).text
    assert "Dibawa dengan USB" in page
    assert "tetap menunggu tanda terima" in page


def test_an_answer_is_copied_for_the_program_to_read(browser: Browser, desk: VillageDesk) -> None:
    page = give(browser, answer())
    assert "1 pesan disalin" in page
    assert "1 paket sedang dimasukkan" in page
    assert len(desk.context.parcels.waiting()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (answer(node="3314012002-01"), "untuk komputer desa lain"),
        (answer(direction=Direction.UP), "paket dari komputer ini untuk pusat"),
        (b"PK\x03\x04 not ours", "bukan paket Simpul"),
        (answer()[:-30], "rusak sejak awal"),
    ],
)
def test_a_wrong_file_is_refused_in_words(browser: Browser, desk: VillageDesk, content: bytes, words: str) -> None:
    assert words in give(browser, content)
    assert desk.context.parcels.waiting() == []


def test_a_cut_file_is_used_up_to_the_cut_and_the_page_says_so(browser: Browser, desk: VillageDesk) -> None:
    whole = answer() + frame_bytes(Frame(kind="receipt", payload=b"another"))
    assert "terpotong" in give(browser, whole[:-3])
    assert len(desk.context.parcels.waiting()) == 1
