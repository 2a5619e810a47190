"""The demo's network: hub, people, village PCs; started, used and ended by ids that were recorded at the start."""

import contextlib
import csv
import json
import shutil
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import psutil

from deploy.demo.cast import ADMIN, ADMINS, PASSWORD, Person, Village, people
from deploy.demo.clerk import Clerk
from deploy.demo.evidence import HubEvidence, NodeEvidence, SqliteHubEvidence
from deploy.demo.progress import Bar, stage
from deploy.demo.timeline import WIB, Timeline
from deploy.demo.village_pc import VillagePc, enrol_all
from loadtests.processes import LocalHub, Program, free_port, run_all

PIDS = "pids.json"
WEB_PORT, NODE_PORT = 8080, 8077
"""Where the pages are when nobody else is there."""


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Hub(Protocol):
    """What the demo needs of a hub, however it is set up."""

    @property
    def url(self) -> str:
        """Where its pages are."""

    @property
    def programs(self) -> Sequence[Program]:
        """The processes that were started."""

    def ask(self, *arguments: str, given: str = "") -> str:
        """Run a command of ``simpul-hub``."""

    def start(self) -> None:
        """Start everything."""

    def stop(self) -> None:
        """End everything in order."""

    def evidence(self) -> HubEvidence:
        """Return its database, read-only."""


class DefaultHub(LocalHub):
    """The embedded default: ``simpul-hub run``."""

    @property
    def programs(self) -> Sequence[Program]:
        """The supervisor; it ends its children itself."""
        return [self.program]

    def evidence(self) -> HubEvidence:
        """Return its database, read-only."""
        return SqliteHubEvidence(self.directory / "data" / "hub.db")


@dataclass(kw_only=True)
class DemoNetwork:
    """Everything that runs. ``stop`` may be called at any time."""

    directory: Path
    villages: tuple[Village, ...]
    people: Sequence[Person]
    hub: Hub
    node_ports: Sequence[int]
    timeline: Timeline | None = None
    """Moves the clocks of all programs; None leaves them alone."""

    def __post_init__(self) -> None:
        """Choose folders."""
        clock = "" if self.timeline is None else str(self.timeline.file)
        self.pcs = [
            VillagePc(
                village=village,
                directory=self.directory / f"pc-{number}",
                hub_url=self.hub.url,
                clock=clock,
                port=port,
            )
            for number, (village, port) in enumerate(zip(self.villages, self.node_ports, strict=True))
        ]

    @classmethod
    def default(
        cls,
        directory: Path,
        villages: tuple[Village, ...],
        *,
        far: tuple[Village, ...] = (),
        roles: Sequence[str] = (),
        usual_ports: bool = False,
    ) -> "DemoNetwork":
        """Return a network with the embedded default; no ``roles`` means people of every role."""
        web_port, *node_ports = _ports(len(villages), usual=usual_ports)
        everybody = people((*villages, *far))
        timeline = Timeline(directory / "clock")
        return cls(
            directory=directory,
            villages=villages,
            people=[each for each in everybody if not roles or each.role in {*roles, ADMIN}],
            hub=DefaultHub(
                directory=directory / "hub",
                web_port=web_port,
                settings={"SIMPUL_HUB_DEMO_CLOCK": str(timeline.file)},
            ),
            node_ports=node_ports,
            timeline=timeline,
        )

    def start(self) -> None:
        """Start the hub with its people, enrol the PCs and start them.

        Raises:
            ProcessError: a program does not start.
            BrowserError: a page refused.
        """
        self.hub.ask("init")
        with stage() as shown:
            self._add_people(shown.bar("orang / people", len(self.people)))
            programs = shown.bar("program / programs", 1 + len(self.pcs))
            self.hub.start()
            programs.set(1)
            self._record()
            admins = [self.clerk(name) for name in ADMINS]
            for admin in admins:
                admin.sign_in()
            enrol_all(self.pcs, *admins)
            for number, pc in enumerate(self.pcs, 2):
                pc.start()
                programs.set(number)
            self._record()

    def stop(self) -> None:
        """End all programs in order."""
        run_all([*(pc.program.stop for pc in self.pcs), self.hub.stop])

    def today(self) -> str:
        """Return the date of the demo in WIB, as a date field wants it."""
        now = datetime.now(WIB) if self.timeline is None else self.timeline.now().astimezone(WIB)
        return now.date().isoformat()

    def clerk(self, username: str) -> Clerk:
        """Return a person at a fresh browser at the hub."""
        name = next((each.name for each in self.people if each.username == username), username)
        return Clerk(self.hub.url, username, PASSWORD, name)

    @property
    def hub_evidence(self) -> HubEvidence:
        """The hub's database, read-only."""
        return self.hub.evidence()

    @property
    def node_evidence(self) -> list[NodeEvidence]:
        """The nodes' databases, read-only."""
        return [NodeEvidence(pc.database) for pc in self.pcs]

    def _add_people(self, bar: Bar) -> None:
        """Give the hub a list of its people, as an office does that begins."""
        file = self.directory / "people.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(("username", "name", "role", "office", "nik"))
            writer.writerows(
                (each.username, each.name, each.role, each.office, f"331499010190{number:04d}")
                for number, each in enumerate(self.people, 1)
            )
        self.hub.ask("people", "import", str(file), "--password-stdin", given=f"{PASSWORD}\n")
        file.unlink()
        bar.set(len(self.people))

    def _record(self) -> None:
        """Write down who runs, so that the next start can end what a killed demo left behind."""
        programs = [*self.hub.programs, *(pc.program for pc in self.pcs)]
        running = [
            psutil.Process(each.process.pid) for each in programs if each.process is not None and each.is_running
        ]
        write_pids(self.directory, running)


