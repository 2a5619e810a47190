"""Mosquitto with the production configuration: rendered for an administrator, or started in a directory for tests.

``python -m deploy.brokers.mosquitto render --hub 3314 --pki /etc/simpul/broker --out /etc/mosquitto/conf.d`` writes the
two files that production runs; ``MosquittoBroker`` runs the same text on free ports.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from string import Template

from protocol.ids import HubId
from protocol.limits import BROKER_MAX_PACKET_BYTES

TEMPLATES = Path(__file__).parent.parent / "mosquitto"

MAX_INFLIGHT = 1000
"""Messages that intake may hold un-acknowledged: at least twice its batch of 200."""

MAX_NODES = 2000
"""208 villages with a few PCs each; rogues that fill it leave the listener of the hub's programs alone."""

START_PAUSE_S = 0.02
START_ATTEMPTS = 500
STOP_TIMEOUT_S = 10.0


class MosquittoError(Exception):
    """Mosquitto is missing, refused its configuration or did not come up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What the broker shows and whom it believes."""

    ca_file: Path
    crl_file: Path
    cert_file: Path
    key_file: Path

    @classmethod
    def of(cls, directory: Path) -> "TlsFiles":
        """Return the files as the hub names them in its certificate directory."""
        return cls(
            ca_file=directory / "ca.crt",
            crl_file=directory / "crl.pem",
            cert_file=directory / "hub-broker.crt",
            key_file=directory / "hub-broker.key",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An address that the broker binds."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MosquittoConfig:
    """Everything that the templates leave open."""

    hub: HubId
    tls: TlsFiles
    nodes: Listener
    programs: Listener
    """For the hub's intake and worker, apart from the nodes."""
    websockets_port: int
    """For nodes behind nginx on 443; Mosquitto 2.0 binds it on every address."""
    max_nodes: int = MAX_NODES
    """Connections on each of the nodes' two ports."""
    acl_file: Path
    store: Path
    pid_file: Path
    user: str = "mosquitto"
    log_dest: str = "syslog"


def render_config(config: MosquittoConfig) -> str:
    """Return the text of ``mosquitto.conf``."""
    return _template("simpul.conf").substitute(
        node_host=config.nodes.host,
        node_port=config.nodes.port,
        max_nodes=config.max_nodes,
        ws_port=config.websockets_port,
        hub_host=config.programs.host,
        hub_port=config.programs.port,
        ca_file=config.tls.ca_file,
        crl_file=config.tls.crl_file,
        cert_file=config.tls.cert_file,
        key_file=config.tls.key_file,
        acl_file=config.acl_file,
        max_packet_bytes=BROKER_MAX_PACKET_BYTES,
        max_inflight=MAX_INFLIGHT,
        store=config.store,
        user=config.user,
        pid_file=config.pid_file,
        log_dest=config.log_dest,
    )


def render_acl(hub: HubId) -> str:
    """Return the text of the access list."""
    return _template("simpul.acl").substitute(hub=hub)


class MosquittoBroker:
    """One Mosquitto on loopback with its own directory. Not thread-safe."""

    def __init__(
        self, directory: Path, *, hub: HubId, tls: TlsFiles, program: Path | None = None, max_nodes: int = MAX_NODES
    ) -> None:
        """Prepare a broker on two free ports, which it keeps over restarts.

        Raises:
            MosquittoError: Mosquitto is not installed.
        """
        self.directory = directory.resolve()
        self._program = program or find_mosquitto()
        self._process: subprocess.Popen[bytes] | None = None
        self.config = MosquittoConfig(
            hub=hub,
            tls=tls,
            nodes=Listener(host="127.0.0.1", port=_free_port()),
            programs=Listener(host="127.0.0.1", port=_free_port()),
            websockets_port=_free_port(),
            max_nodes=max_nodes,
            acl_file=self.directory / "simpul.acl",
            store=self.directory / "store",
            pid_file=self.directory / "mosquitto.pid",
            user=_current_user(),
            log_dest=f"file {self.log_file}",
        )

    @property
    def log_file(self) -> Path:
        """What the broker said: connections and errors, never topics."""
        return self.directory / "mosquitto.log"

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start on the store of last time and wait until both ports accept. Does nothing while it runs.

        Raises:
            MosquittoError: refused configuration, or not ready in time.
        """
        if self.is_running():
            return
        self.config.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(self.config.acl_file, render_acl(self.config.hub))
        self._write(self._config_file, render_config(self.config))
        self._process = subprocess.Popen(
            [str(self._program), "-c", str(self._config_file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for listener in (self.config.nodes, self.config.programs):
            self._wait_for(listener)

    def stop(self) -> None:
        """End the broker in order; it saves its sessions."""
        if self._process is not None and self.is_running():
            self._process.terminate()
        self._reap()

    def kill(self) -> None:
        """End the broker as a power cut would: what came since the last save is gone."""
        if self._process is not None and self.is_running():
            self._process.kill()
        self._reap()

    def restart(self) -> None:
        """Stop and start on the same store and ports.

        Raises:
            MosquittoError: see ``start``.
        """
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Kill the broker and forget every session and message.

        Raises:
            OSError: the store cannot be removed.
        """
        self.kill()
        if self.config.store.exists():
            shutil.rmtree(self.config.store)

    def reload(self) -> None:
        """Let the broker read revocation list and access list again."""
        if self._process is not None and self.is_running():
            self._process.send_signal(signal.SIGHUP)

    @property
    def _config_file(self) -> Path:
        return self.directory / "mosquitto.conf"

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)  # newer versions warn about an access list that others can read

    def _wait_for(self, listener: Listener) -> None:
        for _ in range(START_ATTEMPTS):
            if not self.is_running():
                raise MosquittoError(f"mosquitto did not start; see {self.log_file}")
            with (
                contextlib.suppress(OSError),
                socket.create_connection((listener.host, listener.port), timeout=1),
            ):
                return
            time.sleep(START_PAUSE_S)
        self.kill()
        raise MosquittoError("mosquitto did not accept connections in time")

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def find_mosquitto() -> Path:
    """Return the program; Debian keeps it outside an ordinary user's PATH.

    Raises:
        MosquittoError: not installed.
    """
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise MosquittoError("mosquitto is missing: apt-get install mosquitto")
    return Path(found)


