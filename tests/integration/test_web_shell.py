"""The shell: headers of every answer, other sites, host names, languages, error pages, limits."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment
from werkzeug.test import TestResponse

from hub.accounts.access import allow, public, web_context
from hub.accounts.rules import Role
from hub.web.gate import UndeclaredRouteError, seal_routes
from hub.web.secret import load_secret
from hub.web.security import HEADERS
from tests.webs import HubWeb, make_web, post, token_of


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HubWeb]:
    made = make_web(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.hub.database.dispose()


def answers(web: HubWeb) -> dict[str, TestResponse]:
    """Return one answer of every kind."""
    clerk, stranger, case_id = web.browser(Role.FRONT_OFFICE), web.browser(), web.case("APOTEK")
    return {
        "page": clerk.get("/cases"),
        "case": clerk.get(f"/cases/{case_id}"),
        "file": clerk.get(f"/cases/{case_id}/files/0/0"),
        "csv": clerk.get("/cases/export.csv"),
        "redirect": stranger.get("/cases"),
        "bad request": stranger.post("/language", data={"language": "en"}),
        "late form": stranger.post(f"/cases/{case_id}/complete"),
        "forbidden": web.browser(Role.NETWORK_ADMIN).get("/cases"),
        "not found": stranger.get("/no-such-page"),
        "wrong method": stranger.delete("/sign-in"),
        "too large": stranger.post("/sign-in", data=b"x" * 1_100_000, content_type="application/x-www-form-urlencoded"),
        "wrong host": stranger.get("/", headers={"Host": "evil.example"}),
        "other site": stranger.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"}),
        "health": stranger.get("/healthz"),
        "static": stranger.get("/static/own.css"),
        "bootstrap": stranger.get("/bootstrap/static/css/bootstrap.min.css"),
        "static not found": stranger.get("/static/none.css"),
        "checkpoint": stranger.get("/log/checkpoint"),
    }


FRAMED = {"Content-Security-Policy", "X-Frame-Options"}
"""What differs for a picture of an attachment, which a page of ours shows in a frame."""

EXPECTED = {
    "page": 200, "case": 200, "file": 200, "csv": 200, "redirect": 302, "bad request": 400, "late form": 401,
    "forbidden": 403, "not found": 404, "wrong method": 405, "too large": 413, "wrong host": 400, "other site": 403,
    "health": 200, "static": 200, "bootstrap": 200, "static not found": 404, "checkpoint": 200,
}  # fmt: skip


def test_every_answer_has_every_header(web: HubWeb) -> None:
    found = answers(web)
    assert {name: answer.status_code for name, answer in found.items()} == EXPECTED
    for name, answer in found.items():
        for header, value in HEADERS.items():
            if name != "file" or header not in FRAMED:
                assert answer.headers.get(header) == value, (name, header)


def test_only_public_files_are_kept_by_browsers(web: HubWeb) -> None:
    found = answers(web)
    kept = {name for name, answer in found.items() if answer.headers.get("Cache-Control") != "no-store"}
    assert kept == {"static", "bootstrap", "checkpoint"}


class _Inline(HTMLParser):
    """Finds what a strict policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if "style" in names or any(name.startswith("on") for name in names) or tag == "style":
            self.found.append(tag)
        if tag == "iframe" and names.get("sandbox") is None:
            self.found.append("frame without a sandbox")
        if tag == "script" and not names.get("src"):
            self.found.append("inline script")
        for name in ("src", "href", "action"):
            if (names.get(name) or "/").startswith(("http:", "https:", "//", "javascript:")):
                self.found.append(f"{tag} {names[name]}")


def test_no_page_needs_anything_inline_or_foreign(web: HubWeb) -> None:
    for name, answer in answers(web).items():
        if answer.mimetype == "text/html":
            parser = _Inline()
            parser.feed(answer.text)
            assert parser.found == [], name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost"}, 303),
    ],
)
def test_forms_of_other_sites_are_refused(web: HubWeb, headers: dict[str, str], status: int) -> None:
    browser = web.browser()
    values = {"csrf_token": token_of(browser), "language": "en"}
    assert browser.post("/language", data=values, headers=headers).status_code == status


