"""What an administrator may be shown of this PC: codes, counts and times. Nothing that was typed, no name."""

from datetime import datetime

from sqlalchemy.orm import Session

from village_node import PROGRAM
from village_node.health.clock import ClockFinding
from village_node.identity.hub import find_enrolled
from village_node.inbox.link import list_attempts
from village_node.outbox import queries
from village_node.outbox.doctor import Road, diagnose_road
from village_node.store.space import Space


def support_figures(
    db: Session, road: Road, space: Space, clock: ClockFinding, bits_per_second: int
) -> dict[str, object]:
    """Return the figures as JSON has them; times in UTC."""
    enrolled, state, found = find_enrolled(db), queries.home(db), diagnose_road(road)
    return {
        "program": PROGRAM,
        "node": str(enrolled.node) if enrolled else None,
        "broker": f"{enrolled.broker_host}:{enrolled.broker_port}" if enrolled else None,
        "at": _time(road.now),
        "clock": {"state": str(clock.state), "off_by_s": int(clock.off_by.total_seconds())},
        "certificate": road.certificate,
        "link": {
            "state": str(state.link),
            "reason": road.reason,
            "since": _time(state.link_since),
            "last_answer": _time(road.last_answer_at),
            "last_beacon": _time(road.last_beacon_at),
            "bits_per_second": bits_per_second,
        },
        "cause": str(found.cause) if found else None,
        "tries": [
            {"outcome": run.outcome, "times": run.times, "first": _time(run.first_at), "last": _time(run.last_at)}
            for run in list_attempts(db)
        ],
        "outbox": {
            "waiting": state.waiting,
            "waiting_bytes": state.waiting_bytes,
            "oldest_waiting": _time(state.oldest_waiting_at),
            "rejected": state.rejected,
            "free_numbers": state.free_numbers,
        },
        "disk": {"state": str(space.state), "free_bytes": space.free_bytes, "free_inodes": space.free_inodes},
        "flags": [{"code": each.code, "times": each.times} for each in queries.list_flags(db)],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