def _template(name: str) -> Template:
    return Template((TEMPLATES / name).read_text(encoding="utf-8"))


def _current_user() -> str:
    """Return whom Mosquitto should become: started by root it would drop to a user that cannot read a test's files."""
    return "root" if os.name == "posix" and os.geteuid() == 0 else "mosquitto"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main(arguments: list[str] | None = None) -> int:
    """Write ``simpul.conf`` and ``simpul.acl`` for an administrator."""
    parser = argparse.ArgumentParser(prog="python -m deploy.brokers.mosquitto")
    parser.add_argument("command", choices=["render"])
    parser.add_argument("--hub", required=True, type=HubId, help="regency code without dots, e.g. 3314")
    parser.add_argument("--pki", required=True, type=Path, help="where the broker reads its certificates")
    parser.add_argument("--out", required=True, type=Path, help="directory for the two files")
    parser.add_argument("--host", default="0.0.0.0", help="address for the nodes")  # noqa: S104  # villages are outside
    parser.add_argument("--port", default=8883, type=int, help="port for the nodes")
    parser.add_argument("--hub-port", default=8884, type=int, help="port for the hub's programs, on loopback")
    parser.add_argument("--websockets-port", default=9443, type=int, help="port behind the proxy on 443")
    given = parser.parse_args(arguments)
    acl_file = given.out / "simpul.acl"
    config = MosquittoConfig(
        hub=given.hub,
        tls=TlsFiles.of(given.pki),
        nodes=Listener(host=given.host, port=given.port),
        programs=Listener(host="127.0.0.1", port=given.hub_port),
        websockets_port=given.websockets_port,
        acl_file=acl_file,
        store=Path("/var/lib/mosquitto"),
        pid_file=Path("/run/mosquitto/mosquitto.pid"),
    )
    given.out.mkdir(parents=True, exist_ok=True)
    acl_file.write_text(render_acl(given.hub), encoding="utf-8")
    (given.out / "simpul.conf").write_text(render_config(config), encoding="utf-8")
    print(f"written: {given.out / 'simpul.conf'} and {acl_file}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
