"""Attaching files through the pages: shrunk, sealed, shown to nobody else; bombs and programs refused."""

from io import BytesIO

import pytest
from PIL import Image

from tests.integration.node_pages import Browser, app, browser, clock, desk, furnished, photo
from tests.village_desk import VillageDesk
from village_node.drafts.folder import DraftFolder
from village_node.drafts.service import tidy

__all__ = ["app", "browser", "clock", "desk", "furnished"]


def bomb() -> bytes:
    target = BytesIO()
    Image.new("1", (9_000, 9_000)).save(target, "PNG")
    return target.getvalue()


def file_address(browser: Browser, draft: str) -> str:
    text = browser.get(f"/isian/{draft}/berkas").text
    return text.split('<img src="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bomb(), "tidak wajar besarnya"),
        (b"MZ" + b"\0" * 100, "bukan foto"),
        (b"<html><script>alert(1)</script></html>", "bukan foto"),
        (b"%PDF-1.7 rusak", "rusak"),
        (b"", "kosong"),
    ],
    ids=["bomb", "program", "html", "broken pdf", "empty"],
)
def test_what_is_no_document_is_refused_with_what_to_do(browser: Browser, content: bytes, words: str) -> None:
    draft = browser.start()
    answer = browser.upload(draft, "id_card", content)
    assert answer.status_code == 422
    assert words in answer.get_json()["problem"]
    assert 'class="files"' not in browser.get(f"/isian/{draft}/berkas").text


def test_an_upload_beyond_the_limit_is_cut_off(browser: Browser) -> None:
    answer = browser.upload(browser.start(), "id_card", b"\0" * (31 * 1024 * 1024))
    assert answer.status_code == 413
    assert "20 MB" in answer.get_json()["problem"]


def test_a_photo_is_kept_small_and_shown_again(browser: Browser) -> None:
    draft = browser.start()
    assert browser.upload(draft, "id_card", photo(3_000, 2_000), "../../KTP Suparmi.JPEG").status_code == 200
    answer = browser.get(file_address(browser, draft))
    with Image.open(BytesIO(answer.data)) as picture:
        assert max(picture.size) == 1_600
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "KTP Suparmi.jpg" in browser.get(f"/isian/{draft}/berkas").text


def test_a_removed_file_is_gone_from_the_disk(browser: Browser, desk: VillageDesk) -> None:
    draft = browser.start()
    browser.upload(draft, "id_card", photo())
    folder = desk.context.settings.data_dir / "drafts" / draft
    assert len(list(folder.iterdir())) == 1
    browser.post(f"{file_address(browser, draft)}/hapus")
    assert not folder.exists()


def test_a_missing_document_is_named_before_the_check(browser: Browser) -> None:
    draft = browser.start()
    answer = browser.post(f"/isian/{draft}/berkas", **{"seen.id_card": "yes"})
    assert answer.status_code == 422
    assert "Berkas wajib ini belum dilampirkan." in answer.text
    assert 'id="seen-id_card" name="seen.id_card" value="yes" checked' in browser.get(f"/isian/{draft}/berkas").text


def test_a_file_of_another_draft_is_not_shown(browser: Browser) -> None:
    first, second = browser.start(), browser.start()
    browser.upload(first, "id_card", photo())
    address = file_address(browser, first)
    assert browser.get(address.replace(first, second)).status_code == 404


def test_more_files_than_a_bundle_carries_are_refused(browser: Browser) -> None:
    draft = browser.start()
    answers = [browser.upload(draft, "id_card", photo(20, 20)).status_code for _ in range(25)]
    assert answers == [200] * 24 + [409]


def test_a_file_that_a_crash_left_without_a_row_is_swept_at_start(browser: Browser, desk: VillageDesk) -> None:
    draft = browser.start()
    browser.upload(draft, "id_card", photo())
    folder = DraftFolder(desk.context.settings.data_dir / "drafts")
    folder.put(draft, "ORPHAN", b"sealed")
    folder.put("GONE", "ORPHAN", b"sealed")
    with desk.context.database.reading() as session:
        tidy(session, folder)
    assert folder.drafts() == [draft]
    assert len(list((desk.context.settings.data_dir / "drafts" / draft).iterdir())) == 1
