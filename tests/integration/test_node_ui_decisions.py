"""Decisions on the pages: outcome, document, handing over, telling; and whether a document is genuine."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from protocol.catalogue import OfficeCode
from protocol.ids import HubId, RegistrationNo, ServiceCode
from protocol.mailbox import NoticeKind
from protocol.notices import ActKind, CalendarData, verify_act
from protocol.permit import (
    DocumentSeal,
    PermitFacts,
    RevocationCode,
    RevocationList,
    Revoked,
    facts_mark,
    qr_text,
    sign_facts,
    sign_revocations,
    sign_seal,
)
from protocol.receipt import Outcome, ReceiptKind
from protocol.sealing import BodyContext, open_body
from protocol.wire import to_bytes
from tests.integration.node_pages import Browser, MovingClock, app, browser, clock, desk, fill, furnished
from tests.village_desk import OTHER_PIN, PIN, VillageDesk
from tests.village_post import PDF, Post
from village_node.outbox.acts import close_acts
from village_node.outbox.tables import OutboxAct

__all__ = ["app", "browser", "clock", "desk", "furnished"]


@pytest.fixture
def post(desk: VillageDesk) -> Post:
    return Post(desk)


@pytest.fixture
def bundle(browser: Browser, post: Post) -> bytes:
    location = browser.post(f"/isian/{fill(browser)}/tanda-tangan", pin=PIN).headers["Location"]
    made = bytes.fromhex(re.sub(r".*/kiriman/|/tanda-terima", "", location))
    post.receipt(made, ReceiptKind.ARRIVED)
    post.receipt(made, ReceiptKind.WHOLE)
    return made


def page_of(browser: Browser) -> str:
    """Return the path of the decision that the first page leads to."""
    found = re.search(r'href="(/keputusan/\d+)"', browser.get("/").text)
    assert found is not None
    return found[1]


def test_the_decision_is_told_in_words(browser: Browser, bundle: bytes, post: Post) -> None:
    post.decide(bundle)
    page = browser.get(page_of(browser)).text
    for words in ("Disetujui", "503/12/2026", "24 November 2027", "Buka dan cetak", "DPMPTSP"):
        assert words in page


def test_the_document_is_handed_out_whole_and_runs_nothing(browser: Browser, bundle: bytes, post: Post) -> None:
    post.decide(bundle)
    answer = browser.get(f"{page_of(browser)}/dokumen")
    assert answer.data == PDF
    assert answer.mimetype == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert browser.get(f"{page_of(browser)}/dokumen?simpan=1").headers["Content-Disposition"].startswith("attachment")


def test_a_damaged_piece_is_dropped_and_asked_for_again(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    decision = post.decide(bundle)
    assert decision.document is not None
    desk.context.documents.put(decision.document.document, 0, b"rubbish")
    answer = browser.get(f"{page_of(browser)}/dokumen")
    assert answer.status_code == 409
    assert "diminta lagi" in answer.text
    assert "Dokumen masih dikirim" in browser.get(page_of(browser)).text


def test_handing_over_is_signed_by_the_officer_and_sealed_to_the_hub(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    post.decide(bundle)
    path = page_of(browser)
    assert browser.post(f"{path}/serahkan", person="", pin=PIN).status_code == 422
    assert "PIN salah" in browser.post(f"{path}/serahkan", person="Suparmi", pin="000111").text
    assert browser.post(f"{path}/serahkan", person="Tono anaknya", note="surat kuasa", pin=PIN).status_code == 302
    with desk.context.database.reading() as session:
        row = session.scalars(select(OutboxAct)).one()
        context = BodyContext(hub=post.hub.hub, node=post.hub.node, kind="act")
        signed = open_body(row.sealed, post.hub.sealing_key, context)
    act = verify_act(signed, node=post.hub.node, find_officer_key=post.find_officer)
    assert (act.kind, act.bundle, act.person, act.note) == ("handed_over", bundle, "Tono anaknya", "surat kuasa")
    assert act.officer == desk.officer
    page = browser.get(path).text
    assert "Tono anaknya" in page
    assert "menunggu terkirim" in page
    assert "serahkan hasilnya" not in browser.get("/").text


def test_a_colleague_reads_whom_it_was_handed_to_once_the_hub_has_it(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    decision = post.decide(bundle)
    path = page_of(browser)
    browser.post(f"{path}/serahkan", person="Suparmi", pin=PIN)
    post.receipt(bundle, ReceiptKind.HANDED_OVER)
    with desk.context.database.session() as session:
        close_acts(session, decision.bundle, ActKind.HANDED_OVER)  # as the runner does
    browser.post("/keluar")
    browser.sign_in(desk.other, OTHER_PIN)
    page = browser.get(path).text
    assert "Diterima Suparmi" in page
    assert "dicatat pusat" in page


def test_news_for_the_resident_is_a_task_until_somebody_told_it(browser: Browser, bundle: bytes, post: Post) -> None:
    post.news(bundle, "assessed", amount_rp=150_000, payment_code="8830-0012")
    page = browser.get("/").text
    assert "beri tahu pemohon" in page
    shown = browser.get(f"/kiriman/{bundle.hex()}").text
    assert "Rp150.000" in shown
    assert "8830-0012" in shown
    assert "8830-0012" in browser.get(f"/kiriman/{bundle.hex()}/tanda-terima").text
    assert browser.post(f"/kasus/{bundle.hex()}/diberitahu").status_code == 302
    assert "beri tahu pemohon" not in browser.get("/").text


def test_the_final_slip_says_until_when(browser: Browser, bundle: bytes, post: Post) -> None:
    post.receipt(bundle, ReceiptKind.COMPLETE, office="one-stop")
    post.news(bundle, "complete", due_on="2026-12-08", days_left=10)
    page = browser.get(f"/kiriman/{bundle.hex()}/tanda-terima").text
    assert "Dijanjikan selesai 8 Desember 2026" in page
    chain = browser.get(f"/kiriman/{bundle.hex()}").text
    assert chain.count("<h3>Lengkap dan benar</h3>") == 1  # receipt and news are one step


def test_no_days_are_counted_while_the_time_stands_still_or_after_the_decision(
    browser: Browser, bundle: bytes, post: Post, clock: MovingClock
) -> None:
    days = CalendarData(version=1, years=[2026, 2027], days=[])
    post.deliver(post.hub.notify(NoticeKind.CALENDAR, to_bytes(days)))
    post.news(bundle, "complete", due_on="2026-11-26")
    path = f"/kiriman/{bundle.hex()}"
    assert "sisa 2 hari kerja" in browser.get(path).text
    post.news(bundle, "paused", code="correction")
    clock.move(30 * 86_400)
    browser.sign_in(post.desk.officer)
    assert "waktunya sedang dihentikan" in browser.get(path).text
    post.news(bundle, "resumed")
    assert "lewat" in browser.get(path).text
    post.decide(bundle)
    assert "Dijanjikan selesai 26 November 2026</strong>" in browser.get(path).text


# --- genuine or not --------------------------------------------------------------------------------------------------


def facts(**changes: object) -> PermitFacts:
    values: dict[str, object] = {
        "hub": HubId("3314"),
        "kind": "permit",
        "number": "503/12/2026",
        "service": ServiceCode("JALAN"),
        "version": 1,
        "title": "Izin penggunaan jalan",
        "holder": "Suparmi",
        "issued_on": "2026-11-20",
        "office": OfficeCode("one-stop"),
        "registration_no": RegistrationNo.build(HubId("3314"), 2026, 7),
        "ledger_index": 12,
        "valid_until": "2026-12-31",
    }
    return PermitFacts(**(values | changes))  # type: ignore[arg-type]  # the types stand above


def verdict(browser: Browser, text: str) -> str:
    page = browser.post("/keaslian", text=text).text
    found = re.search(r'<h2 id="verdict">.*?</span>\s*([^<]+)</h2>', page, re.DOTALL)
    assert found is not None
    return found[1].strip()


def revoke(post: Post, number: int, *marks: bytes) -> None:
    head = RevocationList(hub=HubId("3314"), number=number, issued_at=1_795_000_000_000, part=1, parts=1, revoked=[])
    items = [Revoked(mark=mark, at_s=1_794_000_000, code=RevocationCode.VIOLATION) for mark in marks]
    for raw in sign_revocations(items, head, post.hub.permit_key):
        post.deliver(post.hub.notify(NoticeKind.REVOCATIONS, raw))


def test_a_code_is_genuine_expired_revoked_or_not_ours(browser: Browser, post: Post, clock: MovingClock) -> None:
    genuine = qr_text(sign_facts(facts(), post.hub.permit_key))
    assert verdict(browser, genuine).startswith("Asli dan masih berlaku")
    assert verdict(browser, qr_text(sign_facts(facts(), Ed25519PrivateKey.generate()))).startswith("BUKAN")
    assert verdict(browser, genuine[:-9]).startswith(("BUKAN", "Ini bukan"))
    assert verdict(browser, "https://contoh.id/izin/12").startswith("Ini bukan")
    revoke(post, 1, facts_mark(facts()))
    assert "DICABUT" in verdict(browser, genuine)
    clock.at = datetime(2027, 1, 2, tzinfo=UTC)
    assert browser.sign_in(post.desk.officer).status_code == 302
    other = facts(number="503/13/2026")
    assert "habis" in verdict(browser, qr_text(sign_facts(other, post.hub.permit_key)))


def test_a_letter_of_refusal_is_genuine_and_never_called_valid(browser: Browser, bundle: bytes, post: Post) -> None:
    refusal = facts(kind="refusal", title="Surat Penolakan", valid_until=None)
    assert "bukan izin" in verdict(browser, qr_text(sign_facts(refusal, post.hub.permit_key)))
    post.decide(bundle, outcome=Outcome.REFUSED)
    browser.get("/")
    data = {"csrf_token": browser.token(), "file": (BytesIO(PDF), "a.pdf")}
    assert "bukan izin" in browser.client.post("/keaslian", data=data).text


def test_an_older_list_takes_nothing_back_and_the_date_is_shown(browser: Browser, post: Post) -> None:
    assert "belum pernah sampai" in browser.get("/keaslian").text
    revoke(post, 2, facts_mark(facts()))
    revoke(post, 1)
    assert "DICABUT" in verdict(browser, qr_text(sign_facts(facts(), post.hub.permit_key)))
    assert "18 November 2026" in browser.get("/keaslian").text


def test_a_file_is_known_by_its_digest_or_its_seal(browser: Browser, bundle: bytes, post: Post) -> None:
    post.decide(bundle)
    browser.get("/")
    seal = DocumentSeal(hub=HubId("3314"), mark=bytes(16), sha256=sha256(b"%PDF other").digest(), size=10)

    def ask(content: bytes, sealed: bytes = b"") -> str:
        data = {"csrf_token": browser.token(), "file": (BytesIO(content), "a.pdf"), "seal": (BytesIO(sealed), "a.seal")}
        return browser.client.post("/keaslian", data=data).text

    assert "Asli dan masih berlaku" in ask(PDF)
    assert "tidak dikenal" in ask(PDF + b" ")
    assert "Berkas asli" in ask(b"%PDF other", sign_seal(seal, post.hub.permit_key))
    assert "BUKAN terbitan" in ask(b"%PDF otherX", sign_seal(seal, post.hub.permit_key))


# --- twice -----------------------------------------------------------------------------------------------------------


def count_acts(desk: VillageDesk) -> int:
    with desk.context.database.reading() as session:
        return len(session.scalars(select(OutboxAct)).all())


def test_a_second_click_or_a_colleague_hands_nothing_over_twice(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    post.decide(bundle)
    path = page_of(browser)
    for person in ("Suparmi", "Tono"):
        assert browser.post(f"{path}/serahkan", person=person, pin=PIN).status_code == 302
    browser.post("/keluar")
    browser.sign_in(desk.other, OTHER_PIN)
    assert browser.post(f"{path}/serahkan", person="Wati", pin=OTHER_PIN).status_code == 302
    assert count_acts(desk) == 1
    assert "Tono" not in browser.get(path).text


def test_what_the_hub_knows_as_handed_over_is_not_asked_for_again(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    post.decide(bundle)
    path = page_of(browser)
    post.receipt(bundle, ReceiptKind.HANDED_OVER)
    assert 'id="pin"' not in browser.get(path).text
    browser.post(f"{path}/serahkan", person="Suparmi", pin=PIN)
    assert count_acts(desk) == 0


def test_what_a_national_system_hands_out_is_not_handed_over_here(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    post.decide(bundle, outcome=Outcome.TRACKED)
    assert "/keputusan/" not in browser.get("/").text
    page = browser.get("/keputusan/1").text
    assert ("503/12/2026" in page, 'id="pin"' in page, "Penyerahan kepada pemohon" in page) == (True, False, False)
    browser.post("/keputusan/1/serahkan", person="Suparmi", pin=PIN)
    assert count_acts(desk) == 0


def test_a_refused_hand_over_can_be_recorded_again(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post
) -> None:
    post.decide(bundle)
    path = page_of(browser)
    browser.post(f"{path}/serahkan", person="Suparmi", pin=PIN)
    with desk.context.database.session() as session:
        row = session.scalars(select(OutboxAct)).one()
        row.state, row.code = "refused", "act_not_allowed"
    assert 'id="pin"' in browser.get(path).text
    browser.post(f"{path}/serahkan", person="Suparmi", pin=PIN)
    assert count_acts(desk) == 2


def test_a_case_that_was_reopened_and_decided_again_is_handed_over_again(
    browser: Browser, bundle: bytes, post: Post, clock: MovingClock
) -> None:
    post.decide(bundle)
    browser.post(f"{page_of(browser)}/serahkan", person="Suparmi", pin=PIN)
    clock.move(60)
    post.decide(bundle)
    path = page_of(browser)
    assert 'id="pin"' in browser.get(path).text
    browser.post(f"{path}/serahkan", person="Suparmi", pin=PIN)
    assert "serahkan hasilnya" not in browser.get("/").text


def test_the_resident_is_told_once_for_each_news(
    browser: Browser, desk: VillageDesk, bundle: bytes, post: Post, clock: MovingClock
) -> None:
    post.news(bundle, "assessed", amount_rp=150_000)
    for _ in range(2):
        assert browser.post(f"/kasus/{bundle.hex()}/diberitahu").status_code == 302
    assert count_acts(desk) == 1
    clock.move(60)
    post.news(bundle, "tracked")
    browser.post(f"/kasus/{bundle.hex()}/diberitahu")
    assert count_acts(desk) == 2
    for nobody in ("ab", bytes(32).hex()):
        assert browser.post(f"/kasus/{nobody}/diberitahu").status_code == 404
    assert count_acts(desk) == 2
