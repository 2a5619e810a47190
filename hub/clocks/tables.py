"""Clocks of cases and of their stages: when they began, what stopped them, what is due, and what it was before."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime

_RUNNING = text("stopped_at IS NULL")


class CaseClock(Base):
    """One clock. ``stage`` is a ``deadlines.clock_key``, or empty for the statutory clock of the whole case."""

    __tablename__ = "case_clock"
    __table_args__ = (
        Index("ix_case_clock_next_alarm", "next_alarm_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("ix_case_clock_version", "calendar_version", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("ix_case_clock_office", "office", "due_at"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(48), primary_key=True)
    office: Mapped[str] = mapped_column(String(40))
    """Whose calendar counts."""
    limit_days: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_paused: Mapped[bool] = mapped_column(Boolean, default=False)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None while it is paused, or while the calendar lacks a year (``missing_year``)."""
    missing_year: Mapped[int | None] = mapped_column(Integer)
    calendar_version: Mapped[int] = mapped_column(Integer)
    """The version of the calendar that ``due_at`` was worked out with."""
    deemed_days: Mapped[int | None] = mapped_column(Integer)
    """Limit after which silence counts as consent; only the whole case has one."""
    deemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    level: Mapped[int] = mapped_column(Integer, default=0)
    """How far it was escalated: 0 clerk, 1 division head, 2 head, 3 inspectorate."""
    deemed_level: Mapped[int] = mapped_column(Integer, default=0)
    """0 nothing said, 1 alarmed ahead, 2 the day passed and that was recorded."""
    next_alarm_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the worker has something to say again, should nothing change until then."""


class ClockPause(Base):
    """A time in which the office could not act: the applicant had to. ``stage`` empty: the whole case stood."""

    __tablename__ = "clock_pause"
    __table_args__ = (Index("ix_clock_pause_case_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"))
    stage: Mapped[str] = mapped_column(String(48))
    reason: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DueChange(Base):
    """A due time that was replaced: what it was, what it became, and why. Never changed, never deleted."""

    __tablename__ = "due_history"
    __table_args__ = (Index("ix_due_history_case_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"))
    stage: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(20))
    """``calendar``, ``paused``, ``resumed`` or ``reopened``."""
    old_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    old_version: Mapped[int] = mapped_column(Integer)
    new_version: Mapped[int] = mapped_column(Integer)


class ClockAlarm(Base):
    """An escalation or a legal event of a clock: at most once each. Holds what its ledger entry hides."""

    __tablename__ = "clock_alarm"

    case_id: Mapped[str] = mapped_column(ForeignKey("case_file.case_id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(48), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """The due time that was missed: a new promise may be missed anew."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    office: Mapped[str] = mapped_column(String(40))
    ledger_index: Mapped[int] = mapped_column(BigKey, unique=True)
    salt: Mapped[bytes] = mapped_column(Digest)
    subject: Mapped[bytes] = mapped_column(LargeBinary)
