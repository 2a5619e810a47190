"""The figures of a birth, heartbeat or death."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from protocol.health import MAX_OFFSET_MS, Figures, Health, HealthKind
from protocol.ids import NodeId
from village_node import PROGRAM
from village_node.health.clock import hub_times
from village_node.health.link_meter import LinkMeter
from village_node.health.machine import Machine, read_machine
from village_node.health.road import validity_of
from village_node.identity.hub import find_enrolled
from village_node.identity.sessions import SignIns, no_sign_ins
from village_node.inbox.backup import backup_noted_at
from village_node.outbox.progress import figures
from village_node.store.ports import Clock

MOST_DAYS = 100_000


@dataclass(kw_only=True, slots=True)
class Reporter:
    """Measures this PC."""

    node: NodeId
    clock: Clock
    data_dir: Path
    run: bytes = b""
    """Drawn once per start of the program: two that take turns are two programs with one key."""
    meter: LinkMeter | None = None
    sign_ins: Callable[[], SignIns] = no_sign_ins
    _claimed: int = field(default=0, init=False)

    def report(self, session: Session, kind: HealthKind, broker_session: int) -> Health:
        """Return what this node says about itself now."""
        outbox, machine = figures(session), read_machine(self.data_dir)
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
            disk_free_mb=machine.disk_free_mb,
            run=self.run,
            figures=self._figures(session, now, machine),
        )

    def _figures(self, session: Session, now: datetime, machine: Machine) -> Figures:
        counts = self.sign_ins()
        return Figures(
            ram_free_mb=machine.ram_free_mb,
            disk_total_mb=machine.disk_total_mb,
            battery_percent=machine.battery_percent,
            on_mains=machine.on_mains,
            clock_offset_ms=_offset_ms(session),
            rtt_ms=None if self.meter is None else self.meter.round_trip_ms(),
            lost_percent=None if self.meter is None else self.meter.lost_percent(),
            certificate_days=_certificate_days(session, now),
            backup_age_h=_hours_since(backup_noted_at(session), now),
            sign_ins=counts.opened,
            failed_sign_ins=counts.failed,
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


def _offset_ms(session: Session) -> int | None:
    ahead = hub_times(session).ahead
    if ahead is None:
        return None
    return max(-MAX_OFFSET_MS, min(MAX_OFFSET_MS, ahead // timedelta(milliseconds=1)))


def _certificate_days(session: Session, now: datetime) -> int | None:
    enrolled = find_enrolled(session)
    validity = None if enrolled is None else validity_of(enrolled.certificate)
    return None if validity is None else max(-MOST_DAYS, min(MOST_DAYS, (validity.ends - now).days))


def _hours_since(moment: datetime | None, now: datetime) -> int | None:
    """Return whole hours; 0 when the clock was set back meanwhile."""
    return None if moment is None else max(0, int((now - moment) / timedelta(hours=1)))
