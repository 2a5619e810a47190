"""Locust: outsiders that play whole village PCs over MQTT, and people at the hub's pages.

``make load`` makes the world (a hub of its own on loopback, enrolled villages) and starts this; the folder of the world
comes in ``SIMPUL_LOAD_WORLD``. By hand, with Locust's own pages or several processes, see ``loadtests/README.md``.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import gevent  # type: ignore[import-untyped]  # Locust brings it, without types
from locust import HttpUser, LoadTestShape, User, between, events, task
from locust.env import Environment
from locust.runners import WorkerRunner

from loadtests.administrators import password_of
from loadtests.enrol import Enrolled
from loadtests.player import Player, PlayError
from loadtests.shapes import SHAPES, ShapeName
from loadtests.village import Made
from loadtests.world import World, load_nodes, load_world
from protocol.topics import Up

WORLD = load_world(Path(os.environ["SIMPUL_LOAD_WORLD"]))
SHAPE = SHAPES[ShapeName(os.environ.get("SIMPUL_LOAD_SHAPE", ShapeName.NORMAL_DAY))]
DURATION_S = float(os.environ.get("SIMPUL_LOAD_DURATION_S", "60"))
RATE = float(os.environ.get("SIMPUL_LOAD_RATE", "10"))
"""Applications per second of the whole regency at the peak of a usual day."""
PEOPLE = int(os.environ.get("SIMPUL_LOAD_PEOPLE", "6"))
WORKERS = int(os.environ.get("SIMPUL_LOAD_WORKERS", "1"))
DRAIN_S = 120.0
HEARTBEAT_S = 60.0
HOSTILE = 2
BAD_LINK_EVERY = 10
"""Each tenth village is on a bad line."""
FILES = tuple(Random(size).randbytes(size) for size in (20_000, 60_000, 110_000))


class Seats:
    """Hands each player a village PC of its own; with several Locust processes each has its part."""

    def __init__(self, world: World) -> None:
        """Load the village PCs."""
        self._nodes = load_nodes(world)
        self._free: Iterator[tuple[int, Enrolled]] = iter(())

    @property
    def count(self) -> int:
        """How many village PCs play as they should; the rest is hostile."""
        return len(self._nodes) - HOSTILE

    def deal(self, part: int, parts: int) -> None:
        """Begin to hand out the seats of one process."""
        self._free = itertools.islice(enumerate(self._nodes[: self.count]), part, None, parts)

    def take(self) -> tuple[int, Enrolled]:
        """Return the next place and its village PC."""
        return next(self._free)

    def hostile(self) -> Enrolled:
        """Return a village PC whose owner means harm; its neighbours' topics are not its own."""
        return self._nodes[-1]


SEATS = Seats(WORLD)
STARTED = time.monotonic()


def progress() -> float:
    """Return how far the day is, from 0 to 1."""
    return min(1.0, (time.monotonic() - STARTED) / DURATION_S)


@events.test_start.add_listener  # type: ignore[untyped-decorator]  # Locust's hook
def deal_seats(environment: Environment, **_: Any) -> None:  # noqa: ANN401  # Locust's hook
    """Give this process its part of the villages."""
    runner = environment.runner
    part = runner.worker_index if isinstance(runner, WorkerRunner) else 0
    SEATS.deal(part, WORKERS)


