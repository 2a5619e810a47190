"""A simulated village PC: shipped runner and engine over a disk in memory and a link that the world holds."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

from loadtests.village import Village
from tests.hubs import CATALOGUE, START
from tests.node_stand import HeldClock
from tests.simulation.hub import SimHub
from tests.simulation.ports import Fuse, Item, MemoryStore, NodeDisk, SeededRandomness
from tests.simulation.sealing import SeededSeal
from village_node.identity.hub import Enrolled
from village_node.identity.keys import NodeKeys
from village_node.sync.carrier import Deliver, Greeting, Outbound
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits
from village_node.sync.runner import NodeParts, Runner

SERVICES = sorted(
    (service for service in CATALOGUE.services.values() if service.is_open),
    key=lambda service: (sum(item.min_files for item in service.requirements), service.code),
)[:2]
"""Those that ask for the fewest files: more steps a second."""

Send = Callable[["SimNode", Outbound], None]


@dataclass
class SimNode:
    """One PC. ``kill`` forgets everything but the disk."""

    hub: SimHub
    village: Village
    disk: NodeDisk
    random: Random
    send: Send
    """Hands a published message to the broker."""
    fuse: Fuse = field(default_factory=Fuse)
    clock: HeldClock = field(default_factory=lambda: HeldClock(time=START))
    events: list[m.Event] = field(default_factory=list)
    """What the link has for the runner."""
    is_up: bool = False

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        """Start the program from what the disk holds."""
        self.events.clear()
        self.is_up = False
        self.store = MemoryStore(self.village.node, self.disk, self.fuse)
        self.runner = Runner(self._parts(), self, self.store)

    # --- the carrier's side ------------------------------------------------------------------------------------------

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        """Wait: the world says when the link is there."""
        del deliver, greet

    def open_link(self) -> None:
        """Let the broker answer."""
        if not self.is_up:
            self.is_up = True
            self.events.append(m.Connected(self.runner._greet().session))

    def cut_link(self) -> None:
        """Let the link end."""
        if self.is_up:
            self.is_up = False
            self.events.append(m.Disconnected("lost"))

    def publish(self, message: Outbound) -> None:
        self.fuse.point()
        if not self.is_up:
            return
        self.send(self, message)
        if message.token is not None:
            self.events.append(m.Acknowledged(message.token))

    def reconnect(self) -> None:
        self.cut_link()

    def hurry(self) -> None:
        """There is no wait to cut short."""

    def stop(self, farewell: Outbound | None) -> None:
        del farewell

    # --- what happens to it ------------------------------------------------------------------------------------------

    def pass_ms(self, milliseconds: int) -> None:
        """Let time go by; the wall clock goes with it."""
        self.clock.time += timedelta(milliseconds=milliseconds)
        self.clock.elapsed += milliseconds

    def step(self) -> None:
        """Let the runner take what has come."""
        events, self.events = self.events or [m.Ticked()], []
        self.runner.step(list(events))

    def seal(self) -> None:
        """Let the officer put in an application; it is on the disk when this returns."""
        service = self.random.choice(SERVICES)
        village, disk = self.village, self.disk
        village.counter, village.previous, village.checkpoint = disk.counter, disk.previous, disk.newest
        village.random, village.box = self.random, SeededSeal(self.random)
        size = self.random.choice((1, 40, 400))
        made = village.seal_application(service, (self.random.randbytes(size),))
        manifest = made.manifest
        facts = m.ItemFacts(
            bundle=made.bundle,
            message_digest=hashlib.sha256(made.message).digest(),
            counter=manifest.counter,
            registration_no=manifest.registration_no,
            named=manifest.checkpoint,
            chunks=tuple(file.chunks for file in manifest.attachments),
        )
        disk.items[made.bundle] = Item(facts, made.message, tuple(made.chunks))
        disk.counter, disk.previous = manifest.counter, made.bundle

    def _parts(self) -> NodeParts:
        keys = self.hub.keys
        enrolled = Enrolled(
            node=self.village.node,
            village_name="Desa",
            subdistrict_name="Kecamatan",
            hub=keys.hub,
            log=self.hub.log,
            message_key=keys.message_key,
            sealing_key=keys.sealing_key,
            permit_key=keys.permit_key,
            broker_host="-",
            broker_port=0,
            certificate="",
            authority="",
            enrolled_at=START,
        )
        nothing = cast("Any", None)  # the runner reaches these through the store alone
        return NodeParts(
            database=nothing,
            files=cast("Any", self.store),
            documents=nothing,
            parcels=nothing,
            clock=self.clock,
            randomness=SeededRandomness(self.random),
            keys=NodeKeys(Path("/nonexistent"), tls=self.village.node_key, signing=self.village.node_key),
            enrolled=enrolled,
            data_dir=Path("/nonexistent"),
            limits=Limits(),
        )
