"""``simpul-hub ca``: what the authority consists of, what ends when, and the steps that need the root's key.

Each step may be tried again after a power cut. None of them touches a node: nodes are told over the link.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hub.authority.authority_files import RollOverOpenError, RootAwayError, RootWrongError
from hub.authority.expiry import expiries
from hub.authority.pki_check import CertificateRefusedError
from hub.authority.pki_files import PkiFiles, PkiMissingError, load_pki, open_pki
from hub.authority.queries import nodes_behind
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.ports import SystemClock, SystemRandomness

ca_app = typer.Typer(help="The certificate authority: show, renew, roll over.", no_args_is_help=True)

RootKey = Annotated[Path | None, typer.Option(help="The root's key, if it was taken away: a file on a stick.")]


@ca_app.command()
def show() -> None:
    """List everything that expires: what, whose, when, days left; what ends first stands first."""
    settings, files, now = _open()
    with Database(settings.url).reading() as session:
        for each in expiries(session, files, now):
            typer.echo(f"{each.what.value}\t{each.who or '-'}\t{each.expires_at:%Y-%m-%d %H:%M}\t{each.days}")


@ca_app.command("take-root-away")
def take_root_away(to: Annotated[Path, typer.Argument(help="A folder on a stick or another safe place.")]) -> None:
    """Move the root's key to another place; daily work does not need it."""
    _, files, _ = _open()
    with _refusals():
        typer.echo(files.keys.take_root_away(to))


@ca_app.command("new-issuer")
def new_issuer(root_key: RootKey = None) -> None:
    """Make a new issuing key under the same root; nodes notice nothing."""
    settings, files, now = _open()
    with _refusals():
        files.keys.renew_issuer(files.keys.root(root_key), settings.hub, now=now, entropy=SystemRandomness().token)
    _renew_own(settings, files, now)


@ca_app.command("roll-over")
def roll_over(root_key: RootKey = None) -> None:
    """Make a new root beside the old one: both are believed until ``retire``. Nodes are told over the link."""
    settings, files, now = _open()
    with _refusals():
        files.keys.roll_over(files.keys.root(root_key), settings.hub, now=now, entropy=SystemRandomness().token)
    _renew_own(settings, files, now)


@ca_app.command()
def retire(
    force: Annotated[bool, typer.Option("--force", help="Leave behind the nodes that have not been told yet.")] = False,  # noqa: FBT002  # typer's way
) -> None:
    """Believe the newest root alone, once every node in service has a certificate under it."""
    settings, files, _ = _open()
    with _refusals():
        with Database(settings.url).reading() as session:
            behind = nodes_behind(session, files.authority.trust_digest)
        if behind and not force:
            _leave(f"{len(behind)} nodes have not taken up the new root: {', '.join(map(str, behind[:10]))}")
        typer.echo(f"{files.keys.retire_old_roots()} roots retired; restart the broker")


def _renew_own(settings: Settings, files: PkiFiles, now: datetime) -> None:
    """Renew the certificates of broker and programs under the new key."""
    hosts = (settings.broker_host, settings.broker_public_host, "127.0.0.1", "localhost")
    open_pki(
        files.directory,
        settings.hub,
        now=now,
        entropy=SystemRandomness().token,
        broker_hosts=tuple(dict.fromkeys(hosts)),
    )
    typer.echo("done; restart the broker, then intake and worker")


def _open() -> tuple[Settings, PkiFiles, datetime]:
    settings = Settings.load()
    try:
        files = load_pki(settings.pki_dir)
    except PkiMissingError:
        _leave("there is no authority; `simpul-hub init` makes one")
    return settings, files, SystemClock(settings.demo_clock).now()


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what cannot be done into one line and exit code 1."""
    try:
        yield
    except RootAwayError as error:
        _leave(f"the root's key is not at {error}; name it with --root-key")
    except RootWrongError as error:
        _leave(f"{error} is not the root's key")
    except RollOverOpenError:
        _leave("two roots are believed already: finish that roll-over with `simpul-hub ca retire`")
    except CertificateRefusedError as error:
        _leave(f"the authority's files cannot be used: {error.reason.value}")
    except OSError as error:
        _leave(f"not written: {error.strerror}")


def _leave(reason: str) -> NoReturn:
    typer.echo(f"simpul-hub: {reason}", err=True)
    raise typer.Exit(1)
