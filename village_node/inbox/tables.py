"""Tables: receipts, notices, flags, and the state of the link."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, Digest, UtcDateTime


class StoredReceipt(Base):
    """One verified receipt, byte for byte."""

    __tablename__ = "stored_receipt"
    __table_args__ = (Index("ix_stored_receipt_bundle", "bundle_id", "log_index"),)

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(Digest)
    kind: Mapped[str] = mapped_column(String(20))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    log_index: Mapped[int]
    log_time: Mapped[datetime] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StoredNotice(Base):
    """One numbered notice, with the signed bytes it came in. The highest number is the cursor."""

    __tablename__ = "stored_notice"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    hub_time: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Flag(Base):
    """Something that should not happen did: which code, about which bundle, how often."""

    __tablename__ = "flag"
    __table_args__ = (Index("uq_flag_code_about", "code", "about", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    about: Mapped[bytes] = mapped_column(LargeBinary(32))
    """A bundle id, or empty."""
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    evidence: Mapped[bytes] = mapped_column(LargeBinary)
    """The signed bytes that raised it first, so that others can be shown them."""


class LinkRecord(Base):
    """What is known about the road to the hub. One row."""

    __tablename__ = "link_record"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session: Mapped[int] = mapped_column(default=0)
    """The last session number; the next is larger."""
    connected: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why there is no link, as a stable code."""
    last_answer_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When something signed by the hub for this node came last."""
    last_beacon_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hub_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The newest time that the hub's beacon named: the true time is not earlier."""
    hub_ahead_ms: Mapped[int | None]
    """By how much that was ahead of this PC's clock when it came; negative: this PC is ahead."""


class LinkAttempt(Base):
    """A run of tries to reach the hub that ended alike. Only the last few are kept."""

    __tablename__ = "link_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(40))
    """Empty: a link came about. Else the code of what went wrong."""
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KnownBackup(Base):
    """How much of the ledger a verified backup of the hub covers. One row."""

    __tablename__ = "known_backup"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    through: Mapped[int]
    """This many entries of the ledger."""
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseStep(Base):
    """One step of a case as a ``case`` notice told it. Nothing personal."""

    __tablename__ = "case_step"
    __table_args__ = (Index("ix_case_step_bundle", "bundle_id", "ledger_index"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of the notice."""
    bundle_id: Mapped[bytes] = mapped_column(Digest)
    """The first bundle of the case."""
    event: Mapped[str] = mapped_column(String(40))
    office: Mapped[str] = mapped_column(String(40))
    stage: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Log time."""
    ledger_index: Mapped[int]
    due_on: Mapped[str | None] = mapped_column(String(10))
    days_left: Mapped[int | None]
    amount_rp: Mapped[int | None]
    payment_code: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Letter(Base):
    """A sealed notice: which of them there are, and what an officer's look found it to be about.

    Its bytes stay in ``stored_notice``; what is in them is kept nowhere in clear.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_bundle", "bundle_id"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of the notice."""
    kind: Mapped[str] = mapped_column(String(20))
    """``correction`` or ``decision``."""
    state: Mapped[str] = mapped_column(String(10))
    """``sealed`` until an officer's key opened it once; ``read``; ``unreadable``."""
    bundle_id: Mapped[bytes | None] = mapped_column(Digest)
    """The first bundle of the case that it is about."""
    request: Mapped[int | None]
    """Ledger index of the question, for a correction."""
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OfferedDocument(Base):
    """A document that the hub has for this node; its pieces are fetched, and kept as they came: sealed."""

    __tablename__ = "offered_document"

    document: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    pieces: Mapped[int]
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FetchedPiece(Base):
    """A sealed piece that lies in the documents folder."""

    __tablename__ = "fetched_piece"

    document: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fetched_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RevocationPart(Base):
    """A signed part of the list of revoked documents. Those of older lists go when a newer list is whole."""

    __tablename__ = "revocation_part"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parts: Mapped[int]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalendarVersion(Base):
    """The hub's days off; the highest version counts, the others tell what was promised then."""

    __tablename__ = "calendar_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
