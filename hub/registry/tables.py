"""Tables of the registry: nodes, officers, leases, and the openings of their ledger entries."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, UtcDateTime


class Node(Base):
    """One village node, under the name that the hub gave it."""

    __tablename__ = "node"
    __table_args__ = (
        UniqueConstraint("village", "serial"),
        CheckConstraint("status IN ('active', 'suspended', 'revoked')", name="status"),
        CheckConstraint("serial BETWEEN 1 AND 99", name="serial"),
    )

    node_id: Mapped[str] = mapped_column(String(13), primary_key=True)
    village: Mapped[str] = mapped_column(String(13), index=True)
    serial: Mapped[int] = mapped_column(Integer)
    signing_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    signing_kid: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    sealing_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    """X25519: what is personal in the node's mailbox is sealed to it."""
    status: Mapped[str] = mapped_column(String(10))
    program: Mapped[str] = mapped_column(String(40))
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    resume_asked_by: Mapped[str | None] = mapped_column(String(80), default=None)
    """Who wants a suspended node back; another person decides."""
    resume_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    mail_cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    """Every mailbox notice up to this number is stored at the node."""
    free_numbers: Mapped[int] = mapped_column(Integer, default=0)
    """Leased numbers that the node had left when it last wrote."""
    lease_notice: Mapped[int] = mapped_column(BigInteger, default=0)
    """Number of the notice that carried the newest lease; no further one is written before it is acknowledged."""


class Officer(Base):
    """One officer's key at one node."""

    __tablename__ = "officer"
    __table_args__ = (CheckConstraint("status IN ('pending', 'approved', 'active', 'revoked')", name="status"),)

    officer_id: Mapped[str] = mapped_column(String(18), primary_key=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    kid: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    status: Mapped[str] = mapped_column(String(10), index=True)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    certified_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    decided_by: Mapped[str | None] = mapped_column(String(80), default=None)
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The signed certificate, so that it is the same bytes whenever it is sent."""


class NumberLease(Base):
    """A block of registration numbers that belongs to one node alone."""

    __tablename__ = "number_lease"
    __table_args__ = (UniqueConstraint("year", "first"), CheckConstraint("first >= 1 AND last >= first", name="block"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), index=True)
    year: Mapped[int] = mapped_column(Integer)
    first: Mapped[int] = mapped_column(Integer)
    last: Mapped[int] = mapped_column(Integer)


class LeaseHead(Base):
    """The first number of a year that belongs to nobody yet. Its row is the lock for leasing."""

    __tablename__ = "lease_head"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    next: Mapped[int] = mapped_column(Integer)


class RegistryEvent(Base):
    """The opening of one ledger entry of this room."""

    __tablename__ = "registry_event"

    ledger_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    node_id: Mapped[str] = mapped_column(ForeignKey("node.node_id"), index=True)
    officer_id: Mapped[str | None] = mapped_column(String(18), default=None)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
