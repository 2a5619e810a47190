"""Corrections on the pages: a task, the same case, only what was asked, old and new, the PIN, and how a task closes."""

import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from protocol.receipt import ReceiptKind
from tests.integration.node_pages import Browser, app, browser, clock, desk, fill, furnished, photo
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from tests.village_post import Post
from village_node.drafts.tables import Draft
from village_node.inbox.tables import Letter, StoredNotice
from village_node.outbox.tables import OutboxAttachment, OutboxItem

__all__ = ["app", "browser", "clock", "desk", "furnished"]

ANSWERS: dict[str, str | int | bool] = {
    "purpose": "feast",
    "purpose_detail": "Resepsi",
    "road_name": "Jalan Raya",
    "road_village": "33.14.01.2001",
    "length": 1_250,
    "width": 500,
    "closure": "partial",
    "start_date": "2026-12-05",
    "end_date": "2026-12-06",
    "start_time": "07.00",
    "end_time": "17.00",
    "guard_count": 4,
    "guard_phone": "081234567890",
}


@pytest.fixture
def post(desk: VillageDesk) -> Post:
    return Post(desk)


@pytest.fixture
def bundle(browser: Browser, post: Post) -> bytes:
    """An application that the hub has whole and has returned with a question."""
    draft = fill(browser)
    location = browser.post(f"/isian/{draft}/tanda-tangan", pin=PIN).headers["Location"]
    made = bytes.fromhex(re.sub(r".*/kiriman/|/tanda-terima", "", location))
    post.receipt(made, ReceiptKind.ARRIVED)
    post.receipt(made, ReceiptKind.WHOLE)
    post.ask(made, ANSWERS)
    return made


def begin(browser: Browser) -> str:
    """Open the task of the first page and return the path of the correction."""
    action = re.search(r'action="(/perbaikan/\d+/mulai)"', browser.get("/").text)
    assert action is not None
    return browser.post(action[1]).headers["Location"]


def correction(desk: VillageDesk, bundle: bytes) -> OutboxItem:
    with desk.context.database.reading() as session:
        found = session.scalars(select(OutboxItem).where(OutboxItem.corrects == bundle)).one()
        session.expunge(found)
        return found


def test_the_first_page_says_who_asks_and_why(browser: Browser, bundle: bytes, post: Post) -> None:
    page = browser.get("/").text
    assert "perbaikan diminta" in page
    assert "Suparmi" in page
    assert post.facts(bundle).registration_no in page
    assert "DPMPTSP" in page


def test_a_letter_that_rots_on_the_disk_does_not_take_the_first_page_with_it(
    browser: Browser, desk: VillageDesk, bundle: bytes
) -> None:
    assert "perbaikan diminta" in browser.get("/").text
    with desk.context.database.session() as session:
        letter = session.scalars(select(Letter).where(Letter.bundle_id == bundle)).one()
        session.get_one(StoredNotice, letter.number).raw = b"rotten"
    page = browser.get("/")
    assert page.status_code == 200
    assert "perbaikan diminta" not in page.text


def test_only_what_was_asked_can_be_changed(browser: Browser, bundle: bytes) -> None:
    path = begin(browser)
    page = browser.get(path).text
    assert "Nama jalan tidak sama dengan peta." in page
    assert 'name="road_name"' in page
    assert 'name="purpose_detail"' not in page
    assert "Resepsi" in page  # read only
    assert 'data-upload="id_card"' in page
    assert 'data-upload="road_map"' not in page
    assert browser.script(f"{path}/simpan", {"key": "purpose_detail", "value": "Lain"}).status_code == 400
    assert browser.script(f"{path}/simpan", {"key": "road_name", "value": "Jalan Baru"}).status_code == 200
    assert "Jalan Baru" in browser.get(path).text


def test_nobody_signs_before_everything_asked_is_answered(browser: Browser, bundle: bytes) -> None:
    path = begin(browser)
    answer = browser.post(path, road_name="Jalan Baru")
    assert answer.status_code == 422
    assert "atau tulis alasannya" in answer.text
    assert browser.get(f"{path}/periksa").status_code == 302
    assert (
        browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "KTP itu memang benar."}).status_code == 302
    )


def test_the_correction_holds_the_changes_alone_under_the_same_number(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    path = begin(browser)
    draft = path.rsplit("/", 1)[1]
    assert browser.post(path, road_name="Jalan Baru").status_code == 422
    upload = {"requirement": "id_card", "csrf_token": browser.token()}
    data = {**upload, "file": (BytesIO(photo(300, 200)), "ktp-baru.jpg")}
    assert browser.client.post(f"/perbaikan/{draft}/berkas/tambah", data=data).status_code == 302
    check = browser.get(f"{path}/periksa").text
    assert "<del>Jalan Raya</del>" in check
    assert "<ins>Jalan Baru</ins>" in check
    assert browser.post(f"{path}/periksa", pin="000111").status_code == 403
    assert browser.post(f"{path}/periksa", pin=PIN).status_code == 302
    made = correction(desk, bundle)
    assert made.registration_no == post.facts(bundle).registration_no
    opened = post.open(made)
    assert (opened.corrects, dict(opened.answers)) == (bundle, {"road_name": "Jalan Baru"})
    assert [each.requirement for each in opened.attachments] == ["id_card"]
    with desk.context.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Draft)) == 0
        assert session.scalar(select(func.count()).where(OutboxAttachment.bundle_id == made.bundle_id)) == 1
    assert "perbaikan diminta" not in browser.get("/").text


