"""The counter's page for sticks: hand in, progress, answers; who may, and how large a file may be."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts.rules import Role
from hub.dispatch.documents import DocumentPost
from hub.intake.service import process
from hub.parcels.reader import ParcelReader
from hub.parcels.spool import Spool
from loadtests.village import Village
from protocol.ids import NodeId
from protocol.parcel import Direction, ParcelHeader, header_bytes
from tests.hostile import SERVICE
from tests.hubs import HUB, bundle_of
from tests.integration.test_parcels import a_parcel
from tests.webs import HubWeb, make_web, token_of


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> HubWeb:
    return make_web(tmp_path, database_url)


@pytest.fixture
def village(web: HubWeb) -> Village:
    return web.hub.enrol("33.14.05.2003")


def hand_in(browser: FlaskClient, raw: bytes, token: str | None = None) -> TestResponse:
    form = {"csrf_token": token or token_of(browser), "parcel": (io.BytesIO(raw), "../../etc/kiriman.parcel")}
    return browser.post("/berkas-usb", data=form, content_type="multipart/form-data")


def let_intake_work(web: HubWeb) -> None:
    context = web.hub.context
    documents = DocumentPost(lambda _, __: None, context.secrets.message)
    reader = ParcelReader(context, Spool(web.hub.directory / "parcels"), documents)
    while reader.work(lambda batch: process(context, batch)):
        pass


def test_a_clerk_hands_a_stick_in_and_takes_the_answers_along(web: HubWeb, village: Village) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    made = village.seal_application(SERVICE)
    answer = hand_in(browser, a_parcel(village, bundle_of(village, made)))
    assert (answer.status_code, answer.location) == (302, "/berkas-usb")
    assert "Sedang dibaca" in browser.get("/berkas-usb").text

    let_intake_work(web)

    page = browser.get("/berkas-usb").text
    assert "1 berkas diterima, 0 ditolak" in page
    link = page.partition('href="/berkas-usb/')[2].partition('"')[0]
    answers = browser.get(f"/berkas-usb/{link}")
    assert answers.data.startswith(b"simpul parcel 1\n")
    assert answers.headers["Content-Disposition"].startswith("attachment; filename=simpul-jawaban-3314052003-01-")


def test_the_stick_of_a_browser_is_larger_than_a_form_may_be(web: HubWeb, village: Village) -> None:
    """3 MB: three times what any other page takes."""
    made = village.seal_application(SERVICE, files=[b"x" * 700_000])
    raw = a_parcel(village, *[bundle_of(village, made)] * 900)
    assert len(raw) > 1_000_000
    assert hand_in(web.browser(Role.NETWORK_ADMIN), raw).status_code == 302


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "Pilih dulu berkas paketnya."),
        (b"PK\x03\x04", "Berkas ini bukan paket Simpul"),
        (
            header_bytes(ParcelHeader(hub=HUB, node=NodeId("3314052003-77"), direction=Direction.UP, made_at=0)),
            "tidak terdaftar",
        ),
    ],
    ids=["empty", "zip", "stranger"],
)
def test_a_wrong_file_is_refused_in_plain_words(web: HubWeb, raw: bytes, words: str) -> None:
    answer = hand_in(web.browser(Role.FRONT_OFFICE), raw)
    assert answer.status_code == 422
    assert words in answer.text
    assert "isi stik tidak berubah" in answer.text


def test_no_file_at_all_is_refused(web: HubWeb) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    assert browser.post("/berkas-usb", data={"csrf_token": token_of(browser)}).status_code == 422


def test_a_file_without_the_form_token_is_refused(web: HubWeb, village: Village) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    assert hand_in(browser, a_parcel(village), token="wrong").status_code == 400


def test_a_stranger_sends_no_large_file(web: HubWeb) -> None:
    """Nobody fills the disk who may not use the page: the body is not read."""
    form = {"parcel": (io.BytesIO(b"x" * 1_500_000), "x")}
    assert web.browser().post("/berkas-usb", data=form).status_code == 413
    form = {"parcel": (io.BytesIO(b"x" * 1_500_000), "x")}
    assert web.browser(Role.AGENCY_CLERK).post("/berkas-usb", data=form).status_code == 403
    assert not (web.hub.directory / "parcels").exists()


def test_other_pages_take_no_large_form(web: HubWeb) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    form = {"csrf_token": token_of(browser), "x": (io.BytesIO(b"x" * 1_500_000), "x")}
    assert browser.post("/sign-out", data=form, content_type="multipart/form-data").status_code == 413


def test_answers_that_are_not_ready_are_not_there(web: HubWeb, village: Village) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    hand_in(browser, a_parcel(village))
    assert browser.get("/berkas-usb/unknown/jawaban").status_code == 404
    names = [path.stem for path in (web.hub.directory / "parcels").glob("*.parcel")]
    assert browser.get(f"/berkas-usb/{names[0]}/jawaban").status_code == 404
