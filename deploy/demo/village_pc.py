"""A village's PC: the program ``simpul-node`` as a process in a folder of its own, enrolled the real way."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.cast import PIN, Village
from deploy.demo.clerk import Clerk
from deploy.demo.officer import Officer
from loadtests.processes import ProcessError, Program, answers, free_port, wait_for

_FINGERPRINT = re.compile(r"fingerprint:\s*(\S.*\S)")
ENROL_S = 90


@dataclass(kw_only=True)
class VillagePc:
    """One PC. ``start`` and ``kill`` may be called as often as one likes."""

    village: Village
    directory: Path
    hub_url: str
    clock: str = ""
    """File that moves the clock."""
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        """Prepare the command."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.program = Program(
            module="village_node",
            environment={
                "SIMPUL_NODE_DATA_DIR": str(self.data_dir),
                "SIMPUL_NODE_UI_PORT": str(self.port),
                "SIMPUL_NODE_HUB_URL": self.hub_url,
                "SIMPUL_NODE_HEARTBEAT_S": "10",
                "SIMPUL_NODE_DEMO_CLOCK": self.clock,
            },
            log_file=self.directory / "node.log",
        )

    @property
    def url(self) -> str:
        """Where the officer's pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        """The node's own folder."""
        return self.directory / "data"

    @property
    def database(self) -> Path:
        """The node's database."""
        return self.data_dir / "node.db"

    def enrol(self, code: str, approve: Callable[[str], None]) -> None:
        """Type the code in; somebody compares the fingerprint that the screen shows and lets the PC in.

        Raises:
            ProcessError: the command failed.
            BrowserError: there is no such request at the hub.
        """
        said = self.directory / "enrol.log"
        command = Program(module="village_node", environment=self.program.environment, log_file=said)
        pin_file = self.directory / "pin"
        pin_file.touch(mode=0o600)
        pin_file.write_text(PIN, encoding="utf-8")
        command.start(
            "enrol", "--code", code, "--officer", self.village.officer, "--pin-file", str(pin_file), "--wait-s", "80"
        )
        try:
            wait_for(lambda: bool(_fingerprint(said)) or not command.is_running, "no fingerprint", within_s=ENROL_S)
            approve(_fingerprint(said))
            wait_for(lambda: not command.is_running, "enrolment does not end", within_s=ENROL_S)
        finally:
            command.stop()
            pin_file.unlink()

    def start(self) -> None:
        """Start the program and wait until the pages answer.

        Raises:
            ProcessError: they do not.
        """
        self.program.start("run")
        what = f"the node did not start, see {self.program.log_file}"
        wait_for(lambda: answers(f"{self.url}/masuk") or not self.program.is_running, what)
        if not self.program.is_running:
            raise ProcessError(what)

    def officer(self) -> Officer:
        """Return the village's officer at a fresh browser of this PC."""
        return Officer(self.url, self.village.officer, PIN)


def enrol_all(pcs: list[VillagePc], inviter: Clerk, approver: Clerk) -> None:
    """Enrol several PCs: one person makes the codes, another approves.

    Raises:
        ProcessError: a command failed.
        BrowserError: a page refused.
    """
    codes = [inviter.invite(pc.village.code) for pc in pcs]
    one_at_a_time = threading.Lock()

    def approve(fingerprint: str) -> None:
        with one_at_a_time:
            approver.approve(fingerprint)

    with ThreadPoolExecutor(max_workers=len(pcs)) as pool:
        for done in [pool.submit(pc.enrol, code, approve) for pc, code in zip(pcs, codes, strict=True)]:
            done.result()


def _fingerprint(said: Path) -> str:
    found = _FINGERPRINT.search(said.read_text(encoding="utf-8", errors="replace")) if said.exists() else None
    return found[1] if found else ""
