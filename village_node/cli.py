"""The command ``simpul-node``. Each command opens the data folder, does one thing and says what it did."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from village_node import PROGRAM
from village_node.app import EX_CONFIG, OpenNode, open_node, read_parcels
from village_node.app import run as run_node
from village_node.drafts.folder import DraftFolder
from village_node.health.selftest import Result, cause_of, self_test
from village_node.health.support import support_file
from village_node.identity import enrolment
from village_node.identity.errors import (
    EnrolmentPendingError,
    EnrolmentRefusedError,
    HubUnreachableError,
    PinFormError,
)
from village_node.identity.hub import Enrolled, find_enrolled, load_enrolled, newest_checkpoint
from village_node.identity.officers import create_officer, list_officers
from village_node.identity.web import UrlHubWeb
from village_node.logs import set_up_logs
from village_node.outbox.progress import known_bundles
from village_node.outbox.queries import all_receipts, home, list_flags
from village_node.outbox.selfcheck import find_faults
from village_node.settings import Settings, SettingsError
from village_node.store.disk import write_durably
from village_node.store.errors import DomainError
from village_node.sync.parcel import ParcelSource, mark_carried, write_parcel

POLL_FIRST_S, POLL_LONGEST_S = 2.0, 30.0

cli = typer.Typer(name="simpul-node", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
officers = typer.Typer(no_args_is_help=True, help="People who work on this PC.")
cli.add_typer(officers, name="officer")
parcels = typer.Typer(no_args_is_help=True, help="Files for a stick, for a village without a link.")
cli.add_typer(parcels, name="parcel")

PinFile = Annotated[Path | None, typer.Option(help="File with the PIN in its first line; without it you are asked.")]


@cli.command()
def run() -> None:
    """Serve the officer's pages and keep in touch with the hub, until stopped."""
    settings = _settings()
    if os.name == "posix":  # the program that stays does not carry what commands and migrations need (18 MB)
        with _plain_errors(), _opened(settings):
            pass
        os.execv(sys.executable, [sys.executable, "-m", "village_node.program"])  # noqa: S606  # ourselves, no shell
    set_up_logs(settings.log_level)
    with _plain_errors():
        code = run_node(settings)
    raise typer.Exit(code)


@cli.command()
def enrol(
    code: Annotated[str, typer.Option(help="One-time code from the hub, 16 letters.")],
    officer: Annotated[str, typer.Option(help="Name of the first officer.")],
    hub: Annotated[str, typer.Option(help="Web address of the hub; default: the setting hub_url.")] = "",
    pin_file: PinFile = None,
    wait_s: Annotated[int, typer.Option(help="How long to wait for the approval, in seconds.")] = 86_400,
) -> None:
    """Make this PC a node of a hub: keys, first officer, request, wait for the second person's approval."""
    settings = _settings(hub_url=hub)
    with _plain_errors(), _opened(settings) as node:
        if not settings.hub_url:
            raise EnrolmentRefusedError("no web address of the hub given")
        _add_first_officer(node, officer, pin_file)
        web = UrlHubWeb(settings.hub_url)
        with node.context.database.reading() as session:
            asked = enrolment.ask(session, web, node.keys, code, PROGRAM)
        typer.echo(f"Sidik jari / fingerprint: {asked.fingerprint}")
        checked = _poll(web, node, asked, wait_s)
        with node.context.database.session() as session:
            enrolment.store_answer(session, node.context.clock.now(), checked, hub_url=settings.hub_url)
        node.keys.write_certificates(checked.answer.certificate, checked.answer.authority)
        typer.echo(f"{checked.answer.node}")


@cli.command()
def status() -> None:
    """Say where this node stands: name, link, what waits, what went wrong."""
    with _plain_errors(), _opened(_settings()) as node, node.context.database.reading() as session:
        enrolled = find_enrolled(session)
        figures, seen = home(session), newest_checkpoint(session)
        lines = {
            "node": enrolled.node if enrolled else "-",
            "link": f"{figures.link} {figures.reason}".strip(),
            "waiting": figures.waiting,
            "rejected": figures.rejected,
            "free numbers": figures.free_numbers,
            "checkpoint": seen.size if seen else "-",
            **{f"flag {flag.code}": flag.times for flag in list_flags(session)},
        }
    for name, value in lines.items():
        typer.echo(f"{name}: {value}")


@officers.command("add")
def add_officer(name: Annotated[str, typer.Option(help="Name of the officer.")], pin_file: PinFile = None) -> None:
    """Add an officer; the hub is asked to certify the key when there is a link."""
    with _plain_errors(), _opened(_settings()) as node:
        _add_officer(node, name, _read_pin(pin_file))


@officers.command("list")
def show_officers() -> None:
    """List the officers of this PC and whether the hub has certified them."""
    with _plain_errors(), _opened(_settings()) as node, node.context.database.reading() as session:
        for row in list_officers(session):
            typer.echo(f"{row.officer} {'certified' if row.certified else 'waiting'} {row.name}")


@cli.command()
def check() -> None:
    """Check database, drafts, sealed files, counters and numbers; exit 1 and name each fault."""
    with _plain_errors(), _opened(_settings()) as node:
        faults = node.context.database.check()
        with node.context.database.reading() as session:
            named = known_bundles(session)
            faults += find_faults(session, node.context.files, DraftFolder(node.context.settings.drafts_dir))
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{len(named)} sealed files, {len(faults)} faults")
    raise typer.Exit(1 if faults else 0)


