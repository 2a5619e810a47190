"""``simpul-hub ledger``: check the log, show its newest checkpoint, write it to a folder for any web server."""

from pathlib import Path
from typing import Annotated

import typer

from hub.ledger.auditor import verify as run_audit
from hub.ledger.cosigning import WitnessState, witness_rows
from hub.ledger.errors import LedgerCorruptError
from hub.ledger.findings import AuditReport
from hub.ledger.layout import export as write_layout
from hub.ledger.openings import stored_openings
from hub.ledger.service import newest_checkpoint
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from hub.storage.hubkeys import load_log_key
from hub.storage.metadata import load_metadata
from protocol.checkpoint import Checkpoint, LogKey, verify_checkpoint
from protocol.errors import ProtocolError

ledger_app = typer.Typer(
    help="Check, show and publish the log of everything that the hub decided.", no_args_is_help=True
)

EXIT_UNSOUND = 1
EXIT_NOTHING = 3


@ledger_app.command()
def verify(
    key: Annotated[str, typer.Option(help="Verifier key of the log; default: the hub's own.")] = "",
    remembered: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="File with a checkpoint kept elsewhere: from a node, a witness, a notice."),
    ] = None,
) -> None:
    """Derive the whole log again from raw rows. Exit code 1: something does not fit; each kind with its first place."""
    settings = Settings.load()
    log = _log_key(settings, key)
    known = [_read_checkpoint(path, log) for path in remembered or ()]
    with Database(settings.url).reading() as session:
        report = run_audit(session, log, stored_openings(session, load_metadata()), known)
    _show(report)
    if not report.is_sound:
        raise typer.Exit(EXIT_UNSOUND)


@ledger_app.command()
def checkpoint() -> None:
    """Print the newest signed tree head."""
    with Database(Settings.load().url).reading() as session:
        found = newest_checkpoint(session)
    if found is None:
        typer.echo("nothing was signed yet", err=True)
        raise typer.Exit(EXIT_NOTHING)
    typer.echo(found.text, nl=False)


@ledger_app.command()
def key() -> None:
    """Print the public key of the log in the form of signed notes: what a witness trusts and a verifier checks with."""
    typer.echo(_log_key(Settings.load(), "").verifier)


@ledger_app.command()
def witnesses() -> None:
    """Say how it stands with the outside witnesses. Exit code 1: one of them refuses what the hub signed."""
    with Database(Settings.load().url).reading() as session:
        rows = witness_rows(session)
    for row in rows:
        typer.echo(f"{row.state:10} {row.size:>10}  since {row.since:%Y-%m-%d %H:%M} UTC  {row.name}")
    if any(row.state is WitnessState.REFUSED for row in rows):
        raise typer.Exit(EXIT_UNSOUND)


@ledger_app.command()
def export(directory: Annotated[Path, typer.Argument(help="Folder; what is there already is kept.")]) -> None:
    """Write the log in its public, static form (C2SP tlog-tiles)."""
    with Database(Settings.load().url).reading() as session:
        try:
            size = write_layout(session, directory)
        except LedgerCorruptError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(EXIT_UNSOUND) from error
    typer.echo(f"{size} entries in {directory}")


def _log_key(settings: Settings, verifier: str) -> LogKey:
    if not verifier:
        return LogKey(name=settings.origin, public_key=load_log_key(settings.keys_dir).public_key())
    try:
        return LogKey.parse(verifier)
    except ProtocolError as error:
        raise typer.BadParameter("not a verifier key (name+hash+base64)") from error


def _read_checkpoint(path: Path, log: LogKey) -> Checkpoint:
    try:
        return verify_checkpoint(path.read_text(encoding="utf-8"), log)
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path.name}: cannot be read") from error
    except ProtocolError as error:
        raise typer.BadParameter(f"{path.name}: not signed by this log ({error.code})") from error


def _show(report: AuditReport) -> None:
    typer.echo(f"entries      {report.size}")
    typer.echo(f"root         {report.root.hex()}")
    typer.echo(f"checkpoints  {report.checkpoints}")
    typer.echo(f"openings     {report.openings}")
    typer.echo(f"receipts     {report.receipts}")
    for finding in report.findings:
        typer.echo(f"NOT SOUND    {finding.kind} first at {finding.index} ({finding.count} in all)")
    if report.is_sound:
        typer.echo("sound: everything fits")
