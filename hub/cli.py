"""``simpul-hub``: every command that an administrator has."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from hub.accounts.cli import people_app
from hub.authority.cli import node_app
from hub.authority.commands import ca_app
from hub.authority.pki_files import load_pki, open_pki
from hub.brokers.cli import broker_app
from hub.brokers.embedded import (
    LIMITS,
    BrokerRefusedError,
    BrokerStartError,
    EmbeddedBroker,
    check_embedded_allowed,
)
from hub.ledger.cli import ledger_app
from hub.ledger.errors import LedgerCorruptError
from hub.network.cli import list_all
from hub.oversight.cli import calendar_app
from hub.parcels.cli import parcel_app
from hub.permits.local_ca import make_authority
from hub.programs.process import EXIT_CONFIG, EXIT_IO, fail, load_settings, stop_event
from hub.programs.web import serve
from hub.settings import SettingsError
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from hub.storage.hubkeys import create_keys
from hub.supervisor import Supervisor
from hub.wiring.equipment import make_ports

app = typer.Typer(
    name="simpul-hub",
    help="Hub of the regency: intake, worker, web, ledger, nodes, people.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(ledger_app, name="ledger")
node_app.command("list")(list_all)
app.add_typer(node_app, name="node")
app.add_typer(ca_app, name="ca")
app.add_typer(broker_app, name="broker")
app.add_typer(people_app, name="people")
app.add_typer(parcel_app, name="parcel")
app.add_typer(calendar_app, name="calendar")


@app.command()
def init() -> None:
    """Make keys, certificates and database of a fresh hub. Safe to call again."""
    settings = load_settings()
    ports = make_ports(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (settings.keys_dir / "log.key").exists():
        create_keys(settings.keys_dir, ports.randomness)
    brokers = [name.strip() for each in (settings.broker_host, settings.broker_public_host) for name in each.split(",")]
    hosts = tuple(dict.fromkeys((*brokers, "127.0.0.1", "localhost")))
    open_pki(
        settings.pki_dir,
        settings.hub,
        now=ports.clock.now(),
        entropy=ports.randomness.token,
        broker_hosts=hosts,
    )
    make_authority(settings.keys_dir, settings.hub_id, now=ports.clock.now(), entropy=ports.randomness.token)
    Database(settings.url).migrate()
    typer.echo(f"hub {settings.hub_id} is ready")


@app.command()
def migrate() -> None:
    """Bring the database to this program's version."""
    Database(load_settings().url).migrate()


@app.command()
def run() -> None:
    """Run broker, intake, worker and web together: the embedded default for a demo or a small office."""
    settings = load_settings()
    check_embedded_allowed(host=settings.broker_host, production=settings.production)
    for limit in LIMITS:
        typer.echo(f"embedded broker: {limit}", err=True)
    init()
    stopped = stop_event()
    broker = EmbeddedBroker(
        settings.data_dir / "broker",
        settings.broker_port,
        load_pki(settings.pki_dir),
        (),
        host=settings.broker_host,
        production=settings.production,
    )
    Supervisor(broker, Database(settings.url), os.environ).run(stopped.is_set, stopped.wait)


@app.command()
def intake() -> None:
    """Take bundles from the broker: verify, commit, answer."""
    _become("intake")


@app.command()
def worker() -> None:
    """Sign receipts of casework, publish notices, send the beacon."""
    _become("worker")


@app.command()
def web(
    bind: Annotated[str, typer.Option(help="Address and port; default: from the settings.")] = "",
) -> NoReturn:
    """Serve the web pages with gunicorn."""
    serve(bind)


def _become(program: str) -> NoReturn:
    """Start over as a program that loads only its own rooms; the process id stays."""
    os.execv(sys.executable, [sys.executable, "-m", "hub.programs", program])  # noqa: S606  # our own module


def main() -> None:
    """Run the command line; known failures end with one line and a stable exit code."""
    try:
        app()
    except SettingsError as error:
        fail(EXIT_CONFIG, "settings", *error.problems)
    except (BrokerRefusedError, BrokerStartError, StorageError) as error:
        fail(EXIT_CONFIG, "start", str(error))
    except LedgerCorruptError as error:
        fail(EXIT_IO, type(error).__name__, str(error))


if __name__ == "__main__":
    main()
