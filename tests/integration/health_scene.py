"""A hub with one node, a watch with a clock in the test's hands, and what the node's figures say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, update

from hub.calendar.service import current_calendar
from hub.health.alarm_queries import AlarmFilter, AlarmLine, list_alarms
from hub.health.alarm_rules import AlarmKind, Expiring, Phase
from hub.health.presence import on_health
from hub.health.watch import Watch, WatchTools
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeTally
from hub.registry.queries import load_node
from hub.registry.rules import NodeStatus
from hub.storage.engine import Database
from protocol.errors import CounterConflictError
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId
from tests.integration.fleet import NOW, Chance, a_node, fresh_database

NODE = NodeId("3314052003-01")
MONDAY = NOW + timedelta(hours=1)
"""9 o'clock of a working day in the village."""


@dataclass
class HealthScene:
    """One node and its watch."""

    database: Database
    now: datetime = MONDAY
    ends: list[Expiring] = field(default_factory=list)
    suspends: bool = True
    _counter: int = 0
    _claimed: int = 0

    def __post_init__(self) -> None:
        self.watch = Watch(
            self.database,
            WatchTools(
                randomness=Chance("watch"),
                read_calendar=current_calendar,
                expiries=lambda _, __: self.ends,
                suspends=self.suspends,
            ),
        )

    def pass_time(self, **length: float) -> None:
        """Let time pass, looking every minute at the longest every ten."""
        until = self.now + timedelta(**length)
        while self.now < until:
            self.now = min(until, self.now + timedelta(minutes=10))
            self.watch.look(self.now)

    def hear(self, kind: HealthKind, session: int = 500, figures: Figures | None = None, **more: Any) -> None:  # noqa: ANN401  # fields of Health
        self._claimed = max(self._claimed + 1, int(self.now.timestamp() * 1_000))
        health = Health(
            kind=kind, node=NODE, session=session, claimed_at=self._claimed, program="t", figures=figures,
            **({"disk_free_mb": 9_000} | more),
        )  # fmt: skip
        with self.database.session() as session_:
            on_health(session_, self.now, health)

    def born(self, run: bytes, session: int) -> None:
        self.hear(HealthKind.BIRTH, session, run=run)

    def decide(self, *, accepted: int = 0, rejected: int = 0, claimed: datetime | None = None) -> None:
        """Enter what intake would have decided."""
        claimed_ms = int((claimed or self.now).timestamp() * 1_000)
        with self.database.session() as session:
            for _ in range(accepted):
                self._counter += 1
                session.execute(insert(Bundle).values(_bundle(self._counter, self.now, claimed_ms)))
            counts = {"accepted": accepted, "rejected": rejected, "received": accepted + rejected}
            changed = {name: getattr(IntakeTally, name) + count for name, count in counts.items()}
            if not session.execute(update(IntakeTally).values(changed)).rowcount:  # type: ignore[attr-defined]
                session.execute(insert(IntakeTally).values(node_id=NODE, duplicate=0, quarantined=0, **counts))

    def conflict(self, name: str) -> None:
        digest = sha256(name.encode()).digest()
        row = {"message": digest, "node_id": NODE, "bundle_id": digest, "raw": b"", "kept_at": self.now}
        with self.database.session() as session:
            session.execute(insert(IntakeQuarantine).values(code=CounterConflictError.code, **row))
        self.decide(rejected=1)

    def alarms(self, phase: Phase | None = Phase.OPEN) -> list[AlarmLine]:
        with self.database.reading() as session:
            return list_alarms(session, AlarmFilter(phase=phase))

    def kinds(self) -> list[AlarmKind]:
        return sorted(line.kind for line in self.alarms())

    def status(self) -> NodeStatus:
        with self.database.reading() as session:
            node = load_node(session, NODE)
        assert node is not None
        return node.status


def _bundle(counter: int, now: datetime, claimed_ms: int) -> dict[str, object]:
    digest = sha256(f"{NODE}/{counter}".encode()).digest()
    return {
        "bundle_id": digest, "node_id": NODE, "counter": counter, "registration_no": digest.hex()[:20],
        "officer_id": "o", "village": NODE.village, "service": "D-SKU", "service_version": 1, "received_at": now,
        "claimed_ms": claimed_ms, "ledger_index": counter, "data_key": b"", "signed": b"", "content_key": b"",
        "state": "whole", "whole_at": None, "flags": "",
    }  # fmt: skip


@contextmanager
def health_scene(database_url: str) -> Iterator[HealthScene]:
    with fresh_database(database_url) as database:
        with database.session() as session:
            a_node(session)
        yield HealthScene(database=database)
