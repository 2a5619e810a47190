"""The embedded default: broker, intake, worker and web as one group of processes, restarted when one dies.

For a demo, a test or a small office without a system administrator. In production each program is a systemd unit.
"""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from hub.brokers.embedded import BrokerStartError, EmbeddedBroker
from hub.registry.queries import all_nodes
from hub.storage.engine import Database
from hub.storage.errors import StorageError

POLL_S = 0.5
GRACE_S = 10.0
RESTART_AFTER_ROUNDS = 2
PR_SET_PDEATHSIG = 1

log = structlog.get_logger()


@dataclass
class _Program:
    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    rounds_down: int = field(default=0)


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor dies, so that no orphan fights its successor."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Supervisor:
    """Keeps the programs of one hub running."""

    def __init__(self, broker: EmbeddedBroker, database: Database, environment: Mapping[str, str]) -> None:
        """Take the broker, the database (for the list of nodes) and the environment of the children."""
        self._broker = broker
        self._database = database
        self._environment = dict(environment)
        self._identities: tuple[str, ...] = ()
        self._programs = [
            _Program(name, [sys.executable, "-m", "hub.programs", name]) for name in ("intake", "worker", "web")
        ]

    def run(self, is_stopped: Callable[[], bool], wait: Callable[[float], object]) -> None:
        """Start everything and watch it until stopped.

        Raises:
            BrokerStartError: the broker cannot be started.
        """
        self._update_identities()
        self._broker.start()
        try:
            while not is_stopped():
                self._watch()
                wait(POLL_S)
        finally:
            self._stop()

    def _watch(self) -> None:
        if not self._broker.is_running():
            log.warning("broker.died")
            self._start_broker_again()
        try:
            self._update_identities()
        except (StorageError, OSError) as error:  # the nodes known so far stay known; the next round asks again
            log.error("registry.not_read", error=type(error).__name__)
        for program in self._programs:
            self._watch_program(program)

    def _start_broker_again(self) -> None:
        """Start the broker; one that dies while it starts is tried again in the next round and ends nobody else."""
        try:
            self._broker.start()
        except BrokerStartError as error:
            log.error("broker.not_started", error=str(error))

    def _watch_program(self, program: _Program) -> None:
        if program.process is not None and program.process.poll() is None:
            program.rounds_down = 0
            return
        if program.process is not None and program.rounds_down < RESTART_AFTER_ROUNDS:
            if program.rounds_down == 0:
                log.warning("program.died", program=program.name, code=program.process.returncode)
            program.rounds_down += 1
            return
        program.process = subprocess.Popen(
            list(program.arguments),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # no threads here
        )
        log.info("program.started", program=program.name, pid=program.process.pid)

    def _update_identities(self) -> None:
        """Let the broker know the nodes that are enrolled and not revoked."""
        with self._database.reading() as session:
            wanted = tuple(sorted(str(node.node_id) for node in all_nodes(session) if node.is_active))
        if wanted != self._identities:
            self._broker.set_identities(wanted)
            self._identities = wanted

    def _stop(self) -> None:
        running = [item.process for item in self._programs if item.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        for process in running:
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._broker.stop()