@cli.command()
def selftest() -> None:
    """Test this PC and its road to the hub, step by step; exit 1 and say why for each step that fails."""
    with _plain_errors(), _opened(_settings()) as node:
        tested = self_test(node.context.place())
    for each in tested:
        typer.echo(f"{each.step}: {each.code or each.result}. {cause_of(each)}")
    raise typer.Exit(1 if any(each.result is Result.BAD for each in tested) else 0)


@cli.command()
def support(file: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Write a support file: codes, counts and times, without anything personal."""
    with _plain_errors(), _opened(_settings()) as node:
        raw = support_file(node.context.place())
        try:
            file.write_bytes(raw)
        except OSError as error:
            _give_up(file, error)
    typer.echo(f"{len(raw)} bytes")


@parcels.command("export")
def export_parcel(file: Annotated[Path, typer.Argument(help="File to write, on the stick.")]) -> None:
    """Write everything that waits into a file: there is the whole file or none, also when the stick is pulled out."""
    with _plain_errors(), _opened(_settings()) as node:
        context, enrolled = node.context, _enrolled(node)
        source = ParcelSource(
            database=context.database, files=context.files, keys=node.keys, enrolled=enrolled, clock=context.clock
        )
        written: list[bytes] = []
        try:
            size = write_durably(file, write_parcel(source, written))
        except OSError as error:
            _give_up(file, error)
        with context.database.session() as session:
            items = mark_carried(session, context.clock.now(), written)
    typer.echo(f"{items} items, {size} bytes")


@parcels.command("import")
def import_parcel(file: Annotated[Path, typer.Argument(help="The hub's answer, on the stick.")]) -> None:
    """Copy the hub's answer and read it in; a running program does that itself, within a minute."""
    with _plain_errors(), _opened(_settings()) as node:
        context, enrolled = node.context, _enrolled(node)
        try:
            with file.open("rb") as source:
                staged = context.parcels.stage(source, enrolled, context.ids.new())
        except OSError as error:
            _give_up(file, error)
        taken = read_parcels(node, enrolled)
    typer.echo(f"{staged.messages} messages, {'read in' if taken is not None else 'left to the running program'}")
    if staged.is_cut:
        typer.echo("the file is cut short: what came before the cut counts", err=True)


@cli.command()
def receipts(directory: Annotated[Path, typer.Argument(help="New folder for receipts and keys.json.")]) -> None:
    """Write out every receipt and the hub's public log key, for `simpul-verify`."""
    with _plain_errors(), _opened(_settings()) as node, node.context.database.reading() as session:
        enrolled, found = find_enrolled(session), all_receipts(session)
    if enrolled is None:
        typer.echo("this PC is not enrolled", err=True)
        raise typer.Exit(1)
    keys = {"log": enrolled.log.verifier, "signers": [node.keys.public_signing_key.hex()]}
    try:
        directory.mkdir(parents=True)
        (directory / "keys.json").write_text(json.dumps(keys) + "\n", encoding="utf-8")
        for name, raw in found:
            (directory / name).write_bytes(raw)
    except OSError as error:
        typer.echo(f"{directory}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(found)} receipts")


def _enrolled(node: OpenNode) -> Enrolled:
    with node.context.database.reading() as session:
        return load_enrolled(session)


def _give_up(file: Path, error: OSError) -> NoReturn:
    typer.echo(f"{file}: {error.strerror}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    cli()


def _settings(**changes: str) -> Settings:
    try:
        return Settings.load().with_changes(**{name: value for name, value in changes.items() if value})
    except SettingsError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(EX_CONFIG) from None


@contextmanager
def _opened(settings: Settings) -> Iterator[OpenNode]:
    node = open_node(settings)
    try:
        yield node
    finally:
        node.context.database.dispose()


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _add_first_officer(node: OpenNode, name: str, pin_file: Path | None) -> None:
    """Add the officer, unless an enrolment that was broken off has done it."""
    with node.context.database.reading() as session:
        known = [row.name for row in list_officers(session)]
    if " ".join(name.split()) not in known:
        _add_officer(node, name, _read_pin(pin_file))


def _add_officer(node: OpenNode, name: str, pin: str) -> None:
    context = node.context
    with context.database.session() as session:
        officer = create_officer(session, context.clock, context.randomness, name=name, pin=pin)
    typer.echo(f"{officer}")


def _read_pin(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError):
            raise PinFormError("file cannot be read") from None
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt("PIN", hide_input=True, confirmation_prompt=True))


def _poll(web: UrlHubWeb, node: OpenNode, asked: enrolment.Asked, wait_s: int) -> enrolment.CheckedAnswer:
    """Ask until there is an answer; a dead link is not the end.

    Raises:
        EnrolmentPendingError: none within ``wait_s`` seconds.
        EnrolmentRefusedError: the hub refused, or the answer does not hold.
    """
    until, pause = time.monotonic() + wait_s, POLL_FIRST_S
    while True:
        try:
            return enrolment.fetch(web, node.keys, asked)
        except (EnrolmentPendingError, HubUnreachableError):
            if time.monotonic() + pause > until:
                raise
            time.sleep(pause)
            pause = min(POLL_LONGEST_S, pause * 1.5)
