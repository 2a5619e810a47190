"""The calendar as administrators made it: versions, complete years, entries."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime


class CalendarVersion(Base):
    """One change of the calendar: who, when, why, and what its ledger entry hides."""

    __tablename__ = "calendar_version"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(200))
    ledger_index: Mapped[int] = mapped_column(BigKey, unique=True)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)


class CalendarYear(Base):
    """A year whose holidays were entered completely."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(ForeignKey("calendar_version.version"))


class CalendarEntry(Base):
    """One entry. A later import of its year removes it, which leaves the row."""

    __tablename__ = "calendar_entry"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(ForeignKey("calendar_version.version"), index=True)
    removed_in: Mapped[int | None] = mapped_column(ForeignKey("calendar_version.version"))
    kind: Mapped[str] = mapped_column(String(20))
    office: Mapped[str] = mapped_column(String(40))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    hours: Mapped[str] = mapped_column(String(80), default="")
    """``07:30-12:00 13:00-16:00``, local time."""
    policy: Mapped[str] = mapped_column(String(60), default="")
    """``five_day WIB closed``: pattern, zone, open or closed on joint leave."""
