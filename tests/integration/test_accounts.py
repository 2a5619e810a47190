"""People, sign-in, sessions: on real databases and through the pages."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from hub.accounts.errors import AccountError, AccountRule
from hub.accounts.queries import list_people
from hub.accounts.rules import ABSOLUTE, FREE_FAILURES, FREE_NETWORK_FAILURES, IDLE, Role, token_hash
from hub.accounts.service import add_person, disable_person, set_password
from hub.accounts.tables import Person, WebSession
from hub.accounts.views import is_local_path
from tests.builders import PASSWORD, a_person
from tests.hubs import CATALOGUE
from tests.webs import HubWeb, make_web, post, token_of

WRONG = "Nama pengguna atau kata sandi salah."


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def add(web: HubWeb, **changes: object) -> str:
    with web.hub.database.session() as session:
        return add_person(session, web.hub.clock.now(), web.ids, CATALOGUE.offices, a_person(**changes))


def sign_in(browser: FlaskClient, username: str = "loket", password: str = PASSWORD, **more: str) -> TestResponse:
    return post(browser, "/sign-in", username=username, password=password, **more)


def cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie("simpul")
    return "" if found is None else found.value


def test_the_right_password_begins_a_session(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert browser.get("/cases").status_code == 200


def test_only_a_hash_of_the_token_is_stored(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    sign_in(browser)
    with web.hub.database.reading() as session:
        assert session.scalars(select(WebSession.token_hash)).one() == token_hash(cookie(browser))


def test_only_a_hash_of_the_password_is_stored(web: HubWeb) -> None:
    add(web)
    with web.hub.database.reading() as session:
        assert session.scalars(select(Person.password)).one().startswith("$argon2id$")


def test_a_planted_token_is_not_taken_over(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    browser.set_cookie("simpul", "planted")
    sign_in(browser)
    assert cookie(browser) != "planted"
    assert len(cookie(browser)) == 64


def test_the_form_token_changes_at_sign_in(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    before = token_of(browser)
    sign_in(browser)
    assert post(browser, "/sign-out").status_code == 302
    assert browser.post("/language", data={"csrf_token": before, "language": "en"}).status_code == 400


@pytest.mark.parametrize(
    ("username", "password"),
    [("loket", "salah-sekali-sekali"), ("siapa", PASSWORD), ("ditutup", PASSWORD), ("x" * 40, "salah-sekali")],
)
def test_every_failure_sounds_the_same(web: HubWeb, username: str, password: str) -> None:
    add(web)
    add(web, username="ditutup")
    with web.hub.database.session() as session:
        disable_person(session, "ditutup")
    answer = sign_in(web.browser(), username, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert password not in answer.text


def test_failures_slow_down_until_time_has_passed(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    assert [sign_in(browser, password="salah-sekali").status_code for _ in range(FREE_FAILURES)] == [
        401
    ] * FREE_FAILURES
    held = sign_in(browser)
    assert (held.status_code, held.headers["Retry-After"]) == (429, "1")
    web.hub.clock.move(1)
    assert sign_in(browser).status_code == 303


def test_an_unknown_account_is_held_in_the_same_way(web: HubWeb) -> None:
    browser = web.browser()
    codes = [sign_in(browser, "tidak-ada").status_code for _ in range(FREE_FAILURES + 1)]
    assert codes == [401] * FREE_FAILURES + [429]


def test_the_victim_can_still_sign_in_from_elsewhere(web: HubWeb) -> None:
    add(web)
    for _ in range(FREE_FAILURES + 3):
        sign_in(web.browser(), password="salah-sekali")
    victim = web.browser()
    token = token_of(victim)
    values = {"csrf_token": token, "username": "loket", "password": PASSWORD}
    assert victim.post("/sign-in", data=values, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 303


def test_behind_the_proxy_one_stranger_does_not_hold_up_everybody(web: HubWeb) -> None:
    add(web)
    stranger, clerk = {"X-Forwarded-For": "198.51.100.1"}, {"X-Forwarded-For": "192.0.2.9"}
    browser = web.browser()
    values = {"csrf_token": token_of(browser), "username": "loket", "password": PASSWORD}
    for number in range(FREE_NETWORK_FAILURES):
        browser.post("/sign-in", data=values | {"username": f"nama{number}"}, headers=stranger)
    assert browser.post("/sign-in", data=values, headers=stranger).status_code == 429
    assert browser.post("/sign-in", data=values, headers=clerk).status_code == 303


def test_signing_out_ends_the_session(web: HubWeb) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    token = cookie(browser)
    answer = post(browser, "/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    browser.set_cookie("simpul", token)
    assert browser.get("/cases").status_code == 302


def test_disabling_a_person_ends_all_sessions(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    sign_in(browser)
    with web.hub.database.session() as session:
        disable_person(session, "loket")
        assert session.scalar(select(func.count()).select_from(WebSession)) == 0
    assert browser.get("/cases").status_code == 302


def test_a_new_password_ends_all_sessions(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    sign_in(browser)
    with web.hub.database.session() as session:
        set_password(session, "loket", "kata-sandi-yang-baru")
    assert browser.get("/cases").status_code == 302
    assert sign_in(browser).status_code == 401
    assert sign_in(browser, password="kata-sandi-yang-baru").status_code == 303


def test_an_idle_session_ends(web: HubWeb) -> None:
    browser = web.browser(Role.FRONT_OFFICE)
    web.hub.clock.move((IDLE - timedelta(minutes=1)).total_seconds())
    assert browser.get("/cases").status_code == 200
    web.hub.clock.move((IDLE - timedelta(minutes=1)).total_seconds())
    assert browser.get("/cases").status_code == 200
    web.hub.clock.move(IDLE.total_seconds())
    assert browser.get("/cases").status_code == 302


def test_a_busy_session_ends_after_twelve_hours(web: HubWeb) -> None:
    browser, codes = web.browser(Role.FRONT_OFFICE), []
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        codes.append(browser.get("/cases").status_code)
        web.hub.clock.move(20 * 60)
    assert set(codes) == {200}
    assert browser.get("/cases").status_code == 302


def test_a_form_that_came_too_late_is_kept(web: HubWeb) -> None:
    add(web)
    case_id, browser = web.case("APOTEK"), web.browser(Role.FRONT_OFFICE)
    token = token_of(browser)
    web.hub.clock.move(IDLE.total_seconds())
    path, note = f"/cases/{case_id}/ask", "catatan yang panjang"
    late = browser.post(path, data={"csrf_token": token, "version": 1, "reason": "other", "note": note})
    assert late.status_code == 401
    assert f'name="kept:note" value="{note}"' in late.text
    kept = {"kept-path": path, "kept:version": "1", "kept:reason": "other", "kept:note": note}
    again = sign_in(browser, **kept)
    assert f'action="{path}"' in again.text
    assert web.load(case_id).state == "received"
    assert post(browser, path, version=1, stage="completeness", reason="other", note=note).status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/\t/x", "\\/x"]
)
def test_the_way_back_stays_here(web: HubWeb, target: str) -> None:
    add(web)
    assert not is_local_path(target)
    assert sign_in(web.browser(), next=target).headers["Location"] == "/"


def test_the_way_back_is_taken(web: HubWeb) -> None:
    add(web)
    browser = web.browser()
    asked = browser.get("/cases?view=all")
    assert asked.headers["Location"] == "/sign-in?next=/cases?view%3Dall"
    assert sign_in(browser, next="/cases?view=all").headers["Location"] == "/cases?view=all"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"username": "A B"}, AccountRule.USERNAME),
        ({"password": "pendek"}, AccountRule.PASSWORD_SHORT),
        ({"password": "x" * 201}, AccountRule.PASSWORD_LONG),
        ({"office": "agency.nowhere"}, AccountRule.OFFICE_UNKNOWN),
        ({"office": "agency.dinkes"}, AccountRule.OFFICE_KIND),
        ({"username": "ada"}, AccountRule.USERNAME_TAKEN),
    ],
)
def test_who_cannot_be_added(web: HubWeb, changes: dict[str, object], rule: AccountRule) -> None:
    add(web, username="ada")
    with pytest.raises(AccountError) as refused:
        add(web, **changes)
    assert refused.value.rule is rule


def test_nobody_is_disabled_by_mistake(web: HubWeb) -> None:
    with web.hub.database.session() as session, pytest.raises(AccountError):
        disable_person(session, "siapa")


def test_people_are_listed(web: HubWeb) -> None:
    add(web)
    with web.hub.database.reading() as session:
        line = list_people(session)[0]
    assert (line.username, line.role, line.office, line.active) == ("loket", Role.FRONT_OFFICE, "one-stop", True)
