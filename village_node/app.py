"""Wires pages and synchronisation in one process: the program that runs on the village PC.

The pages work at once, with or without a link, and before the enrolment. The sync thread begins when the node is
enrolled. If the sync thread ends by an error the process ends too, loudly: the service manager starts it again and it
goes on from what is on the disk.
"""

import ctypes
import signal
import sys
import threading
from dataclasses import dataclass
from typing import Protocol

import structlog

from protocol.requests import RequestAction
from village_node.context import NodeContext
from village_node.health.selftest import result_bytes, self_test
from village_node.health.support import support_file
from village_node.identity.door import Door
from village_node.identity.hub import Enrolled, find_enrolled
from village_node.identity.keys import NodeKeys, create_or_load_keys
from village_node.identity.sessions import UnlockSessions
from village_node.identity.web import UrlHubWeb
from village_node.inbox.documents import DocumentFolder
from village_node.logs import set_up_logs
from village_node.notices.rules import Policy
from village_node.notices.service import Doers, work_off
from village_node.outbox.retention import delete_backed_up
from village_node.outbox.service import Sealer, sweep_orphans
from village_node.settings import Settings, SettingsError
from village_node.store.engine import Database
from village_node.store.errors import DomainError, StorageError
from village_node.store.files import SealedFiles
from village_node.store.lock import AlreadyRunningError, FolderLock
from village_node.store.ports import SystemClock, SystemIds, SystemRandomness
from village_node.sync.carrier import Carrier, NoCarrier
from village_node.sync.rules.pacing import Limits
from village_node.sync.runner import NodeParts, Runner
from village_node.sync.staging import ParcelFolder

LOOK_S = 2.0
"""How often an open program looks whether it has been enrolled meanwhile, and whether its threads live."""
STOP_S = 15.0
TIDY_MS = 3_600_000
"""How often it is looked for files that need not be kept any more."""
WEB_THREADS = 4
EX_CONFIG = 78
"""sysexits.h: the settings cannot be used."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class OpenNode:
    """An opened data folder: what commands and the running program share."""

    context: NodeContext
    keys: NodeKeys


class Synchroniser:
    """Holds the sync thread once there is one."""

    def __init__(self) -> None:
        """Begin without."""
        self._runner: Runner | None = None
        self._thread: threading.Thread | None = None
        self.failed = False

    @property
    def is_running(self) -> bool:
        """Whether the thread was started."""
        return self._thread is not None

    def start(self, runner: Runner) -> None:
        """Run this runner in a thread."""
        self._runner = runner
        self._thread = threading.Thread(target=self._run, args=(runner,), name="simpul-sync", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tell the runner to look and try now, if there is one."""
        if self._runner is not None:
            self._runner.wake()

    def stop(self) -> None:
        """End the thread gracefully."""
        if self._runner is not None and self._thread is not None:
            self._runner.stop()
            self._thread.join(timeout=STOP_S)

    def _run(self, runner: Runner) -> None:
        try:
            runner.run()
        except Exception as error:  # noqa: BLE001  # the process ends by it, with this one line
            log.error("sync.unexpected", error=type(error).__name__)
            self.failed = True


class WebServer(Protocol):
    """What waitress returns."""

    def run(self) -> None:
        """Serve until closed."""

    def close(self) -> None:
        """Close the listening socket."""


def _hold_little_memory() -> None:
    """Let the C library return freed memory at once: opening a photo takes 30 MB for a moment, and the PC is small.

    mallopt(3) of glibc: -1 trim and -3 mmap threshold in bytes, -8 number of arenas. Saves 20 MB after a day of photos.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for option, value in ((-1, 128 * 1024), (-3, 64 * 1024), (-8, 1)):
            mallopt(option, value)


def open_node(settings: Settings, synchroniser: Synchroniser | None = None) -> OpenNode:
    """Open the data folder: keys, database at the newest schema, sealed files.

    Raises:
        StorageError: the database cannot be opened.
        KeyFileError: a key file is damaged.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock, randomness = SystemClock(settings.demo_clock), SystemRandomness()
    keys = create_or_load_keys(settings.keys_dir, randomness)
    database = Database(settings.database_path)
    database.migrate()
    files = SealedFiles(settings.sealed_dir)
    context = NodeContext(
        database=database,
        clock=clock,
        randomness=randomness,
        ids=SystemIds(clock=clock, randomness=randomness),
        settings=settings,
        unlocks=UnlockSessions(clock, randomness, lock_after_s=settings.lock_after_s),
        files=files,
        documents=DocumentFolder(settings.data_dir / "documents"),
        parcels=ParcelFolder(settings.data_dir / "parcels"),
        sealer=Sealer(files=files, keys=keys, clock=clock, randomness=randomness),
        wake=synchroniser.wake if synchroniser is not None else _nobody_to_wake,
    )
    return OpenNode(context=context, keys=keys)


