"""``simpul-hub broker …``: the files of a cluster of brokers, and who may connect to it."""

import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import structlog
import typer

from hub.authority.pki_files import load_pki
from hub.brokers.cluster import (
    ClusterError,
    ClusterPlan,
    active_identities,
    parse_members,
    write_cluster,
    write_identities,
)
from hub.logs import configure_logs
from hub.settings import Settings, SettingsError
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from hub.storage.ports import SystemClock

FEED_S = 5.0

broker_app = typer.Typer(help="Brokers of a cluster: their files, and who may connect.", no_args_is_help=True)
log = structlog.get_logger()


@broker_app.command()
def cluster(
    members: Annotated[str, typer.Option(help="name=address of each broker, separated by commas; 3 or 5.")],
    out: Annotated[Path, typer.Option(help="Directory; each broker gets one of its own below it.")],
    store: Annotated[str, typer.Option(help="Where a broker keeps its messages.")] = "store",
    route_port: Annotated[int, typer.Option(help="Port on which the brokers talk to each other.")] = 6222,
) -> None:
    """Write configuration, certificates and identities of every broker. Copy each directory to its machine."""
    settings = Settings.load()
    try:
        plan = ClusterPlan(
            members=parse_members(members), port=settings.broker_port, route_port=route_port, store=store
        )
    except ClusterError as error:
        raise SettingsError([str(error)]) from None
    identities = active_identities(Database(settings.url))
    now = SystemClock(settings.demo_clock).now()
    write_cluster(out, plan, load_pki(settings.pki_dir), identities, now=now)
    for member in plan.members:
        typer.echo(str(out / member.name))


@broker_app.command()
def feed(
    directories: Annotated[list[Path], typer.Argument(help="Directories with an identities.conf to keep current.")],
    once: Annotated[bool, typer.Option(help="Write and end.")] = False,  # noqa: FBT002  # typer's way of a flag
) -> None:
    """Keep the list of who may connect in step with the registry, every 5 seconds, until stopped."""
    settings = Settings.load()
    configure_logs(settings.log_level)
    database, stopped = Database(settings.url), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.is_set():
        try:
            changed = write_identities(directories, active_identities(database), settings.hub)
            if changed:
                log.info("identities.written", files=len(changed))
        except (StorageError, OSError) as error:  # the list of before stays; the next round asks again
            if once:
                raise
            log.error("identities.not_written", error=type(error).__name__)
        if once:
            return
        stopped.wait(FEED_S)
