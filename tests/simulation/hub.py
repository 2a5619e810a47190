"""The simulated hub: shipped intake runner, decision and ledger on SQLite in memory; keys from one seed."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pysqlite3 import dbapi2
from sqlalchemy import event

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.reading import AcceptedBundle
from hub.intake.runner import IntakeRunner, Pace
from hub.network.mail import _prove
from hub.registry import service as registry
from hub.storage.hubkeys import public_keys
from loadtests.village import Village
from protocol.checkpoint import LogKey
from protocol.enrolment import HubKeys
from protocol.ids import NodeId, OfficerId, VillageCode, crockford
from protocol.mailbox import Mail, OfficerRequest
from tests.hubs import HUB, START, YEAR, SetClock, TestHub, make_hub
from tests.simulation.ports import Fuse, MemoryBlobs, SeededRandomness

Loose: TypeAlias = Any
"""What has no name here: SQLAlchemy's sessions, drivers, and the insides that a bug reaches into."""

VILLAGES = ("33.14.01.2001", "33.14.01.2002")


@dataclass
class Wire:
    """The hub's end of the broker."""

    fuse: Fuse
    acknowledged: list[Incoming]
    published: list[Outgoing]

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del most, linger_s, idle_s
        return []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.fuse.point()
        self.acknowledged += messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.fuse.point()
        self.published += messages


class SimHub:
    """A hub that every run of this process finds as it was on its first day."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="simpul-sim-"))
        self.fuse = Fuse()
        made = make_hub(self.directory, "sqlite://")
        self.blobs = MemoryBlobs(self.fuse)
        self.clock, self.randomness = SetClock(), SeededRandomness(Random(7))
        context = replace(
            made.context,
            stores=replace(made.context.stores, blobs=self.blobs),
            clock=self.clock,
            randomness=self.randomness,
            open_cases=self._open_cases,
            on_mail=self._on_mail,
        )
        self.test_hub: TestHub = replace(made, context=context)
        self.context = context
        self.keys: HubKeys = public_keys(self.directory / "keys", HUB)
        self.log = LogKey.parse(self.keys.log)
        self.villages = [self._enrol(code) for code in VILLAGES]
        connection: Loose = context.stores.database.engine.raw_connection().driver_connection
        self.raw = connection
        self._first_day = dbapi2.connect(":memory:")
        self.raw.backup(self._first_day)
        engine = context.stores.database.engine
        # A power cut takes the connection from SQLAlchemy, which would close it and lose the memory that is our disk.
        engine.dialect.do_close = engine.dialect.do_terminate = lambda _: None  # type: ignore[assignment]
        engine.pool._creator = lambda *_: self.raw
        event.listen(engine, "before_cursor_execute", lambda *_: self.fuse.point())
        event.listen(engine, "commit", lambda _: self.fuse.point())
        self.cases: list[bytes] = []
        self.wire = Wire(self.fuse, [], [])
        self.runner = self._start()

    def begin(self, seed: int) -> None:
        """Stand as on the first day, with the chance of this seed."""
        self.lose_power()
        self.randomness.random = Random(f"hub {seed}")
        self.clock.time = START
        self._first_day.backup(self.raw)
        self.blobs.kept.clear()
        self.cases.clear()
        self.restart()

    def lose_power(self) -> None:
        """Forget what was not committed."""
        self.fuse.left = None
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    def restart(self) -> None:
        """Start the program anew: what it had in memory is gone."""
        self.wire = Wire(self.fuse, [], [])
        self.runner = self._start()

    def close(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextmanager
    def unbreakable(self) -> Iterator[None]:
        """Look without passing crash points."""
        left, self.fuse.left = self.fuse.left, None
        yield
        self.fuse.left = left

    def rows(self, query: str, *values: object) -> list[tuple[Loose, ...]]:
        """Read past all product code."""
        return list(self.raw.execute(query, values))

    def _start(self) -> IntakeRunner:
        return IntakeRunner(self.context, self.wire, Pace(most=64, linger_s=0), wait=self._wait)

    def _wait(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def _open_cases(self, session: object, now: object, accepted: Sequence[AcceptedBundle]) -> None:
        del session, now
        self.cases += [each.bundle_id for each in accepted]

    def _on_mail(self, session: Loose, now: object, mail: Mail) -> list[Outgoing]:
        del now
        if mail.proof is None:
            return []
        return _prove(session, mail.node, mail.proof, self.context.secrets.message)

    def _enrol(self, code: str) -> Village:
        chance = Random(f"village {code}")
        village = VillageCode(code)
        made = Village(
            node=NodeId(f"{village.dotless}-01"),
            hub=self.keys,
            officer=OfficerId(f"o-{crockford(chance.randbytes(10))}"),
            numbers=[],
            random=chance,
            node_key=Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)),
            officer_key=Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)),
        )
        decision = registry.Decision(now=START, by="simulation", randomness=self.randomness)
        with self.context.stores.database.session() as session:
            new = registry.NewNode(
                village=village,
                signing_key=made.node_key.public_key().public_bytes_raw(),
                sealing_key=made.sealing_key.public_key().public_bytes_raw(),
                program="simulation",
            )
            made.node = registry.enrol_node(session, new, decision).node_id
            key = made.officer_key.public_key().public_bytes_raw()
            wish = OfficerRequest(officer=made.officer, name="Petugas", public_key=key)
            registry.request_officers(session, made.node, [wish], START)
            registry.certify_officer(session, made.officer, decision, self.context.secrets.message)
            made.numbers = [registry.lease_numbers(session, made.node, YEAR, 500)]
        return made


@cache
def the_hub() -> SimHub:
    """Return this process's hub; its folder of keys goes with the process."""
    hub = SimHub()
    atexit.register(hub.close)
    return hub
