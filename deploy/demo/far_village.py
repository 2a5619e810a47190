"""Villages that are played without a PC of their own: they seal, sign and send as a node does, over the real broker.

A PC with its pages takes a second for each application; weeks of a whole regency need hundreds. What these villages
send goes the same road and is judged by the same hub.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from msgspec.structs import replace

from deploy.demo.cast import Village
from deploy.demo.clerk import Clerk
from deploy.demo.scans import Camera
from loadtests.enrol import Enrolled, enrol
from loadtests.link import VillageLink
from loadtests.processes import LocalHub
from loadtests.village import Made
from protocol.catalogue import MediaType, Requirement, Service
from protocol.checkpoint import LogKey
from protocol.receipt import ReceiptKind, verify_receipt
from protocol.topics import Up

AT_ONCE = 60
"""Messages that one village sends before it looks what came back: the hub's line for one node holds 64."""

SCANS = 6
"""Different scans of each kind; drawing one for each attachment would take most of the demo."""


@dataclass(frozen=True, kw_only=True)
class Counter:
    """Makes codes and lets PCs in, at the pages of two administrators."""

    inviter: Clerk
    approver: Clerk

    def invite(self, village_code: str) -> str:
        """Return a code for a village."""
        return self.inviter.invite(village_code)

    def approve(self, code_id: str) -> None:
        """Let the PC in that asked with this code."""
        self.approver.approve_code(code_id)


class Drawer:
    """Scans that were drawn before."""

    def __init__(self, seed: str) -> None:
        """Draw them."""
        camera = Camera(Random(seed))
        lines = ["Pemohon contoh", "Kabupaten Sragen"]
        self._random = Random(seed)
        self._pages = [camera.page("BERKAS CONTOH", lines) for _ in range(SCANS)]
        self._papers = [camera.pdf("BERKAS CONTOH", lines) for _ in range(SCANS)]

    def scan(self, requirement: Requirement) -> bytes:
        """Return a file of the first kind that the requirement takes."""
        kind = requirement.media_types[0]
        return self._random.choice(self._papers if kind is MediaType.PDF else self._pages)


class FarVillage:
    """One village at the broker."""

    def __init__(self, enrolled: Enrolled, broker_port: int, drawer: Drawer) -> None:
        """Connect."""
        self.enrolled = enrolled
        self.services = sorted((each for each in enrolled.services if each.is_open), key=lambda each: each.code)
        self.names: set[str] = set()
        self.numbers: list[str] = []
        self._drawer = drawer
        self._link = VillageLink(enrolled, broker_port)
        self._log = LogKey.parse(enrolled.village.hub.log)
        self._open: dict[bytes, Made] = {}
        self._read = 0

    def submit(self, service: Service, claimed_ms: int) -> None:
        """Seal an application; ``push`` sends it."""
        village = self.enrolled.village
        made = village.seal_application(
            service, self._drawer.scan, lambda manifest: replace(manifest, claimed_at=claimed_ms)
        )
        self.names.add(made.manifest.applicant.name)
        self.numbers.append(str(made.manifest.registration_no))
        self._open[made.bundle] = made

    def push(self) -> int:
        """Send some of what has no receipt for all its files yet, as much as the hub takes of one village at a time.

        Return how many applications are still open.
        """
        for raw in self._link.receipts[self._read :]:
            self._read += 1
            receipt = verify_receipt(raw[1], log=self._log)
            if receipt.subject.kind is ReceiptKind.WHOLE:
                self._open.pop(receipt.subject.bundle, None)
        room = AT_ONCE
        for made in self._open.values():
            room -= 1 + len(made.chunks)
            if room < 0:
                break
            self._link.send([made.message])
            self._link.send(made.chunks, Up.CHUNK)
        return len(self._open)

    @property
    def receipts(self) -> list[bytes]:
        """What came back at once, byte for byte."""
        return [raw for _, raw in self._link.receipts]

    def close(self) -> None:
        """Leave the broker."""
        self._link.close()


def settle(
    hub: LocalHub, villages: tuple[Village, ...], directory: Path, counter: Counter, done: Callable[[int], None]
) -> list[FarVillage]:
    """Enrol these villages and connect them.

    Raises:
        ProcessError: the hub refused.
        BrowserError: a page refused.
    """
    drawer, found = Drawer("far"), []
    for number, village in enumerate(villages, 1):
        enrolled = enrol(hub, village.code, directory / "far", administrators=counter, random=Random(village.code))
        found.append(FarVillage(enrolled, hub.broker_port, drawer))
        done(number)
    return found
