"""``simpul-hub people`` on a real database."""

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from hub.accounts.cli import people_app
from hub.accounts.tables import AccountOpening, Person
from hub.accounts.trace import AccountSubject
from hub.ledger.tables import LedgerEntry
from hub.storage.engine import Database
from hub.storage.keyring import Keyring
from protocol.wire import from_bytes
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


def bring(folder: Path, text: str) -> Result:
    (folder / "people.csv").write_text(text, encoding="utf-8")
    return run("import", str(folder / "people.csv"), "--password-stdin", typed=f"{PASSWORD}\n")


def test_a_list_is_imported_and_what_is_refused_is_named(tmp_path: Path) -> None:
    header = "username,name,role,office\n"
    done = bring(tmp_path, f"{header}loket,Ana,front_office,one-stop\nx,B,front_office,one-stop\ny.y,C,king,one-stop\n")
    assert done.exit_code == 1
    assert ("line 3" in done.output, "line 4" in done.output) == (True, True)
    assert run("list").output == "loket\tfront_office\tone-stop\tactive\n"


def test_a_list_may_bring_niks_and_keeps_their_marks_alone(tmp_path: Path) -> None:
    Keyring.open(tmp_path / "keys", create=True)
    header = "username,name,role,office,nik\n"
    done = bring(
        tmp_path,
        f"{header}loket,Ana,front_office,one-stop,3314990101900001\nkedua,Budi,front_office,one-stop,331499\n",
    )
    assert (done.exit_code, "line 3" in done.output) == (1, True)
    assert run("list").output == "loket\tfront_office\tone-stop\tactive\n"
    with Database(f"sqlite:///{tmp_path / 'hub.db'}").reading() as session:
        assert [len(mark or b"") for mark in session.scalars(select(Person.nik_index))] == [32]


def test_a_list_twice_changes_nothing(tmp_path: Path) -> None:
    text = "username,name,role,office\nloket,Ana,front_office,one-stop\n"
    assert (bring(tmp_path, text).exit_code, bring(tmp_path, text).exit_code) == (0, 1)
    assert run("list").output.count("loket") == 1


@pytest.mark.parametrize("text", ["", "name,role\nAna,front_office\n", "username;name;role;office\n"])
def test_a_file_that_is_no_list(tmp_path: Path, text: str) -> None:
    assert bring(tmp_path, text).exit_code != 0


def test_every_change_of_an_account_is_in_the_ledger(tmp_path: Path) -> None:
    """Without it a second person could be made, used and disabled at the command line."""
    add("loket")
    bring(tmp_path, "username,name,role,office\nkepala,Kepala,head,one-stop\n")
    run("password", "loket", "--password-stdin", typed="kata-sandi-yang-baru\n")
    run("disable", "loket")
    run("disable", "siapa")
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    openings = select(AccountOpening.subject).order_by(AccountOpening.ledger_index)
    with database.reading() as session:
        entries = session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.index)).all()
        hidden = [
            from_bytes(raw, AccountSubject, max_bytes=1_000)
            for raw in session.scalars(openings.order_by(AccountOpening.ledger_index))
        ]
    database.dispose()
    assert list(entries) == ["people.added", "people.added", "people.password_set", "people.disabled"]
    assert [each.role for each in hidden] == ["front_office", "head", "front_office", "front_office"]