def _ports(nodes: int, *, usual: bool) -> list[int]:
    """Return a port for the hub's pages and one for each node's: the usual ones, or free ones where those are taken."""
    wanted = [WEB_PORT, *(NODE_PORT + number for number in range(nodes))]
    return [port if usual and _is_free(port) else free_port() for port in wanted]


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def write_pids(directory: Path, running: Sequence[psutil.Process] = ()) -> None:
    """Write down this demo and its programs: process id and time of birth, which together name one process."""
    family = [psutil.Process(), *running]
    text = json.dumps([[each.pid, each.create_time()] for each in family])
    (directory / PIDS).write_text(text, encoding="utf-8")


def fresh_directory(directory: Path) -> None:
    """End what a killed demo left running in this folder, and empty it.

    Raises:
        DemoError: a demo runs there, or the folder holds something else than a demo.
    """
    mark = directory / PIDS
    if mark.exists():
        (demo, *programs) = json.loads(mark.read_text(encoding="utf-8"))
        if _find(*demo) is not None:
            raise DemoError(f"a demo runs in {directory} already (process {demo[0]})")
        for each in programs:
            if (process := _find(*each)) is not None:
                _end(process)
        shutil.rmtree(directory)
    elif directory.exists() and any(directory.iterdir()):
        raise DemoError(f"{directory} is not empty and no demo made it")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_pids(directory)


def _find(pid: int, born: float) -> psutil.Process | None:
    """Return a process that was written down, if it still lives; another one of the same number is none of ours."""
    try:
        process = psutil.Process(pid)
        return process if process.create_time() == born else None
    except psutil.NoSuchProcess:
        return None


def _end(process: psutil.Process) -> None:
    """End a process of an earlier demo with its children."""
    family = [process, *process.children(recursive=True)]
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.terminate()
    for each in psutil.wait_procs(family, timeout=15)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()


def at_once(steps: Sequence[Callable[[], None]]) -> None:
    """Run steps in threads of their own and wait for all; raise the first failure."""
    with ThreadPoolExecutor(max_workers=max(1, len(steps))) as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()
