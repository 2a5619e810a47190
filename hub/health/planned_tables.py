"""Tables of what is planned: the weeks of villages and outages. Rows are added and closed, never overwritten."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, UtcDateTime


class VillageWeek(Base):
    """The hours in which a village office is expected; of several for one village the newest counts."""

    __tablename__ = "village_week"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    village: Mapped[str] = mapped_column(String(13), index=True)
    week: Mapped[str] = mapped_column(String(90))
    """As ``hours.Week`` writes it; empty: the calendar's hours again."""
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MaintenanceWindow(Base):
    """One planned outage, as it was announced to the nodes."""

    __tablename__ = "maintenance_window"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"),)

    window_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    scope: Mapped[str] = mapped_column(String(13))
    """A subdistrict or a village; empty: the whole regency."""
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    text: Mapped[str] = mapped_column(String(300))
    planned_by: Mapped[str] = mapped_column(String(80))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80), default=None)
    """Who called it off or closed it early; it excuses nobody from then on."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
