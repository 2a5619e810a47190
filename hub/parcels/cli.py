"""``simpul-hub parcel``: import a village's stick at the console, and write the answers to it."""

from pathlib import Path
from threading import Event
from typing import Annotated, NoReturn

import typer

from hub.parcels.errors import ParcelRefusedError
from hub.parcels.service import QUEUED, Brought, ParcelLine, find, take_parcel
from hub.parcels.spool import COPY_BYTES, Spool
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.files import write_parts_durably
from hub.storage.ports import SystemClock, SystemIds, SystemRandomness

parcel_app = typer.Typer(help="Parcels on USB sticks: import, answers.", no_args_is_help=True)

CONSOLE = "console"
LOOK_S = 0.5


@parcel_app.command("import")
def import_parcel(
    file: Annotated[Path, typer.Argument(help="The parcel that the village exported.", exists=True, dir_okay=False)],
    answers: Annotated[Path, typer.Option(help="Where to write the answers for the village.")],
    wait_s: Annotated[float, typer.Option(help="How long to wait for the intake program, in seconds.")] = 600.0,
) -> None:
    """Hand a parcel to the intake program, wait for its verdicts, and write the answers file."""
    settings = Settings.load()
    database, spool = Database(settings.url), Spool(settings.data_dir / "parcels")
    clock = SystemClock(settings.demo_clock)
    brought = Brought(parcel_id=SystemIds(clock, SystemRandomness()).new(), by=CONSOLE, at=clock.now())
    try:
        with file.open("rb") as source:
            take_parcel(database, spool, settings.hub, source, brought)
    except ParcelRefusedError as error:
        _leave(f"refused: {error.rule.value}")
    line = _wait(database, brought.parcel_id, wait_s)
    if line.state == QUEUED:
        _leave("still waiting: is the intake program running? The parcel stays queued; its answers are on the web page")
    _copy(spool.answers(brought.parcel_id), answers)
    typer.echo(f"node {line.node_id}: {line.messages} messages, {line.accepted} accepted, {line.rejected} refused")
    for code, number in line.codes:
        typer.echo(f"  {code}: {number}")
    if line.code:
        _leave(f"the file was not read to its end: {line.code}")


def _wait(database: Database, parcel_id: str, wait_s: float) -> ParcelLine:
    pause, waited = Event(), 0.0
    while True:
        with database.reading() as session:
            line = find(session, parcel_id)
        if line.state != QUEUED or waited >= wait_s:
            return line
        pause.wait(LOOK_S)
        waited += LOOK_S


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        write_parts_durably(target.parent, iter(lambda: file.read(COPY_BYTES), b""), lambda: target)


def _leave(text: str) -> NoReturn:
    typer.echo(f"simpul-hub: parcel: {text}", err=True)
    raise typer.Exit(1)
