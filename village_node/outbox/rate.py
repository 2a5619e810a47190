"""How fast the link is, by what the hub's side acknowledged of files: for the time that is left, never for pacing.

Rules:
1. Bytes are counted in windows of ten seconds and more; a window in which the link stood still for two minutes, or in
   which the clock jumped, tells nothing and begins anew. Time in which nothing was on its way does not count.
2. Windows are averaged, the newest weighing a third: a bad minute does not turn five minutes into an hour.
3. A figure older than a day is not shown: the link of yesterday is not the link of today.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from village_node.outbox.tables import SendRate

WINDOW = timedelta(seconds=10)
LONGEST_WINDOW = timedelta(seconds=120)
STALE = timedelta(days=1)
NEWEST_WEIGHT = 3


def note_carried(session: Session, now: datetime, size: int, idle: timedelta = timedelta()) -> None:
    """Count bytes that were acknowledged now; ``idle`` of the time since the last ones nothing was on its way."""
    row = session.get(SendRate, 1)
    if row is None:
        session.add(SendRate(id=1, bits_per_second=0, measured_at=now, window_from=now, window_bytes=0))
        return
    row.window_from = max(row.window_from, min(now, row.window_from + idle))
    passed = now - row.window_from
    if not timedelta() <= passed <= LONGEST_WINDOW:  # rule 1
        row.window_from, row.window_bytes = now, 0
        return
    row.window_bytes += size
    if passed >= WINDOW:
        measured = int(row.window_bytes * 8 / passed.total_seconds())
        row.bits_per_second = averaged(row.bits_per_second, measured)
        row.measured_at, row.window_from, row.window_bytes = now, now, 0


def averaged(before: int, measured: int) -> int:
    """Return the figure after one more window (rule 2); 0 means that there was none before."""
    return measured if not before else (before * (NEWEST_WEIGHT - 1) + measured) // NEWEST_WEIGHT


def measured_rate(session: Session, now: datetime) -> int | None:
    """Return what the link carries, in bits per second, or None when nothing is known (rule 3)."""
    row = session.get(SendRate, 1)
    if row is None or not row.bits_per_second or not timedelta() <= now - row.measured_at <= STALE:
        return None
    return row.bits_per_second