def test_the_chain_tells_the_return_and_the_correction_in_order(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    browser.post(f"{path}/periksa", pin=PIN)
    made = correction(desk, bundle)
    post.receipt(made.bundle_id, ReceiptKind.ARRIVED)
    post.news(bundle, "corrected")
    page = browser.get(f"/kiriman/{bundle.hex()}").text
    names = re.findall(r"<h3>([^<]+)</h3>\s*<p class=\"when", page)
    assert names[:3] == ["Tersimpan di sini", "Diterima pusat", "Utuh di pusat"]
    assert [name.partition(" (")[0] for name in names[3:]] == [
        "Dikembalikan ke desa",
        "Perbaikan tersimpan di sini",
        "Perbaikan diterima pusat",
        "Perbaikan diterima kantor",
    ]
    assert browser.get(f"/kiriman/{made.bundle_id.hex()}").headers["Location"].endswith(bundle.hex())


def test_a_question_that_somebody_else_answered_closes_by_itself(browser: Browser, bundle: bytes, post: Post) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    post.news(bundle, "corrected")
    assert "perbaikan diminta" not in browser.get("/").text
    answer = browser.post(f"{path}/periksa", pin=PIN)
    assert answer.status_code == 409
    assert "sudah dijawab" in answer.text


def test_two_offices_ask_and_one_answer_closes_both(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    second = post.ask(bundle, ANSWERS, fields=["width"], requirements=[], note="Lebar jalan?")
    path = begin(browser)
    page = browser.get(path).text
    assert "Lebar jalan?" in page
    assert "Nama jalan tidak sama" in page
    typed = {"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."}
    assert browser.post(path, **typed).status_code == 422
    assert browser.post(path, **typed, width="6").status_code == 302
    assert browser.post(f"{path}/periksa", pin=PIN).status_code == 302
    assert correction(desk, bundle).request == second.request
    assert "perbaikan diminta" not in browser.get("/").text


def test_a_question_that_came_while_the_answer_travelled_stays_open(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    browser.post(f"{path}/periksa", pin=PIN)
    post.ask(bundle, ANSWERS, fields=["width"], requirements=[])
    index = post.receipt(correction(desk, bundle).bundle_id, ReceiptKind.ARRIVED)
    post.news(bundle, "corrected", ledger_index=index)
    assert "perbaikan diminta" in browser.get("/").text


def test_a_refused_correction_opens_the_question_again_unless_it_is_closed(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    browser.post(f"{path}/periksa", pin=PIN)
    made = correction(desk, bundle)
    post.receipt(made.bundle_id, ReceiptKind.REJECTED, code="correction_not_asked")
    assert "perbaikan diminta" in browser.get("/").text
    post.receipt(made.bundle_id, ReceiptKind.REJECTED, code="correction_closed")
    assert "perbaikan diminta" not in browser.get("/").text


def test_a_colleague_sees_the_task_but_not_the_draft(browser: Browser, desk: VillageDesk, bundle: bytes) -> None:
    path = begin(browser)
    browser.post("/keluar")
    browser.sign_in(desk.other, OTHER_PIN)
    assert "perbaikan diminta" in browser.get("/").text
    assert browser.get(path).status_code == 404
    assert begin(browser) != path


def test_the_pages_of_new_applications_do_not_open_a_correction(browser: Browser, bundle: bytes) -> None:
    draft = begin(browser).rsplit("/", 1)[1]
    for page in ("", "/berkas", "/periksa", "/tanda-tangan"):
        assert browser.get(f"/isian/{draft}{page}").headers["Location"] == f"/perbaikan/{draft}"
    assert "Lanjutkan:" not in browser.get("/").text


def test_a_draft_for_a_question_that_somebody_else_answered_is_shown_and_answers_no_later_one(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    old = begin(browser)
    browser.post(old, road_name="Jalan Lama")
    post.news(bundle, "corrected")
    assert f"/isian/{old.rsplit('/', 1)[1]}" in browser.get("/").text, "what was typed is not hidden for ever"
    post.ask(bundle, ANSWERS | {"road_name": "Jalan Kolega"}, requirements=[])
    new = begin(browser)
    page = browser.get(new).text
    assert "Jalan Kolega" in page
    assert "Jalan Lama" not in page
    assert browser.get(old).status_code == 404


def test_a_correction_that_is_sent_twice_is_sealed_once(browser: Browser, desk: VillageDesk, bundle: bytes) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    assert browser.post(f"{path}/periksa", pin=PIN).status_code == 302
    assert browser.post(f"{path}/periksa", pin=PIN).status_code == 404
    correction(desk, bundle)


def test_a_number_is_listed_once_and_stays_valid_when_a_correction_is_refused(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    browser.post(f"{path}/periksa", pin=PIN)
    post.receipt(correction(desk, bundle).bundle_id, ReceiptKind.REJECTED, code="correction_not_asked")
    page = browser.get("/nomor").text
    assert page.count(f">{post.facts(bundle).registration_no}</a>") == 1
    assert "Batal" not in page


def test_a_correction_has_no_slip_without_a_tracking_code(browser: Browser, desk: VillageDesk, bundle: bytes) -> None:
    path = begin(browser)
    browser.post(path, **{"road_name": "Jalan Baru", "remark.id_card": "Sudah benar."})
    browser.post(f"{path}/periksa", pin=PIN)
    answer = browser.get(f"/kiriman/{correction(desk, bundle).bundle_id.hex()}/tanda-terima")
    assert answer.headers.get("Location") == f"/kiriman/{bundle.hex()}/tanda-terima"