@pytest.mark.parametrize("token", ["", "x", None])
def test_a_form_needs_its_token(web: HubWeb, token: str | None) -> None:
    case_id = web.case("APOTEK")
    values = {"version": 1} if token is None else {"version": 1, "csrf_token": token}
    assert web.browser(Role.FRONT_OFFICE).post(f"/cases/{case_id}/complete", data=values).status_code == 400
    assert web.load(case_id).state == "received"


def test_the_token_of_another_browser_does_not_help(web: HubWeb) -> None:
    case_id, foreign = web.case("APOTEK"), token_of(web.browser(Role.FRONT_OFFICE))
    values = {"version": 1, "csrf_token": foreign}
    assert web.browser(Role.FRONT_OFFICE).post(f"/cases/{case_id}/complete", data=values).status_code == 400


def test_a_verb_in_a_header_is_not_heard(web: HubWeb) -> None:
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    browser.get(f"/cases/{case_id}", headers={"X-HTTP-Method-Override": "POST"})
    assert browser.get(f"/cases/{case_id}/complete").status_code == 405


def test_cookies_are_closed_to_scripts_and_other_sites(web: HubWeb) -> None:
    browser = web.browser()
    answer = post(browser, "/language", language="en")
    found = [*answer.headers.getlist("Set-Cookie"), *browser.get("/sign-in").headers.getlist("Set-Cookie")]
    assert all("HttpOnly" in each and "SameSite=Lax" in each and "Path=/" in each for each in found)


def test_production_cookies_are_bound_to_host_and_tls(tmp_path: Path) -> None:
    web = make_web(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", production=True)
    answer = web.app.test_client().get("/sign-in", base_url="https://localhost")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all(each.startswith("__Host-") and "Secure" in each and "Domain" not in each for each in cookies)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_language_is_remembered(web: HubWeb) -> None:
    browser = web.browser()
    assert 'lang="id"' in browser.get("/sign-in").text
    answer = post(browser, "/language", language="en", next="/sign-in")
    assert answer.headers["Location"] == "/sign-in"
    assert 'lang="en"' in browser.get("/sign-in").text
    assert "Password" in browser.get("/sign-in").text


def test_an_unknown_language_changes_nothing(web: HubWeb) -> None:
    browser = web.browser()
    post(browser, "/language", language="../../etc")
    assert 'lang="id"' in browser.get("/sign-in").text


def test_a_crash_shows_an_id_and_nothing_else(web: HubWeb, capsys: pytest.CaptureFixture[str]) -> None:
    @public
    def crash() -> str:
        raise RuntimeError("3314990101900001")

    web.app.view_functions["accounts.sign_in_page"] = crash
    answer = web.browser().get("/sign-in")
    assert answer.status_code == 500
    assert "3314990101900001" not in answer.text + capsys.readouterr().out
    assert "Nomor kejadian" in answer.text


def test_a_lost_database_is_said_so(web: HubWeb) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    web.hub.database.dispose()
    (web.hub.directory / "hub.db").unlink()
    (web.hub.directory / "hub.db").mkdir()
    assert (browser.get("/cases").status_code, browser.get("/healthz").status_code) == (503, 503)


def test_health_tells_nothing_but_health(web: HubWeb) -> None:
    assert json.loads(web.browser().get("/healthz").data) == {"ok": True}


def test_a_view_without_access_stops_the_start(web: HubWeb) -> None:
    app = Flask("sample")
    app.add_url_rule("/open", view_func=lambda: "x", endpoint="open")
    with pytest.raises(UndeclaredRouteError, match="open"):
        seal_routes(app, web.app.extensions["csrf"])


def test_a_view_for_nobody_is_no_view() -> None:
    with pytest.raises(ValueError, match="nobody"):
        allow()


def test_templates_escape_whatever_their_name(web: HubWeb) -> None:
    environment: Environment = web.app.jinja_env
    with web.app.app_context():
        assert environment.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
        assert web.app.select_jinja_autoescape("slip.txt")
        assert web_context().settings.production is False


def test_the_key_of_form_tokens_is_made_once(web: HubWeb) -> None:
    again = load_secret(web.hub.directory / "keys", web.hub.randomness)
    assert web.app.config["SECRET_KEY"] == again
    assert (web.hub.directory / "keys" / "web.key").stat().st_mode & 0o077 == 0
