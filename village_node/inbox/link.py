"""The record of the road to the hub: connected or not, since when, why not, the last answer, what was tried."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from village_node.inbox.tables import LinkAttempt, LinkRecord
from village_node.store.schema import bounded_ms

KEPT_ATTEMPTS = 12
"""Runs of tries that are kept: more than anybody reads, enough for a day of a bad link."""

NO_TRY = frozenset({"starting", "stopped", "hub_silent"})
"""What the record says without a try to connect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptRun:
    """So many tries, one after the other, that ended alike."""

    outcome: str
    times: int
    first_at: datetime
    last_at: datetime


def set_link(session: Session, now: datetime, *, connected: bool, reason: str) -> None:
    """Note a change of the link; ``reason`` is a stable code, empty when all is well."""
    link = _record(session)
    if reason not in NO_TRY and not (connected and link.connected):
        _note_attempt(session, now, "" if connected else reason[:40])
    if link.connected != connected or link.since is None:
        link.since = now
    link.connected, link.reason = connected, reason[:40]


def list_attempts(session: Session) -> list[AttemptRun]:
    """Return what was tried, newest first."""
    rows = session.scalars(select(LinkAttempt).order_by(LinkAttempt.id.desc()).limit(KEPT_ATTEMPTS))
    return [
        AttemptRun(outcome=row.outcome, times=row.times, first_at=row.first_at, last_at=row.last_at) for row in rows
    ]


def note_answer(session: Session, now: datetime) -> None:
    """Note that something signed by the hub for this node came."""
    _record(session).last_answer_at = now


def note_beacon(session: Session, now: datetime, hub_ms: int) -> None:
    """Note that the hub's beacon was heard, and how its time and this PC's compare.

    Beacons that a broker kept for us are old when they come: the newest of them counts.
    """
    link = _record(session)
    link.last_beacon_at = now
    hub_time = bounded_ms(hub_ms)
    if link.hub_time is None or hub_time >= link.hub_time:
        link.hub_time = hub_time
        link.hub_ahead_ms = int((hub_time - now).total_seconds() * 1_000)


def last_session(session: Session) -> int:
    """Return the number of the last session that began."""
    return _record(session).session


def keep_session(session: Session, number: int) -> None:
    """Keep the number of the session that began."""
    link = _record(session)
    link.session = max(link.session, number)


def _note_attempt(session: Session, now: datetime, outcome: str) -> None:
    newest = session.scalars(select(LinkAttempt).order_by(LinkAttempt.id.desc()).limit(1)).first()
    if newest is not None and newest.outcome == outcome:
        newest.times, newest.last_at = newest.times + 1, now
        return
    added = LinkAttempt(outcome=outcome, times=1, first_at=now, last_at=now)
    session.add(added)
    session.flush()
    session.execute(delete(LinkAttempt).where(LinkAttempt.id <= added.id - KEPT_ATTEMPTS))


def _record(session: Session) -> LinkRecord:
    link = session.get(LinkRecord, 1)
    if link is None:
        link = LinkRecord(id=1, session=0, connected=False, reason="")
        session.add(link)
        session.flush()
    return link