def run(settings: Settings) -> int:
    """Run pages and synchronisation until SIGTERM or SIGINT; return the exit code.

    Raises:
        AlreadyRunningError: another program works on this data folder.
    """
    _hold_little_memory()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FolderLock(settings.data_dir / "node.lock")
    lock.take()
    synchroniser, stopping = Synchroniser(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    node = open_node(settings, synchroniser)
    with node.context.database.session() as session:
        swept = sweep_orphans(session, node.context.files)
    server = _serve(node.context)
    log.info("node.started", port=settings.ui_port, swept=swept)
    tidied_ms = 0
    while not stopping.is_set() and not synchroniser.failed:
        if not synchroniser.is_running:
            _start_sync(node, synchroniser)
        if not tidied_ms or node.context.clock.elapsed_ms() - tidied_ms > TIDY_MS:
            tidied_ms = node.context.clock.elapsed_ms()
            _make_room(node.context)
        _work_off_requests(node.context)
        stopping.wait(LOOK_S)
    synchroniser.stop()
    server.close()
    node.context.database.dispose()
    lock.release()
    log.info("node.stopped", failed=synchroniser.failed)
    return 1 if synchroniser.failed else 0


def main() -> None:
    """Run the program with the settings of the environment, and end the process with its exit code."""
    try:
        settings = Settings.load()
        set_up_logs(settings.log_level)
        code = run(settings)
    except SettingsError as error:
        print(*error.problems, sep="\n", file=sys.stderr)  # noqa: T201  # whoever starts it reads this
        code = EX_CONFIG
    except DomainError as error:
        print(error, file=sys.stderr)  # noqa: T201  # the same
        code = 1
    raise SystemExit(code)


def _make_room(context: NodeContext) -> None:
    """Delete the sealed files that a backup of the hub covers; a disk that refuses is asked again in an hour."""
    try:
        deleted = delete_backed_up(context.database, context.files, context.clock.now())
    except StorageError as error:
        log.warning("outbox.not_tidied", code=error.code)
    else:
        if deleted:
            log.info("outbox.tidied", items=deleted)


def _work_off_requests(context: NodeContext) -> None:
    """Do what the hub asked for, as far as the office agrees; a disk that refuses is asked again."""
    try:
        with context.database.reading() as session:
            enrolled = find_enrolled(session)
        if enrolled is None:
            return
        policy = Policy(context.settings.remote_requests)
        if work_off(context.database, context.clock.now(), policy, doers(context), enrolled):
            context.wake()
    except StorageError as error:
        log.warning("request.not_worked_off", code=error.code)


def doers(context: NodeContext) -> Doers:
    """Return what each request of the hub runs on this PC."""

    def resync() -> bytes:
        context.wake()
        return b""

    return {
        RequestAction.RESYNC: resync,
        RequestAction.SELF_TEST: lambda: result_bytes(self_test(context.place())),
        RequestAction.SUPPORT_FILE: lambda: support_file(context.place()),
    }


def _start_sync(node: OpenNode, synchroniser: Synchroniser) -> None:
    with node.context.database.reading() as session:
        enrolled = find_enrolled(session)
    if enrolled is None:
        return
    node.keys.write_certificates(enrolled.certificate, enrolled.authority)
    synchroniser.start(Runner(_parts(node, enrolled), _carrier(node, enrolled)))


def read_parcels(node: OpenNode, enrolled: Enrolled) -> int | None:
    """Read staged parcels in, if the program does not run; return how many messages that were, None when it runs.

    Raises:
        StorageError: the store did not take it; the parcels stay.
    """
    lock = FolderLock(node.context.settings.data_dir / "node.lock")
    try:
        lock.take()
    except AlreadyRunningError:
        return None
    try:
        return Runner(_parts(node, enrolled), NoCarrier()).read_parcels()
    finally:
        lock.release()


def _parts(node: OpenNode, enrolled: Enrolled) -> NodeParts:
    context = node.context
    return NodeParts(
        database=context.database,
        files=context.files,
        documents=context.documents,
        parcels=context.parcels,
        clock=context.clock,
        randomness=context.randomness,
        keys=node.keys,
        enrolled=enrolled,
        data_dir=context.settings.data_dir,
        limits=Limits(heartbeat=context.settings.heartbeat_s * 1_000),
        meter=context.meter,
        sign_ins=context.unlocks.today,
    )


def _carrier(node: OpenNode, enrolled: Enrolled) -> Carrier:
    from village_node.sync.mqtt import MqttCarrier, MqttOptions  # noqa: PLC0415  # commands do not need paho

    settings = node.context.settings
    options = MqttOptions(
        host=settings.broker_host or enrolled.broker_host,
        port=settings.broker_port or enrolled.broker_port,
        node=enrolled.node,
        hub=enrolled.hub,
        tls=node.keys.tls_files,
        keepalive_s=settings.keepalive_s,
        websockets=settings.broker_transport == "websockets",
    )
    door = Door(
        database=node.context.database,
        keys=node.keys,
        clock=node.context.clock,
        open_web=UrlHubWeb,
        hub_url=settings.hub_url,
    )
    return MqttCarrier(options, node.context.randomness, door.knock, node.context.meter)


def _serve(context: NodeContext) -> WebServer:
    from waitress import create_server  # noqa: PLC0415  # commands do not need the pages

    from village_node.web.app import create_app  # noqa: PLC0415  # the same

    server: WebServer = create_server(
        create_app(context),
        host=context.settings.ui_host,
        port=context.settings.ui_port,
        threads=WEB_THREADS,
        ident="simpul",
        max_request_body_size=40 * 1024 * 1024,
    )
    threading.Thread(target=server.run, name="simpul-pages", daemon=True).start()
    return server


def _nobody_to_wake() -> None:
    """Do nothing: a command has no sync thread; the running program looks by itself."""


if __name__ == "__main__":
    main()
