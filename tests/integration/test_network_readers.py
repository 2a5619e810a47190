"""The wall of villages is for those whose task it is: not for the head of a village or of an agency."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.accounts.rules import Role
from tests.webs import HubWeb, make_web


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


@pytest.mark.parametrize(
    ("office", "status"),
    [("one-stop", 200), ("subdistrict.33.14.01", 200), ("agency.dinkes", 403), ("village.33.14.01.2001", 403)],
)
def test_of_the_heads_only_some_see_the_network(web: HubWeb, office: str, status: int) -> None:
    browser = web.browser_of(web.actor(Role.HEAD, office))
    assert browser.get("/network").status_code == status
    assert browser.get("/network/3314012001-01").status_code == (404 if status == 200 else 403)
    assert ("/network" in browser.get("/cases").text) is (status == 200)
