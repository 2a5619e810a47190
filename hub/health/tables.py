"""Tables of health: presence, the runs of the node program, the series of figures, alarms."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, UtcDateTime
from protocol.health import RUN_BYTES


class Presence(Base):
    """The newest that a node reported about itself, and when the hub heard it."""

    __tablename__ = "presence"
    __table_args__ = (CheckConstraint("state IN ('live', 'dead')", name="state"),)

    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), primary_key=True)
    session: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    """What was reported; what is shown is derived from this and ``seen_at`` (``rules.shown``)."""
    born_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_ms: Mapped[int] = mapped_column(BigInteger)
    program: Mapped[str] = mapped_column(String(40))
    last_counter: Mapped[int] = mapped_column(BigInteger)
    run: Mapped[bytes] = mapped_column(LargeBinary(RUN_BYTES), default=b"")
    """Which start of the node program this is; empty from an older one."""
    waiting: Mapped[int] = mapped_column(BigInteger)
    waiting_bytes: Mapped[int] = mapped_column(BigInteger)
    oldest_waiting_s: Mapped[int] = mapped_column(BigInteger)
    disk_free_mb: Mapped[int | None] = mapped_column(BigInteger)
    disk_total_mb: Mapped[int | None] = mapped_column(BigInteger, default=None)
    ram_free_mb: Mapped[int | None] = mapped_column(BigInteger, default=None)
    battery_percent: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    on_mains: Mapped[bool | None] = mapped_column(Boolean, default=None)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """How far the hub was ahead of the node."""
    rtt_ms: Mapped[int | None] = mapped_column(BigInteger, default=None)
    lost_percent: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    certificate_days: Mapped[int | None] = mapped_column(BigInteger, default=None)
    backup_age_h: Mapped[int | None] = mapped_column(BigInteger, default=None)
    sign_ins: Mapped[int | None] = mapped_column(BigInteger, default=None)
    failed_sign_ins: Mapped[int | None] = mapped_column(BigInteger, default=None)


class NodeRun(Base):
    """One start of a node's program that a session was heard of; the newest few of each node."""

    __tablename__ = "node_run"

    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), primary_key=True)
    run: Mapped[bytes] = mapped_column(LargeBinary(RUN_BYTES), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_session: Mapped[int] = mapped_column(BigInteger)
    returned: Mapped[int] = mapped_column(BigInteger, default=0)
    """How often it came back after another run: two programs with one key."""
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class HealthSample(Base):
    """What a node reported in one stretch of time; small, since there are ten thousand of them per node."""

    __tablename__ = "health_sample"
    __table_args__ = ({"sqlite_with_rowid": False},)

    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), primary_key=True)
    minutes: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Length of the stretch: 5, 60 or 1,440."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """Its beginning, by the hub's clock."""
    beats: Mapped[int] = mapped_column(BigInteger, default=0)
    births: Mapped[int] = mapped_column(BigInteger, default=0)
    deaths: Mapped[int] = mapped_column(BigInteger, default=0)
    waiting: Mapped[int | None] = mapped_column(BigInteger, default=None)
    waiting_bytes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    oldest_waiting_s: Mapped[int | None] = mapped_column(BigInteger, default=None)
    disk_free_mb: Mapped[int | None] = mapped_column(BigInteger, default=None)
    ram_free_mb: Mapped[int | None] = mapped_column(BigInteger, default=None)
    battery_percent: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    off_mains: Mapped[int] = mapped_column(BigInteger, default=0)
    offset_sum: Mapped[int | None] = mapped_column(BigInteger, default=None)
    offset_count: Mapped[int] = mapped_column(BigInteger, default=0)
    rtt_sum: Mapped[int | None] = mapped_column(BigInteger, default=None)
    rtt_count: Mapped[int] = mapped_column(BigInteger, default=0)
    lost_percent: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    sign_ins: Mapped[int | None] = mapped_column(BigInteger, default=None)
    failed_sign_ins: Mapped[int | None] = mapped_column(BigInteger, default=None)
    accepted: Mapped[int] = mapped_column(BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(BigInteger, default=0)
    quarantined: Mapped[int] = mapped_column(BigInteger, default=0)
    night: Mapped[int] = mapped_column(BigInteger, default=0)
    """Accepted bundles that were sealed at night by the node's clock."""


class SeriesMark(Base):
    """Up to when the stretches of one length were made from the shorter ones."""

    __tablename__ = "health_series_mark"

    minutes: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class TallyMark(Base):
    """A node's accounting when the watch looked last: who changed since is looked at."""

    __tablename__ = "health_tally_mark"

    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    accepted: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)


class Alarm(Base):
    """One thing that is not well, from the first sign to the end."""

    __tablename__ = "alarm"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'open', 'cleared')", name="state"),
        Index(
            "ix_alarm_present",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state <> 'cleared'"),
            postgresql_where=text("state <> 'cleared'"),
        ),
        Index("ix_alarm_state", "state", "opened_at"),
        Index("ix_alarm_node", "node_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(String(80))
    """What it is about: a node's name, or ``sealing-key``; with the kind unique among what is not cleared."""
    node_id: Mapped[str | None] = mapped_column(String(20), default=None)
    severity: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """The first sign; a pending alarm opens when it lasts."""
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    evidence: Mapped[str] = mapped_column(String(4_000))
    """JSON: ids, counts and times, never a person's word."""
    evidence_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(80), default=None)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    """When the node was suspended because of it."""
    cleared_by: Mapped[str | None] = mapped_column(String(80), default=None)
    """Empty: by itself."""
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class AlarmEvent(Base):
    """What happened to an alarm, and who did it."""

    __tablename__ = "alarm_event"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarm.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(80), default="")
    """Empty: the hub itself."""
    text: Mapped[str] = mapped_column(String(500), default="")
