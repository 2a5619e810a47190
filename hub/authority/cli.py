"""``simpul-hub node``: enrol, list and revoke village nodes and their officers at the console of the hub.

Who decides is named with ``--by`` and must be a network administrator who may sign in; the rule of two persons holds
here as in the browser.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from hub.accounts.queries import list_people
from hub.accounts.rules import Role
from hub.authority import enrolment, labels, queries
from hub.authority.certification import Issuer, issue_approved
from hub.authority.errors import AuthorityError
from hub.authority.pki_files import PkiMissingError, load_pki
from hub.authority.revocation import renew_revocation_list
from hub.authority.rules import CodeState
from hub.catalogue.catalogue import Catalogue
from hub.ledger.service import newest_checkpoint, sign_head
from hub.registry.errors import RegistryError
from hub.registry.queries import officer_lines, waiting_officers
from hub.registry.service import Decision, approve_officer, revoke_node
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.hubkeys import load_log_key
from hub.storage.ports import SystemClock, SystemRandomness
from protocol.errors import SchemaError
from protocol.ids import NodeId, OfficerId, VillageCode, grouped

node_app = typer.Typer(help="Village nodes: enrol, list, revoke; officers: certify.", no_args_is_help=True)

CONSOLE = "console"
"""Who invites when nobody is named; never enough to approve."""

By = Annotated[str, typer.Option(help="User name of the network administrator who decides.")]


@dataclass(frozen=True, kw_only=True)
class _Console:
    settings: Settings
    database: Database
    randomness: SystemRandomness

    def now(self) -> datetime:
        return SystemClock(self.settings.demo_clock).now()

    def person(self, username: str) -> str:
        """Return the id of an administrator, or leave."""
        with self.database.reading() as session:
            people = {line.username: line for line in list_people(session) if line.active}
        line = people.get(username)
        if line is None or line.role is not Role.NETWORK_ADMIN:
            _leave(f"{username} is no active network administrator")
        return line.person_id

    def issue(self) -> None:
        """Make what waits for the hub's keys, after signing the first checkpoint if there is none yet."""
        now = self.now()
        with self.database.session() as session:
            if newest_checkpoint(session) is None:
                sign_head(session, now, load_log_key(self.settings.keys_dir), self.settings.origin)
        issuer = Issuer.load(self.settings, Catalogue.load(), self.randomness)
        issue_approved(self.database, now, issuer)


@node_app.command()
def invite(
    village: Annotated[str, typer.Option(help="Official code: 33.14.05.2003.")],
    by: By = CONSOLE,
) -> None:
    """Make a one-time code for a village; it is printed once and not stored."""
    console = _console()
    person = CONSOLE if by == CONSOLE else console.person(by)
    regions = Catalogue.load().regions
    with _refusals(), console.database.session() as session:
        code = enrolment.invite(
            session, console.now(), console.randomness, VillageCode(village), person, regions=regions
        )
    typer.echo(grouped(code))


@node_app.command()
def pending() -> None:
    """List requests that wait for a second person: code id, village, fingerprint, officers."""
    with _console().database.reading() as session:
        lines = [line for line in queries.enrolments(session) if line.state is CodeState.REQUESTED]
    for line in lines:
        typer.echo(f"{line.code_id.hex()}\t{line.village}\t{line.fingerprint}\t{', '.join(line.officers)}")


@node_app.command()
def approve(
    code_id: Annotated[str, typer.Argument(help="As `pending` lists it.")],
    by: By,
) -> None:
    """Let a requesting node in, after comparing the fingerprint with the one on its screen."""
    console = _console()
    person = console.person(by)
    with _refusals(), console.database.session() as session:
        node = enrolment.approve(
            session,
            console.now(),
            code_id=bytes.fromhex(code_id),
            approved_by=person,
            randomness=console.randomness,
        )
    console.issue()
    typer.echo(node)


@node_app.command()
def refuse(code_id: Annotated[str, typer.Argument(help="As `pending` lists it.")]) -> None:
    """Turn a request down; its code is worth nothing from now on."""
    with _refusals(), _console().database.session() as session:
        enrolment.refuse(session, bytes.fromhex(code_id))
    typer.echo("refused")


@node_app.command()
def revoke(
    node: Annotated[str, typer.Argument(help="Name of the node: 3314052003-01.")],
    by: By,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(labels.REVOCATION_REASONS)}.")] = "lost",
) -> None:
    """Take a node out of service for ever: a stolen or replaced PC."""
    if reason not in labels.REVOCATION_REASONS:
        _leave("no such reason")
    console = _console()
    decision = Decision(now=console.now(), by=console.person(by), randomness=console.randomness, reason=reason)
    with _refusals(), console.database.session() as session:
        revoke_node(session, NodeId(node), decision)
    try:
        renew_revocation_list(console.database, load_pki(console.settings.pki_dir), console.now())
    except (PkiMissingError, OSError) as error:
        _leave(f"revoked, but the revocation list was not written: {type(error).__name__}")
    typer.echo(f"{node} is revoked")


@node_app.command()
def officers(
    node: Annotated[str, typer.Argument(help="Name of the node; without it, officers of all nodes who wait.")] = "",
) -> None:
    """List officers: id, node, status, fingerprint, name."""
    with _refusals(), _console().database.reading() as session:
        lines = officer_lines(session, NodeId(node)) if node else waiting_officers(session)
    for line in lines:
        typer.echo(f"{line.officer_id}\t{line.node_id}\t{line.status}\t{line.fingerprint}\t{line.name}")


@node_app.command()
def certify(
    officer: Annotated[str, typer.Argument(help="As `officers` lists it.")],
    by: By,
) -> None:
    """Certify an officer's key, after comparing its fingerprint."""
    console = _console()
    person = console.person(by)
    with _refusals(), console.database.session() as session:
        approve_officer(session, OfficerId(officer), person)
    console.issue()
    typer.echo(f"{officer} is certified")


def _console() -> _Console:
    settings = Settings.load()
    return _Console(settings=settings, database=Database(settings.url), randomness=SystemRandomness())


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what a rule forbids into one line and exit code 1."""
    try:
        yield
    except (AuthorityError, RegistryError) as error:
        _leave(f"refused: {error.rule.value}")
    except (SchemaError, ValueError):
        _leave("refused: not a code, name or id of the form that is asked for")


def _leave(reason: str) -> NoReturn:
    typer.echo(f"simpul-hub: {reason}", err=True)
    raise typer.Exit(1)
