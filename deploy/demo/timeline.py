"""The clock of the demo: hub and village PCs read a file that says by how much their time is moved.

Log time only grows, so the past is played in order and ends at the present.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

WIB = timezone(timedelta(hours=7))
_SATURDAY = 5


class Timeline:
    """Moves everybody's time."""

    def __init__(self, file: Path) -> None:
        """Take the file; everybody is in the present."""
        self.file = file
        self._shift = timedelta()
        self._write()

    def now(self) -> datetime:
        """Return the time of the demo."""
        return datetime.now(UTC) + self._shift

    def be_at(self, moment: datetime) -> None:
        """Go to a moment; one that has passed already changes nothing, for time never goes back."""
        shift = moment - datetime.now(UTC)
        if moment > self.now() or self._shift == timedelta():
            self._shift = min(shift, timedelta())
            self._write()

    def come_home(self) -> None:
        """Go to the present."""
        self._shift = timedelta()
        self._write()

    def _write(self) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(int(self._shift.total_seconds() * 1000)), encoding="ascii")
        fresh.replace(self.file)


def past_days(today: date, count: int, every: int) -> list[date]:
    """Return ``count`` past weekdays, each ``every`` weekdays after the one before, the last one before today."""
    weekdays: list[date] = []
    day = today
    while len(weekdays) < count * every:
        day -= timedelta(days=1)
        if day.weekday() < _SATURDAY:
            weekdays.append(day)
    return sorted(weekdays[::every])


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of day in WIB."""
    return datetime.combine(day, time(hour, minute), tzinfo=WIB)
