"""Parcels that came on a stick, and how far each was read."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class Parcel(Base):
    """One file in the spool. Its content proves itself; the row says who brought it and what became of it."""

    __tablename__ = "parcel"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'done', 'failed')", name="state"),
        Index("ix_parcel_state", "state", "brought_at"),
    )

    parcel_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20))
    """Whose it claims to be; empty while nobody has read it."""
    brought_by: Mapped[str] = mapped_column(String(80))
    """Person id, or the operator of the command line."""
    brought_at: Mapped[datetime] = mapped_column(UtcDateTime)
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    position: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the file that have their verdicts; a restart goes on behind them."""
    answers: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the answers file that belong to them."""
    messages: Mapped[int] = mapped_column(Integer)
    accepted: Mapped[int] = mapped_column(Integer)
    """Bundles with a receipt that they arrived, now or before."""
    rejected: Mapped[int] = mapped_column(Integer)
    codes: Mapped[str] = mapped_column(String(400))
    """Reject codes with their numbers, such as ``answers_invalid:2``."""
    code: Mapped[str] = mapped_column(String(40))
    """Why reading ended early; empty when it did not."""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
