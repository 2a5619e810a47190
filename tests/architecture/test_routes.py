"""Role by route, from the map of routes: whoever adds a route is under test at once (faults F04, F07).

Objects of others: ``tests/integration/test_idor_matrix.py``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.accounts.rules import Role
from tests.route_map import OBJECTS, address, routes, send
from tests.webs import HubWeb, make_web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWeb]:
    directory: Path = tmp_path_factory.mktemp("routes")
    made = make_web(directory, f"sqlite:///{directory / 'hub.db'}")
    yield made
    made.hub.database.dispose()


def test_every_route_says_which_object_it_names(web: HubWeb) -> None:
    named = {rule.endpoint: bool(rule.arguments - {"form"}) for rule, _, _ in routes(web.app)}
    assert {endpoint: bool(kind) for endpoint, kind in OBJECTS.items()} == named


def test_strangers_are_sent_to_the_door(web: HubWeb) -> None:
    browser = web.browser()
    for rule, method, access in routes(web.app):
        answer = send(browser, method, address(web.app, rule))
        is_shut = answer.status_code == 401 or "/sign-in" in answer.headers.get("Location", "")
        if rule.endpoint != "accounts.sign_in_now":  # its own 401 means a wrong password
            assert is_shut is not access.is_public, (rule.endpoint, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_what_is_declared(web: HubWeb, role: Role) -> None:
    for rule, method, access in routes(web.app):
        if access.is_public:
            continue
        answer = send(web.browser(role), method, address(web.app, rule))
        assert (answer.status_code == 403) is (role not in access.roles), (rule.endpoint, answer.status_code)


VERBS = ("take", "complete", "ask", "opinion", "finish", "decide", "confirm", "answer", "reveal", "revoke", "withdraw")


def test_changes_are_never_made_by_reading(web: HubWeb) -> None:
    for rule, method, _ in routes(web.app):
        assert not (method == "GET" and rule.rule.rpartition("/")[2] in VERBS), rule.rule
