"""``simpul-hub people`` on a real database."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.accounts.cli import people_app
from hub.storage.engine import Database
from tests.builders import PASSWORD


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPUL_HUB_DATA_DIR", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    database.dispose()


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(people_app, list(arguments), input=typed)


def add(username: str, office: str = "one-stop", password: str = PASSWORD) -> Result:
    options = ("--role", "front_office", "--office", office, "--password-stdin")
    return run("add", username, *options, typed=f"{password}\n")


def test_a_person_is_added_listed_and_disabled() -> None:
    assert add("loket").exit_code == 0
    assert run("list").output == "loket\tfront_office\tone-stop\tactive\n"
    assert run("disable", "loket").exit_code == 0
    assert run("list").output.endswith("disabled\n")


def test_the_password_is_asked_twice() -> None:
    asked = run("add", "siti", "--role", "inspectorate", "--office", "inspectorate", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert asked.exit_code == 0
    assert PASSWORD not in asked.output


def test_a_password_is_changed() -> None:
    add("loket")
    assert run("password", "loket", "--password-stdin", typed="kata-sandi-yang-baru\n").exit_code == 0
    assert run("password", "loket", "--password-stdin", typed="pendek\n").exit_code == 1
    assert run("password", "siapa", "--password-stdin", typed="kata-sandi-yang-baru\n").exit_code == 1


@pytest.mark.parametrize(
    ("username", "office", "password", "rule"),
    [
        ("loket", "agency.dinkes", PASSWORD, "office_kind"),
        ("loket", "nowhere", PASSWORD, "office_unknown"),
        ("loket", "one-stop", "pendek", "password_short"),
        ("L", "one-stop", PASSWORD, "username"),
    ],
)
def test_a_refusal_names_the_rule(username: str, office: str, password: str, rule: str) -> None:
    refused = add(username, office, password)
    assert (refused.exit_code, rule in refused.output) == (1, True)


def test_nobody_cannot_be_disabled() -> None:
    assert run("disable", "siapa").exit_code == 1
