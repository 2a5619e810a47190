"""Bundles, their attachments and chunks, receipts, officers' acts, and what was refused or put aside."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, UtcDateTime

DIGEST = 32


class Bundle(Base):
    """An accepted bundle. Dedup by ``bundle_id``, for ever."""

    __tablename__ = "bundle"
    __table_args__ = (
        UniqueConstraint("node_id", "counter"),
        Index(
            "ix_bundle_first_number",
            "registration_no",
            unique=True,
            sqlite_where=text("corrects IS NULL"),
            postgresql_where=text("corrects IS NULL"),
        ),
        Index("ix_bundle_corrects", "corrects"),
        Index("ix_bundle_state", "state"),
    )

    bundle_id: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20))
    counter: Mapped[int] = mapped_column(BigInteger)
    registration_no: Mapped[str] = mapped_column(String(24))
    officer_id: Mapped[str] = mapped_column(String(20))
    village: Mapped[str] = mapped_column(String(13))
    service: Mapped[str] = mapped_column(String(40))
    service_version: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_ms: Mapped[int] = mapped_column(BigInteger)
    """The node's claim, in milliseconds; may be any number (D15)."""
    ledger_index: Mapped[int] = mapped_column(BigInteger)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    signed: Mapped[bytes] = mapped_column(LargeBinary)
    """The signed manifest, sealed with the data key."""
    content_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The key of the chunks, sealed with the data key."""
    state: Mapped[str] = mapped_column(String(10))
    whole_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    flags: Mapped[str] = mapped_column(String(80), default="")
    """Words for what was odd: ``link_broken``, ``checkpoint_unknown``."""
    corrects: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST), default=None)
    """The first bundle of the case that this one corrects, and whose number it bears."""


class BundleAttachment(Base):
    """One file of a bundle; ``blob`` names its place in the blob store once it is whole."""

    __tablename__ = "bundle_attachment"

    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("bundle.bundle_id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    requirement: Mapped[str] = mapped_column(String(40))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    """File name, sealed with the bundle's data key: it may hold a person's name."""
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(DIGEST))
    chunks: Mapped[int] = mapped_column(Integer)
    blob: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST))
    delivered_in: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST), default=None)
    """The earlier bundle to copy it from; None once its chunks are asked for."""


class BundleChunk(Base):
    """A sealed chunk in assembly. A chunk may come before its manifest; then it is not ``verified`` yet."""

    __tablename__ = "bundle_chunk"

    bundle_id: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    verified: Mapped[bool] = mapped_column(Boolean)
    came_at: Mapped[datetime] = mapped_column(UtcDateTime)
    box: Mapped[bytes] = mapped_column(LargeBinary)


class BundleReceipt(Base):
    """A verdict and, once it is signed, its receipt. The bytes in ``raw`` are written once and never change."""

    __tablename__ = "bundle_receipt"
    __table_args__ = (
        Index("ix_bundle_receipt_bundle", "bundle_id"),
        Index("ix_bundle_receipt_node", "node_id", "kind"),
        Index("ix_bundle_receipt_message", "node_id", "message", unique=True),
        Index(
            "ix_bundle_receipt_unsigned",
            "id",
            sqlite_where=text("raw IS NULL"),
            postgresql_where=text("raw IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    bundle_id: Mapped[bytes] = mapped_column(LargeBinary(DIGEST))
    node_id: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(16))
    ledger_index: Mapped[int] = mapped_column(BigInteger, unique=True)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary(DIGEST))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    message: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST))
    """Digest of a rejected message: the same message from the same node gets the same answer."""
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)


class OfficerAct(Base):
    """An officer's later statement about a bundle, as it came. Dedup by ``act``, for ever."""

    __tablename__ = "officer_act"

    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    act: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), index=True)
    officer_id: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    claimed_ms: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The sealed statement: the evidence."""
    code: Mapped[str] = mapped_column(String(40))
    """Empty: it took effect. Else why it was refused."""


class IntakeRefusal(Base):
    """A message that became no bundle verdict: once per message and code."""

    __tablename__ = "intake_refusal"

    message: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20), index=True)
    topic_kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(40))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    times: Mapped[int] = mapped_column(Integer)


class IntakeQuarantine(Base):
    """A message put aside whole: evidence of a conflict, or late work of a revoked node or officer."""

    __tablename__ = "intake_quarantine"

    message: Mapped[bytes] = mapped_column(LargeBinary(DIGEST), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20), index=True)
    bundle_id: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST))
    code: Mapped[str] = mapped_column(String(40))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IntakeTally(Base):
    """The accounting of one node's bundle messages: received = accepted + duplicate + rejected + quarantined."""

    __tablename__ = "intake_tally"

    node_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    received: Mapped[int] = mapped_column(BigInteger)
    accepted: Mapped[int] = mapped_column(BigInteger)
    duplicate: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
