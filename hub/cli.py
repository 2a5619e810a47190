"""``simpul-hub``: every command that an administrator has."""

import os
import signal
import sys
from threading import Event
from typing import Annotated, NoReturn

import structlog
import typer

from hub.accounts.cli import people_app
from hub.authority.cli import node_app
from hub.authority.pki import HubClient
from hub.authority.pki_files import load_pki, open_pki
from hub.brokers.embedded import BrokerRefusedError, BrokerStartError, EmbeddedBroker, check_embedded_allowed
from hub.intake.fairness import Quota
from hub.intake.mqtt import MqttCarrier
from hub.intake.runner import DiskFailedError, IntakeRunner, Pace
from hub.ledger.cli import ledger_app
from hub.ledger.errors import LedgerCorruptError
from hub.logs import configure_logs
from hub.network.cli import list_all
from hub.oversight.cli import calendar_app
from hub.parcels.cli import parcel_app
from hub.permits.local_ca import make_authority
from hub.settings import Settings, SettingsError
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from hub.storage.hubkeys import create_keys
from hub.storage.single import single_instance
from hub.supervisor import Supervisor
from hub.wiring import broker_options, make_intake, make_parcel_reader, make_ports, make_stores, make_worker
from hub.worker import Worker
from protocol.topics import up_filter

EXIT_CONFIG = 78
EXIT_IO = 74
EXIT_DEAF = 69

GIL_SWITCH_S = 0.0003
"""How long the committing thread may keep the network thread waiting; 5 ms, the default, cost a fifth of the speed."""

app = typer.Typer(
    name="simpul-hub",
    help="Hub of the regency: intake, worker, web, ledger, nodes, people.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(ledger_app, name="ledger")
node_app.command("list")(list_all)
app.add_typer(node_app, name="node")
app.add_typer(people_app, name="people")
app.add_typer(parcel_app, name="parcel")
app.add_typer(calendar_app, name="calendar")

log = structlog.get_logger()


@app.command()
def init() -> None:
    """Make keys, certificates and database of a fresh hub. Safe to call again."""
    settings = _settings()
    ports = make_ports(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (settings.keys_dir / "log.key").exists():
        create_keys(settings.keys_dir, ports.randomness)
    hosts = tuple(dict.fromkeys((settings.broker_host, settings.broker_public_host, "127.0.0.1", "localhost")))
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
    Database(_settings().url).migrate()


@app.command()
def run() -> None:
    """Run broker, intake, worker and web together: the embedded default for a demo or a small office."""
    settings = _settings()
    check_embedded_allowed(host=settings.broker_host, production=settings.production)
    init()
    stopped = _stop_event()
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
    settings = _settings()
    sys.setswitchinterval(GIL_SWITCH_S)
    stopped = _stop_event()
    context = make_intake(settings, make_stores(settings), make_ports(settings))
    carrier = MqttCarrier(broker_options(settings, HubClient.INTAKE), str(HubClient.INTAKE), [up_filter(settings.hub)])
    quota = Quota(messages_per_s=settings.node_messages_s, burst=settings.node_burst, mb_per_day=settings.node_mb_day)
    pace = Pace(most=settings.batch_messages, linger_s=settings.linger_ms / 1000, quota=quota)
    with single_instance(settings.data_dir / "intake.lock"):
        carrier.start()
        try:
            runner = IntakeRunner(context, carrier, pace, stopped.wait, make_parcel_reader(settings, context).work)
            runner.run(lambda: stopped.is_set() or carrier.is_deaf)
            _end_if(is_deaf=carrier.is_deaf)
        finally:
            carrier.stop()


@app.command()
def worker() -> None:
    """Sign receipts of casework, publish notices, send the beacon."""
    settings = _settings()
    stopped = _stop_event()
    context = make_worker(settings, make_stores(settings), make_ports(settings))
    carrier = MqttCarrier(broker_options(settings, HubClient.WORKER), str(HubClient.WORKER))
    with single_instance(settings.data_dir / "worker.lock"):
        carrier.start()
        try:
            carrier.wait_connected(10)
            Worker(context, carrier, stopped.wait).run(lambda: stopped.is_set() or carrier.is_deaf)
            _end_if(is_deaf=carrier.is_deaf)
        finally:
            carrier.stop()


@app.command()
def web(
    bind: Annotated[str, typer.Option(help="Address and port; default: from the settings.")] = "",
) -> NoReturn:
    """Serve the web pages with gunicorn."""
    settings = _settings()
    arguments = [
        *(sys.executable, "-m", "gunicorn", "hub.wsgi:app"),
        *("--bind", bind or f"{settings.web_host}:{settings.web_port}"),
        *("--workers", str(settings.web_workers), "--threads", str(settings.web_threads)),
        *("--worker-class", "gthread", "--timeout", "30", "--graceful-timeout", "5", "--umask", "0o077"),
        # Longer than the 60 s of a proxy: the side that answers must not be the first to close.
        *("--keep-alive", "65", "--log-level", "warning", "--no-control-socket"),
    ]
    os.execv(sys.executable, arguments)  # noqa: S606  # a fixed program with settings that were checked


def main() -> None:
    """Run the command line; known failures end with one line and a stable exit code."""
    try:
        app()
    except SettingsError as error:
        _fail(EXIT_CONFIG, "settings", *error.problems)
    except (BrokerRefusedError, BrokerStartError, StorageError) as error:
        _fail(EXIT_CONFIG, "start", str(error))
    except (DiskFailedError, LedgerCorruptError) as error:
        _fail(EXIT_IO, type(error).__name__, str(error))


def _settings() -> Settings:
    settings = Settings.load()
    configure_logs(settings.log_level)
    return settings


def _stop_event() -> Event:
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _end_if(*, is_deaf: bool) -> None:
    """End with a code that lets the service manager start again: a new connection may hear what this one cannot."""
    if is_deaf:
        _fail(EXIT_DEAF, "broker: nothing is heard any more")


def _fail(code: int, *lines: str) -> NoReturn:
    for line in lines:
        typer.echo(f"simpul-hub: {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
