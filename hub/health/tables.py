"""Tables of the fleet: presence."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


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
    waiting: Mapped[int] = mapped_column(BigInteger)
    waiting_bytes: Mapped[int] = mapped_column(BigInteger)
    oldest_waiting_s: Mapped[int] = mapped_column(BigInteger)
    disk_free_mb: Mapped[int | None] = mapped_column(BigInteger)
