"""Role by route, from the map of routes: whoever adds a route is under test at once.

Stranger, each role that may and each role that may not; and for every route that names a case: a case of somebody
else's looks like one that does not exist (fault F04).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from hub.accounts.access import Access, access_of
from hub.accounts.rules import Role
from hub.web.security import STATIC_ENDPOINTS
from tests.webs import HubWeb, make_web, post

NOWHERE = "01ZZZZZZZZZZZZZZZZZZZZZZZZ"
VALUES: dict[str, Any] = {
    "case_id": NOWHERE,
    "position": 0,
    "ledger_index": 0,
    "node": "3314012001-01",
    "officer": "o-0123456789ABCDEF",
    "code_id": "0" * 32,
    "level": 0,
    "place": "000",
}
VARYING = re.compile(r'value="[^"]*"')


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("routes")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    yield made
    made.hub.database.dispose()


@pytest.fixture(scope="module")
def browsers(web: HubWeb) -> dict[Role, FlaskClient]:
    return {role: web.browser(role) for role in Role}


def routes(web: HubWeb) -> Iterator[tuple[Rule, str, Access]]:
    """Yield every route with each of its methods and what its view declares."""
    for rule in web.app.url_map.iter_rules():
        if rule.endpoint not in STATIC_ENDPOINTS:
            access = access_of(web.app.view_functions[rule.endpoint])
            assert access is not None, rule.endpoint
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, access


def address(web: HubWeb, rule: Rule, **values: object) -> str:
    """Return an address of this route; a new kind of place needs a sample in VALUES."""
    places: dict[str, Any] = {name: values.get(name, VALUES[name]) for name in rule.arguments}
    with web.app.test_request_context():
        return web.app.url_for(rule.endpoint, **places)


def send(browser: FlaskClient, method: str, path: str) -> TestResponse:
    return post(browser, path) if method == "POST" else browser.get(path)


def test_there_are_routes(web: HubWeb) -> None:
    assert len(list(routes(web))) > 15


def test_strangers_are_sent_to_the_door(web: HubWeb) -> None:
    browser = web.browser()
    for rule, method, access in routes(web):
        answer = send(browser, method, address(web, rule))
        is_shut = answer.status_code == 401 or "/sign-in" in answer.headers.get("Location", "")
        if rule.endpoint != "accounts.sign_in_now":  # its own 401 means a wrong password
            assert is_shut is not access.is_public, (rule.endpoint, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_is_declared(web: HubWeb, role: Role) -> None:
    for rule, method, access in routes(web):
        if access.is_public:
            continue
        answer = send(web.browser(role), method, address(web, rule))
        assert (answer.status_code == 403) is (role not in access.roles), (rule.endpoint, answer.status_code)


def test_changes_are_never_made_by_reading(web: HubWeb) -> None:
    verbs = ("complete", "return", "custody", "reveal", "revoke", "invite", "decision", "sign-out")
    for rule, method, _ in routes(web):
        assert not (method == "GET" and rule.rule.rpartition("/")[2] in verbs), rule.rule


def test_a_foreign_case_looks_like_none(web: HubWeb, browsers: dict[Role, FlaskClient]) -> None:
    foreign = web.case("KK")  # at the civil registry
    for rule, method, access in routes(web):
        if "case_id" not in rule.arguments:
            continue
        for role in sorted(access.roles - {Role.INSPECTORATE}):
            theirs = send(browsers[role], method, address(web, rule, case_id=foreign))
            nobodys = send(browsers[role], method, address(web, rule))
            assert (theirs.status_code, nobodys.status_code) == (404, 404), (rule.endpoint, role)
            assert VARYING.sub("", theirs.text) == VARYING.sub("", nobodys.text), (rule.endpoint, role)


def test_a_foreign_case_stays_as_it_was(web: HubWeb, browsers: dict[Role, FlaskClient]) -> None:
    foreign = web.case("KK")
    for rule, method, access in routes(web):
        if "case_id" in rule.arguments and method == "POST":
            for role in access.roles:
                post(browsers[role], address(web, rule, case_id=foreign), version=1, reason="other", note="x" * 20)
    assert (web.load(foreign).state, web.load(foreign).version_id) == ("received", 1)
