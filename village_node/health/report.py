"""The figures of a birth, heartbeat or death."""

from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy.orm import Session

from protocol.health import Health, HealthKind
from protocol.ids import NodeId
from village_node import PROGRAM
from village_node.outbox.progress import figures
from village_node.store.ports import Clock

MEGABYTE = 2**20


@dataclass(kw_only=True, slots=True)
class Reporter:
    """Measures this PC."""

    node: NodeId
    clock: Clock
    data_dir: Path
    _claimed: int = field(default=0, init=False)

    def report(self, session: Session, kind: HealthKind, broker_session: int) -> Health:
        """Return what this node says about itself now."""
        outbox = figures(session)
        now = self.clock.now()
        oldest = 0.0 if outbox.oldest_sealed_at is None else (now - outbox.oldest_sealed_at).total_seconds()
        return Health(
            kind=kind,
            node=self.node,
            session=broker_session,
            claimed_at=self._claim(),
            program=PROGRAM,
            last_counter=outbox.last_counter,
            waiting=outbox.waiting,
            waiting_bytes=outbox.waiting_bytes,
            oldest_waiting_s=max(0, int(oldest)),
            disk_free_mb=psutil.disk_usage(str(self.data_dir)).free // MEGABYTE,
        )

    def _claim(self) -> int:
        """Return this PC's time, but always later than before: the hub ignores what looks like a repeated message."""
        self._claimed = max(self._claimed + 1, self.clock.now_ms())
        return self._claimed

    def farewell(self, broker_session: int) -> Health:
        """Return the last will: what the broker says for this node when the link breaks."""
        return Health(
            kind=HealthKind.DEATH,
            node=self.node,
            session=broker_session,
            claimed_at=max(0, self.clock.now_ms()),
            program=PROGRAM,
        )