class Village(User):
    """A village PC on a usual line."""

    fixed_count = SEATS.count

    def on_start(self) -> None:
        """Take a seat, seal what waited since the last link, connect, and deliver it."""
        self.place, enrolled = SEATS.take()
        self.player = Player(enrolled, WORLD.broker_port, WORLD.journal_dir)
        self.random = Random(self.place)
        self.is_bad_line = self.place % BAD_LINK_EVERY == BAD_LINK_EVERY - 1
        self.made = 0
        self.open: list[Made] = []
        self.open += [self._seal() for _ in range(SHAPE.backlog)]
        self._timed("connect", self.player.connect)
        self.pulse = gevent.spawn(self._beat)
        self._deliver_all(DRAIN_S)

    def wait_time(self) -> float:
        """Return the pause before the next application of this village: the day decides."""
        each = RATE * SHAPE.peak * SHAPE.rate_share(progress()) / SEATS.count
        return min(self.random.expovariate(each), DURATION_S)

    @task(20)
    def apply(self) -> None:
        """Take an application for a resident: form first, scans later."""
        self.open.append(self._seal())
        self._deliver_all(60.0)

    @task(1)
    def lose_the_link(self) -> None:
        """Lose the line and come back."""
        self.player.drop()
        gevent.sleep(self.random.uniform(0.5, 3.0))
        self._timed("reconnect", self.player.connect)
        self._deliver_all(60.0)

    def on_stop(self) -> None:
        """Deliver what is still open, as a node does before anything else."""
        self._deliver_all(DRAIN_S)
        self.pulse.kill()
        self.player.drop()
        for code in self.player.refusals:
            self._fire("refusal", 0.0, PlayError(code))

    def _beat(self) -> None:
        """Send a heartbeat a minute; while the line is cut there is none to send."""
        while True:
            gevent.sleep(HEARTBEAT_S)
            if self.player.is_online:
                self.player.heartbeat(len(self.open))

    def _seal(self) -> Made:
        self.made += 1
        return self.player.seal(self.place + self.made, FILES[self.made % len(FILES) :])

    def _deliver_all(self, within_s: float) -> None:
        for made in list(self.open):
            is_here = self._timed("application to receipt", partial(self.player.deliver_manifest, made, within_s))
            if is_here and self.is_bad_line:
                self.player.send_chunks(made.chunks[:1])
                self.player.drop()
                gevent.sleep(self.random.uniform(0.2, 2.0))
                self._timed("reconnect", self.player.connect)
            if is_here and self._timed("files to receipt", partial(self.player.deliver_files, made, within_s)):
                self.open.remove(made)

    def _timed(self, name: str, step: Callable[[], None]) -> bool:
        begun = time.perf_counter()
        try:
            step()
        except PlayError as error:
            self._fire(name, time.perf_counter() - begun, error)
            return False
        self._fire(name, time.perf_counter() - begun, None)
        return True

    def _fire(self, name: str, seconds: float, error: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="MQTT", name=name, response_time=seconds * 1000, response_length=0, exception=error, context={}
        )


class HostileVillage(User):
    """An enrolled PC in bad hands: rubbish, copies, a neighbour's topic, chunks of nothing. It may only harm itself."""

    fixed_count = 1
    wait_time = between(0.05, 0.3)

    def on_start(self) -> None:
        """Connect with its own good certificate."""
        self.player = Player(SEATS.hostile(), WORLD.broker_port, WORLD.journal_dir)
        self.random = Random(666)
        self.player.connect()
        self.good = self.player.seal(0, FILES[:1])

    @task
    def harm(self) -> None:
        """Send one hostile message."""
        kind = self.random.choice((Up.BUNDLE, Up.CHUNK, Up.MAIL, Up.HEALTH))
        spoiled = bytearray(self.good.message)
        spoiled[self.random.randrange(len(spoiled))] ^= 1 << self.random.randrange(8)
        payload = self.random.choice((self.good.message, bytes(spoiled), self.random.randbytes(2_000), b""))
        self.player.send(kind, payload)

    def on_stop(self) -> None:
        """Go; that it was refused is no failure of the hub."""
        self.player.drop()


class Person(HttpUser):
    """Somebody at a desk of the hub: the queue, a case, the export."""

    host: str | None = WORLD.web_url
    fixed_count = max(1, PEOPLE // 2)
    wait_time = between(1.0, 3.0)
    username: ClassVar[str] = "load-desk"

    def on_start(self) -> None:
        """Sign in."""
        page = self.client.get("/sign-in", name="sign-in page").text
        token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        fields = {"username": self.username, "password": password_of(self.username), "csrf_token": token}
        self.client.post("/sign-in", fields, name="sign in")
        self.links: list[str] = []

    @task(5)
    def queue(self) -> None:
        """Read the work queue."""
        page = self.client.get("/cases", name="queue").text
        self.links = [part.partition('"')[0] for part in page.split('href="/cases/')[1:40]]
        self.links = [link for link in self.links if len(link) == 26]  # noqa: PLR2004  # the length of a case id

    @task(3)
    def case(self) -> None:
        """Open a case."""
        if self.links:
            self.client.get(f"/cases/{self.links[int(time.time()) % len(self.links)]}", name="case page")

    @task(1)
    def export(self) -> None:
        """Take the list along."""
        self.client.get("/cases/export.csv", name="export")


class Visitor(HttpUser):
    """Somebody without an account: the public pages of the ledger."""

    host: str | None = WORLD.web_url
    fixed_count = max(1, PEOPLE - PEOPLE // 2)
    wait_time = between(1.0, 3.0)

    @task(3)
    def checkpoint(self) -> None:
        """Read the newest checkpoint."""
        self.client.get("/log/checkpoint", name="checkpoint")

    @task(1)
    def sign_in_page(self) -> None:
        """Look at the door."""
        self.client.get("/sign-in", name="sign-in page")


class Day(LoadTestShape):
    """Offices open one after the other, work, and close together."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many players there are, and how many may arrive per second; None ends the day."""
        run_s = self.get_run_time()  # type: ignore[no-untyped-call]  # Locust has no type for it
        if run_s >= DURATION_S:
            return None
        players = SEATS.count + 1 + PEOPLE
        return players, max(1.0, players / max(1.0, DURATION_S * SHAPE.arrival_share))
