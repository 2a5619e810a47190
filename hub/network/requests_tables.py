"""Tables of what the hub says to offices and asks of nodes: broadcasts, remote requests with their answers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class Broadcast(Base):
    """A text that was sent to the offices of a scope."""

    __tablename__ = "broadcast"

    broadcast_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    scope: Mapped[str] = mapped_column(String(13))
    """A subdistrict or a village; empty: the whole regency."""
    text: Mapped[str] = mapped_column(String(500))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    written_by: Mapped[str] = mapped_column(String(80))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    nodes: Mapped[int]
    """How many it was sent to."""


class NodeRequest(Base):
    """One remote request to one node, and the first answer to it."""

    __tablename__ = "node_request"
    __table_args__ = (CheckConstraint("outcome IN ('', 'done', 'refused', 'failed')", name="outcome"),)

    request_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(10), default="")
    """Empty: no answer yet."""
    code: Mapped[str] = mapped_column(String(40), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """What the node brought, opened; no personal data by the node's rules, and treated as foreign all the same."""
