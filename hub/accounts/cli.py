"""``simpul-hub people``: the people who may sign in.

Passwords come from a prompt or from standard input, never from an argument: arguments are seen by everybody on the
machine and stay in the shell's history.
"""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from hub.accounts.errors import AccountError
from hub.accounts.queries import list_people
from hub.accounts.rules import Role
from hub.accounts.service import NewPerson, add_person, disable_person, set_nik, set_password
from hub.accounts.trace import note_person
from hub.catalogue.catalogue import Catalogue
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.keyring import Keyring
from hub.storage.ports import SystemClock, SystemIds, SystemRandomness

COLUMNS = ("username", "name", "role", "office")
MAX_PEOPLE = 5_000
"""More than the offices of a regency have."""

people_app = typer.Typer(help="People who sign in to the hub.", no_args_is_help=True)


@people_app.command()
def add(
    username: Annotated[str, typer.Argument(help="3 to 40 of a-z, 0-9, dot, hyphen, underscore.")],
    role: Annotated[Role, typer.Option(help="What the person does.")],
    office: Annotated[str, typer.Option(help="Code of the office, as in offices.yaml or subdistrict.33.14.01.")],
    name: Annotated[str, typer.Option(help="Name as colleagues know it.")] = "",
    *,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Add a person."""
    password = _read_password(from_stdin=password_stdin)
    clock = SystemClock(Settings.load().demo_clock)
    person = NewPerson(username=username, name=name or username, password=password, role=role, office=office)
    try:
        with _database().session() as session:
            ids = SystemIds(clock, SystemRandomness())
            add_person(session, clock.now(), ids, Catalogue.load().offices, person)
            note_person(session, clock.now(), "added", username, SystemRandomness())
    except AccountError as error:
        typer.echo(f"simpul-hub: not added: {error.rule}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{username} may sign in as {role} of {office}")


@people_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with the columns username, name, role, office.")],
    *,
    password_stdin: Annotated[bool, typer.Option(help="Read everybody's first password from standard input.")] = False,
) -> None:
    """Add the people of a list, each for itself: what is refused is named, the others may sign in.

    A column ``nik`` may be there: its keyed mark is kept, the number is not. Delete the file afterwards.
    """
    password, settings = _read_password(from_stdin=password_stdin), Settings.load()
    clock, database, offices = SystemClock(settings.demo_clock), _database(), Catalogue.load().offices
    ids, refused = SystemIds(clock, SystemRandomness()), 0
    for number, line in enumerate(_read_list(file), 2):
        try:
            role = Role(line["role"])
            person = NewPerson(
                username=line["username"], name=line["name"], password=password, role=role, office=line["office"]
            )
            with database.session() as session:
                add_person(session, clock.now(), ids, offices, person)
                note_person(session, clock.now(), "added", person.username, SystemRandomness())
                if line["nik"]:
                    set_nik(session, Keyring.open(settings.keys_dir), person.username, line["nik"])
                    note_person(session, clock.now(), "nik_set", person.username, SystemRandomness())
        except (AccountError, ValueError) as error:
            refused += 1
            typer.echo(f"line {number}: not added: {getattr(error, 'rule', 'role')}", err=True)
    if refused:
        raise typer.Exit(1)


@people_app.command("list")
def list_all() -> None:
    """List everybody: user name, role, office, whether active."""
    with _database().reading() as session:
        for line in list_people(session):
            typer.echo(f"{line.username}\t{line.role}\t{line.office}\t{'active' if line.active else 'disabled'}")


@people_app.command()
def password(
    username: Annotated[str, typer.Argument(help="User name.")],
    *,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Give a person a new password and end all sessions at once."""
    fresh = _read_password(from_stdin=password_stdin)
    try:
        with _database().session() as session:
            set_password(session, username, fresh)
            _note(session, "password_set", username)
    except AccountError as error:
        typer.echo(f"simpul-hub: not changed: {error.rule}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{username} has a new password; all sessions ended")


@people_app.command()
def nik(username: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Read a person's NIK from standard input and keep its keyed mark: nobody works on their own case."""
    settings = Settings.load()
    try:
        with Database(settings.url).session() as session:
            set_nik(session, Keyring.open(settings.keys_dir), username, sys.stdin.readline().strip())
            _note(session, "nik_set", username)
    except AccountError as error:
        typer.echo(f"simpul-hub: not kept: {error.rule}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{username}: the mark of the NIK is kept, the number is not")


@people_app.command()
def disable(username: Annotated[str, typer.Argument(help="User name.")]) -> None:
    """Disable a person and end all sessions at once."""
    try:
        with _database().session() as session:
            disable_person(session, username)
            _note(session, "disabled", username)
    except AccountError as error:
        typer.echo(f"simpul-hub: not disabled: {error.rule}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{username} is disabled; all sessions ended")


def _read_list(file: Path) -> list[dict[str, str]]:
    """Return the lines of a list.

    Raises:
        BadParameter: it cannot be read, lacks a column or is too long.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"{file.name}: cannot be read as UTF-8") from None
    reader = csv.DictReader(text.splitlines())
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise typer.BadParameter(f"{file.name}: wanted are the columns {', '.join(COLUMNS)}")
    lines = [{name: (line.get(name) or "").strip() for name in (*COLUMNS, "nik")} for line in reader]
    if len(lines) > MAX_PEOPLE:
        raise typer.BadParameter(f"{file.name}: more than {MAX_PEOPLE} people")
    return lines


def _read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _note(session: Session, what: str, username: str) -> None:
    now = SystemClock(Settings.load().demo_clock).now()
    note_person(session, now, what, username, SystemRandomness())


def _database() -> Database:
    return Database(Settings.load().url)
