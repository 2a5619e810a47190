"""The programs as processes on loopback: started, asked, killed and ended by ids that were recorded at the start."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START_S = 30.0
STOP_S = 20.0


class ProcessError(Exception):
    """A program did not start, or a command failed."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, within_s: float = START_S, every_s: float = 0.05) -> None:
    """Wait until the condition holds.

    Raises:
        ProcessError: it did not in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise ProcessError(what)
        time.sleep(every_s)


def answers(url: str) -> bool:
    """Say whether a web address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # loopback
            return bool(answer.status == 200)  # noqa: PLR2004  # HTTP OK
    except (OSError, urllib.error.URLError):
        return False


@dataclass(kw_only=True)
class Program:
    """One command with its environment and log file."""

    module: str
    environment: Mapping[str, str]
    log_file: Path
    before: Sequence[str] = ()
    """What to put before the command, to run it somewhere else (a network namespace)."""
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self, *arguments: str) -> None:
        """Start in the background."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", self.module, *arguments],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, *arguments: str, given: str = "") -> str:
        """Run a command to its end and return what it prints.

        Raises:
            ProcessError: it failed; the text says what it printed.
        """
        done = subprocess.run(
            [sys.executable, "-m", self.module, *arguments],
            env=self._environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise ProcessError(f"{' '.join(arguments)}: {done.stderr.strip()[-2_000:]}")
        return done.stdout

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End in order; kill what does not end."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def children(self) -> dict[str, int]:
        """Return the process ids that the hub's supervisor logged last, by program."""
        found: dict[str, int] = {}
        for line in self.log_file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("event") == "program.started":
                found[str(event["program"])] = int(event["pid"])
        return found

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMPUL_")}
        return {**kept, **self.environment, "PYTHONUNBUFFERED": "1"}


@dataclass(kw_only=True)
class LocalHub:
    """A hub in its embedded default, in a directory of its own."""

    directory: Path
    web_port: int = field(default_factory=free_port)
    broker_port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare the command."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.program = Program(
            module="hub.cli",
            environment={
                "SIMPUL_HUB_DATA_DIR": str(self.directory / "data"),
                "SIMPUL_HUB_WEB_PORT": str(self.web_port),
                "SIMPUL_HUB_BROKER_PORT": str(self.broker_port),
                "SIMPUL_HUB_BEACON_S": "10",
                **self.settings,
            },
            log_file=self.directory / "hub.log",
        )

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.web_port}"

    def start(self) -> None:
        """Start everything and wait until the web answers.

        Raises:
            ProcessError: it does not.
        """
        self.program.start("run")
        wait_for(lambda: answers(f"{self.url}/healthz"), f"hub did not start, see {self.program.log_file}")

    def ask(self, *arguments: str, given: str = "") -> str:
        """Run a ``simpul-hub`` command.

        Raises:
            ProcessError: it failed.
        """
        return self.program.ask(*arguments, given=given)

    def stop(self) -> None:
        """End everything in order."""
        self.program.stop()


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """Post CBOR and return status and body."""
    asked = urllib.request.Request(  # noqa: S310  # loopback
        url, data=body, headers={"Content-Type": "application/cbor"}, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310  # loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def run_all(steps: Sequence[Callable[[], object]]) -> None:
    """Run every step, also when one fails; raise the first failure at the end."""
    failures = []
    for step in steps:
        try:
            step()
        except (ProcessError, OSError) as error:
            failures.append(error)
    if failures:
        raise failures[0]
