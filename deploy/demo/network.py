"""The demo's network: hub, people, village PCs; started, used and ended by ids that were recorded at the start."""

import contextlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.demo.cast import ADMINS, PASSWORD, Person, Village, people
from deploy.demo.clerk import Clerk
from deploy.demo.evidence import HubEvidence, NodeEvidence
from deploy.demo.village_pc import VillagePc, enrol_all
from loadtests.processes import LocalHub, free_port, run_all

PIDS = "pids.json"
WEB_PORT, NODE_PORT = 8080, 8077
"""Where the pages are when nobody else is there."""


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(kw_only=True)
class DemoNetwork:
    """Everything that runs. ``stop`` may be called at any time."""

    directory: Path
    villages: tuple[Village, ...]
    usual_ports: bool = True
    """False: ports that nobody could have guessed, so that two runs at once do not meet."""
    hub: LocalHub = field(init=False)
    pcs: list[VillagePc] = field(init=False)

    def __post_init__(self) -> None:
        """Choose ports and folders."""
        self.people: Sequence[Person] = people(self.villages)
        self.hub = LocalHub(
            directory=self.directory / "hub",
            web_port=self._port(WEB_PORT),
            settings={"SIMPUL_HUB_WEB_THREADS": "8"},
        )
        self.pcs = [
            VillagePc(
                village=village,
                directory=self.directory / f"pc-{number}",
                hub_url=self.hub.url,
                port=self._port(NODE_PORT + number),
            )
            for number, village in enumerate(self.villages)
        ]

    def start(self) -> None:
        """Start the hub with its people, enrol the PCs and start them.

        Raises:
            ProcessError: a program does not start.
            BrowserError: a page refused.
        """
        self.hub.ask("init")
        with ThreadPoolExecutor(max_workers=2) as pool:
            for done in [pool.submit(self._add, person) for person in self.people]:
                done.result()
        self.hub.start()
        self._record()
        admins = [self.clerk(name) for name in ADMINS]
        for admin in admins:
            admin.sign_in()
        enrol_all(self.pcs, *admins)
        for pc in self.pcs:
            pc.start()
        self._record()

    def stop(self) -> None:
        """End all programs in order."""
        run_all([*(pc.program.stop for pc in self.pcs), self.hub.stop])

    def clerk(self, username: str) -> Clerk:
        """Return a person at a fresh browser at the hub."""
        return Clerk(self.hub.url, username, PASSWORD)

    @property
    def hub_evidence(self) -> HubEvidence:
        """The hub's database, read-only."""
        return HubEvidence(self.directory / "hub" / "data" / "hub.db")

    @property
    def node_evidence(self) -> list[NodeEvidence]:
        """The nodes' databases, read-only."""
        return [NodeEvidence(pc.database) for pc in self.pcs]

    def _add(self, person: Person) -> None:
        options = ("--role", person.role, "--office", person.office, "--name", person.name, "--password-stdin")
        self.hub.ask("people", "add", person.username, *options, given=f"{PASSWORD}\n")

    def _port(self, wanted: int) -> int:
        """Return the wanted port of loopback, or any free one when it is taken."""
        taken = {each.laddr.port for each in psutil.net_connections("tcp") if each.laddr}
        return wanted if self.usual_ports and wanted not in taken else free_port()

    def _record(self) -> None:
        """Write down who runs, so that the next start can end what a killed demo left behind."""
        programs = [self.hub.program, *(pc.program for pc in self.pcs)]
        running = [
            psutil.Process(each.process.pid) for each in programs if each.process is not None and each.is_running
        ]
        write_pids(self.directory, running)


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
