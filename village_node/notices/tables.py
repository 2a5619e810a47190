"""Tables: outages, announcements, requests of the hub with what became of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, UtcDateTime


class Outage(Base):
    """A planned outage as the hub told it last."""

    __tablename__ = "outage"

    window: Mapped[str] = mapped_column(String(26), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(String(300))
    is_off: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Announcement(Base):
    """A text of the hub for everybody in the office."""

    __tablename__ = "announcement"

    broadcast: Mapped[str] = mapped_column(String(26), primary_key=True)
    text: Mapped[str] = mapped_column(String(500))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HubRequest(Base):
    """Something that the hub asked of this PC, and what became of it."""

    __tablename__ = "hub_request"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'agreed', 'answered', 'closed')", name="state"),)

    request: Mapped[str] = mapped_column(String(26), primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(10), default="")
    code: Mapped[str] = mapped_column(String(40), default="")
    body: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Sealed to the hub; forgotten when the hub has it."""
    decided_by: Mapped[str] = mapped_column(String(18), default="")
    """The officer who agreed or refused; empty: the setting did."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
