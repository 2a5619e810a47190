"""Hostile values in every form and address of the hub's web program: an answer, never a crash."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from werkzeug.routing import Rule

import hub
from hub.accounts.rules import Role
from tests.webs import HubWeb, make_web, token_of

VALUES = (
    "", "\x00", "\u202e", "'\"><script>alert(1)</script>", "9" * 400, "-1", "1e400", "NaN", "../../etc/passwd",
    "%00", "3314990101900001", "x" * 20_000, "\ufffe", "2026-13-45", "{{7*7}}", "=1+1",
    "\r\nSet-Cookie: a=b", "\U0010ffff",
)  # fmt: skip
_NAME = re.compile(r'name="([a-z_]{2,40})"')
ROUNDS = 3
CRASH = 500


@pytest.fixture
def web(tmp_path: Path) -> Iterator[HubWeb]:
    made = make_web(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    yield made
    made.hub.database.dispose()


def _field_names() -> list[str]:
    pages = sorted(Path(hub.__file__).parent.rglob("*.html"))
    return sorted({name for page in pages for name in _NAME.findall(page.read_text(encoding="utf-8"))})


def _values(chance: Random, names: list[str], count: int) -> dict[str, str]:
    """Fill in some fields; in most forms without what is refused before anybody looks at the fields."""
    refused_at_once = {"\x00", "\ufffe", "\r\nSet-Cookie: a=b"}
    values = VALUES if chance.random() < 0.2 else [each for each in VALUES if each not in refused_at_once]
    return {name: chance.choice(values) for name in chance.sample(names, count)}


def _address(rule: Rule, chance: Random) -> str:
    parts = re.sub(r"<[^>]+>", lambda _: chance.choice(("x", "0", "9" * 30, "%00", "%ff", "..")), rule.rule)
    return parts or "/"


def _rules(web: HubWeb, method: str) -> list[Rule]:
    found = [
        rule for rule in web.app.url_map.iter_rules() if method in (rule.methods or ()) and rule.endpoint != "static"
    ]
    return sorted(found, key=lambda rule: rule.rule)


def test_a_hostile_form_is_answered(web: HubWeb) -> None:
    chance, names = Random(13), _field_names()
    assert len(names) > 30
    for browser in (web.browser(), web.browser(Role.FRONT_OFFICE), web.browser(Role.NETWORK_ADMIN)):
        token = token_of(browser)
        for rule in _rules(web, "POST"):
            for _ in range(ROUNDS):
                form = _values(chance, names, 20)
                answer = browser.post(_address(rule, chance), data=form | {"csrf_token": token})
                assert answer.status_code != CRASH, f"{rule.rule}: {form}"


def test_a_hostile_question_is_answered(web: HubWeb) -> None:
    chance, names = Random(17), _field_names()
    browser = web.browser(Role.NETWORK_ADMIN)
    for rule in _rules(web, "GET"):
        for _ in range(ROUNDS):
            query = _values(chance, names, 8)
            answer = browser.get(_address(rule, chance), query_string=query)
            assert answer.status_code != CRASH, f"{rule.rule}: {query}"
