"""The mailboxes of the nodes, what every node has to know, and which documents a node may fetch."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, UtcDateTime

DIGEST = 32


class NoticeRow(Base):
    """One numbered notice to a node. Never changed, never deleted."""

    __tablename__ = "dispatch_notice"
    __table_args__ = (UniqueConstraint("node_id", "number"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    node_id: Mapped[str] = mapped_column(String(20))
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Standing(Base):
    """What holds for every node now, such as the calendar: a node that is enrolled later gets it too."""

    __tablename__ = "dispatch_standing"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    """Which one of its kind: part of a list, code and version of a service; empty where there is one."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Offer(Base):
    """A document that a notice offered to a node: nobody else may fetch it."""

    __tablename__ = "dispatch_offer"

    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    document: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """The notice that offered it."""
