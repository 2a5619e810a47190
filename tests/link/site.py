"""One village and one hub with an emulated link between them: the shipped programs as processes, enrolled for real."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from deploy.demo.browser import Upload
from deploy.demo.cast import VILLAGES, people
from deploy.demo.network import DefaultHub, DemoNetwork
from deploy.demo.officer import Application
from deploy.demo.scenery import Scenery
from deploy.demo.village_pc import VillagePc
from loadtests.emulator.control import Emulator, Place, emulated_link
from loadtests.emulator.shape import Profile
from loadtests.processes import ProcessError, free_port
from protocol.catalogue import MediaType, Service
from tests.link.pdf import pdf_of

CHUNK = 48 * 1024
THIN = Profile(rate_bps=64_000, delay_s=0.35, loss=0.05)
"""The line of the issue: 64 kbit/s, 700 ms round trip, one packet in twenty lost."""


class FarHub(DefaultHub):
    """The embedded default at the far end of the link; its commands work on its folder and need no link."""

    place: Place

    @classmethod
    def at(cls, place: Place, directory: Path, web_port: int, broker_port: int) -> "FarHub":
        """Prepare a hub whose programs run at the far side."""
        settings = {
            "SIMPUL_HUB_BROKER_PUBLIC_HOST": place.host,
            "SIMPUL_HUB_BROKER_PUBLIC_PORT": str(place.ports[broker_port]),
            "SIMPUL_HUB_TRUSTED_HOSTS": f"127.0.0.1 {place.host}",
            "SIMPUL_HUB_BEACON_S": "300",
        }
        hub = cls(directory=directory, web_port=web_port, broker_port=broker_port, settings=settings)
        hub.place = place
        hub.program.before = place.run_far
        return hub

    @property
    def url(self) -> str:
        """Where its pages are, as seen from the village."""
        return f"http://{self.place.host}:{self.place.ports[self.web_port]}"


@dataclass(kw_only=True)
class Site:
    """Everything that runs."""

    link: Emulator
    network: DemoNetwork
    random: Random = field(default_factory=lambda: Random(7))

    @property
    def pc(self) -> VillagePc:
        """The village's PC."""
        return self.network.pcs[0]

    @property
    def hub(self) -> FarHub:
        """The hub."""
        hub = self.network.hub
        if not isinstance(hub, FarHub):
            raise TypeError
        return hub

    @property
    def service(self) -> Service:
        """A service whose papers may all be PDFs."""
        services = self.network.node_evidence[0].services()
        return next(each for each in services if _takes_pdf(each))

    def application(self, *, scans: int, files: int = 1) -> Application:
        """Return an application with so many bytes of scans, in so many files, that cannot be packed any smaller."""
        made = Scenery(str(self.random.random())).application(self.service)
        wanted = [requirement for requirement, _ in made.files]
        contents = [pdf_of(self.random.randbytes(scans // files)) for _ in range(files)]
        uploads = [
            (wanted[number % len(wanted)], Upload(name=f"s{number}.pdf", media_type="application/pdf", content=content))
            for number, content in enumerate(contents)
        ]
        small = pdf_of(b"")
        rest = [
            (requirement, Upload(name=f"k{number}.pdf", media_type="application/pdf", content=small))
            for number, requirement in enumerate(wanted[files:])
        ]
        return Application(service=made.service, typed=made.typed, files=[*uploads, *rest])

    def sealed_bytes(self) -> int:
        """Return what must go over the link: sealed files and manifests."""
        files = sum(file.stat().st_size for file in (self.pc.data_dir / "sealed").rglob("*") if file.is_file())
        return files + self.network.node_evidence[0].number("SELECT sum(length(message)) FROM outbox_item")

    def events(self, name: str) -> list[datetime]:
        """Return when the node's log tells of an event."""
        lines = self.pc.program.log_file.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if f'"{name}"' in line]
        return [datetime.fromisoformat(each["timestamp"]) for each in found if each["event"] == name]

    def receipt_times(self, kind: str) -> dict[str, datetime]:
        """Return when the receipts of a kind came to the node, by bundle."""
        rows = self.network.node_evidence[0].rows(
            f"SELECT hex(bundle_id), received_at FROM stored_receipt WHERE kind = '{kind}'"  # noqa: S608  # our own words
        )
        return {str(bundle): moment(value) for bundle, value in rows}


def _takes_pdf(service: Service) -> bool:
    """Tell whether every paper that may be wanted can be a PDF, and at least one is."""
    wanted = [each for each in service.requirements if each.required]
    return bool(wanted) and all(MediaType.PDF in each.media_types for each in wanted)


def moment(value: object) -> datetime:
    """Return a stored time."""
    return datetime.fromtimestamp(int(str(value)) / 1_000, tz=datetime.now().astimezone().tzinfo)


def wait(condition: "object", what: str, within_s: float) -> float:
    """Wait until a condition holds and return how long it took.

    Raises:
        ProcessError: it did not in time.
    """
    began = time.monotonic()
    while not condition():  # type: ignore[operator]
        if time.monotonic() - began > within_s:
            raise ProcessError(what)
        time.sleep(0.1)
    return time.monotonic() - began


@contextlib.contextmanager
def open_site(
    directory: Path, *, kind: str | None = None, node: Mapping[str, str] | None = None, start: bool = True
) -> Iterator[Site]:
    """Set everything up over a perfect link, which the caller then spoils."""
    directory.mkdir(parents=True, exist_ok=True)
    web_port, broker_port, node_port = free_port(), free_port(), free_port()
    with emulated_link([web_port, broker_port], kind=kind) as link:
        hub = FarHub.at(link.place, directory / "hub", web_port, broker_port)
        network = DemoNetwork(
            directory=directory,
            villages=VILLAGES[:1],
            people=[each for each in people(VILLAGES[:1]) if each.role == "network_admin"],
            hub=hub,
            node_ports=[node_port],
        )
        pc = network.pcs[0]
        pc.program.environment = {**pc.program.environment, "SIMPUL_NODE_HEARTBEAT_S": "300", **(node or {})}
        try:
            network.start()
            if not start:
                pc.program.stop()
            yield Site(link=link, network=network)
        finally:
            network.stop()
