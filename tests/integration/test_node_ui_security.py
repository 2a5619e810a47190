"""F39 and its kin: nobody but the officer's own pages gets this program to do or tell anything."""

import pytest
from flask import Flask

from tests.integration.node_pages import Browser, MovingClock, app, browser, clock, desk, fill, furnished
from tests.village_desk import LOCK_AFTER_S, OTHER_PIN, PIN, VillageDesk

__all__ = ["app", "browser", "clock", "desk", "furnished"]

NODE = "http://127.0.0.1:8077"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8077", "127.0.0.1.evil.example", "33.14.1.1"])
def test_a_foreign_host_name_is_refused(app: Flask, host: str) -> None:
    answer = app.test_client().get("/masuk", headers={"Host": host})
    assert answer.status_code == 400
    assert "Siti" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8077", "localhost:8077"])
def test_our_own_names_are_served(app: Flask, host: str) -> None:
    assert app.test_client().get("/masuk", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9999"},
    ],
)
def test_a_form_of_another_site_is_refused(app: Flask, desk: VillageDesk, headers: dict[str, str]) -> None:
    browser = Browser(app)
    values = {"officer": desk.officer, "pin": PIN, "csrf_token": browser.token()}
    answer = browser.client.post("/masuk", base_url=NODE, data=values, headers=headers)
    assert answer.status_code == 403
    assert "tidak datang dari halaman Simpul" in answer.text


def test_a_form_without_the_token_is_refused_and_says_what_was_kept(browser: Browser) -> None:
    answer = browser.client.post("/layanan/JALAN/mulai")
    assert answer.status_code == 400
    assert answer.headers["X-Simpul-Problem"] == "token"
    assert "Semua yang sudah tersimpan tetap ada." in answer.text


def test_every_page_but_the_door_asks_for_an_officer(app: Flask) -> None:
    client = app.test_client()
    open_views = {"static", "bootstrap.static"}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint in open_views or getattr(view, "is_open_to_all", False) or "GET" not in (rule.methods or ()):
            continue
        path = rule.rule.replace("<draft_id>", "x").replace("<file_id>", "x").replace("<bundle>", "aa")
        answer = client.get(path.replace("<code>", "JALAN").replace("<int:letter>", "1"))
        assert (answer.status_code, answer.headers.get("Location", "")[:6]) == (302, "/masuk"), path


@pytest.mark.parametrize("path", ["/", "/masuk", "/tidak-ada", "/static/own.css", "/layanan", "/petugas", "/bantuan"])
def test_every_answer_carries_the_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert path.startswith("/static") or headers["Cache-Control"] == "no-store"


def test_no_page_has_inline_code_or_style(browser: Browser) -> None:
    for path in ("/", "/layanan", "/layanan/JALAN", f"/isian/{browser.start()}", "/petugas", "/bantuan"):
        text = browser.get(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert text.count("<script") == text.count("<script src=")


def test_the_cookie_is_for_this_program_alone(app: Flask, desk: VillageDesk) -> None:
    cookie = Browser(app).sign_in(desk.officer).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize("wish", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_our_own_pages_only(app: Flask, desk: VillageDesk, wish: str) -> None:
    assert Browser(app).sign_in(desk.officer, next=wish).headers["Location"] == "/"


def test_wrong_pins_are_refused_and_then_held_back(app: Flask, desk: VillageDesk) -> None:
    browser = Browser(app)
    answers = [browser.sign_in(desk.officer, "111112").status_code for _ in range(6)]
    assert answers == [403, 403, 403, 403, 403, 429]
    assert browser.sign_in(desk.officer, PIN).status_code == 429


def test_after_ten_idle_minutes_the_pin_is_asked_again(browser: Browser, clock: MovingClock) -> None:
    clock.move(LOCK_AFTER_S + 1)
    assert browser.get("/").status_code == 302
    assert browser.script("/isian/x/simpan", {"key": "length", "value": "1"}).status_code == 401


def test_a_page_that_only_asks_for_news_does_not_keep_the_vault_open(browser: Browser, clock: MovingClock) -> None:
    answers = []
    for _ in range(4):
        clock.move(LOCK_AFTER_S / 3)
        answers.append(browser.get("/keadaan/kiriman", X_Requested_With="simpul-live").status_code)
    assert answers == [200, 200, 200, 401]
    assert browser.get("/keadaan/sambungan", X_Requested_With="simpul-live").status_code == 200


def test_a_form_sent_after_the_lock_is_saved_when_the_same_officer_returns(
    browser: Browser, clock: MovingClock, desk: VillageDesk
) -> None:
    draft = browser.start()
    clock.move(LOCK_AFTER_S + 1)
    assert browser.post(f"/isian/{draft}", **{"pemohon.name": "Suparmi"}).status_code == 302
    browser.sign_in(desk.officer)
    assert 'value="Suparmi"' in browser.get(f"/isian/{draft}").text


@pytest.mark.parametrize(("path", "back"), [("/layanan/JALAN/mulai", "/"), ("/petugas", "/petugas")])
def test_after_the_pin_the_officer_comes_back_to_a_page(
    browser: Browser, clock: MovingClock, path: str, back: str
) -> None:
    clock.move(LOCK_AFTER_S + 1)
    assert browser.post(path).headers["Location"] == f"/masuk?next={back}"


def test_a_form_sent_after_the_lock_is_not_given_to_another_officer(
    browser: Browser, clock: MovingClock, desk: VillageDesk
) -> None:
    draft = browser.start()
    clock.move(LOCK_AFTER_S + 1)
    browser.post(f"/isian/{draft}", **{"pemohon.name": "Suparmi"})
    browser.sign_in(desk.other, OTHER_PIN)
    assert browser.get(f"/isian/{draft}").status_code == 404
    browser.sign_in(desk.officer)
    assert "Suparmi" not in browser.get(f"/isian/{draft}").text


def test_one_officer_does_not_see_the_drafts_of_another(app: Flask, browser: Browser, desk: VillageDesk) -> None:
    draft, other = fill(browser), Browser(app)
    other.sign_in(desk.other, OTHER_PIN)
    assert "Suparmi" not in other.get("/").text
    for path in (f"/isian/{draft}", f"/isian/{draft}/berkas", f"/isian/{draft}/periksa"):
        assert other.get(path).status_code == 404
    assert other.script(f"/isian/{draft}/simpan", {"key": "length", "value": "1"}).status_code == 404
    assert other.post(f"/isian/{draft}/hapus").status_code == 404
