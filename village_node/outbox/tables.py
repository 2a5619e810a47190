"""Tables: sealed items, their attachments, officers' later statements, and the head of the node's chain."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, Digest, UtcDateTime


class OutboxHead(Base):
    """Counter and id of the last sealed bundle. One row; survives the deletion of items."""

    __tablename__ = "outbox_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    counter: Mapped[int]
    last_bundle: Mapped[bytes | None] = mapped_column(Digest)


class OutboxItem(Base):
    """One sealed bundle. Nothing in clear but what its receipts show anyway."""

    __tablename__ = "outbox_item"
    __table_args__ = (
        Index("ix_outbox_item_open", "state", "counter"),
        Index("ix_outbox_item_corrects", "corrects"),
        Index("uq_outbox_item_registration_no", "registration_no", unique=True, sqlite_where=text("corrects IS NULL")),
    )

    bundle_id: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    counter: Mapped[int] = mapped_column(unique=True)
    registration_no: Mapped[str] = mapped_column(String(20))
    """A correction bears the number of its case."""
    officer_id: Mapped[str] = mapped_column(ForeignKey("officer.officer_id"))
    service: Mapped[str] = mapped_column(String(64))
    service_version: Mapped[int]
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    message: Mapped[bytes] = mapped_column(LargeBinary)
    """The bytes for ``up/bundle``, sealed to the hub."""
    message_digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    named_size: Mapped[int | None]
    """The checkpoint that the manifest names."""
    named_root: Mapped[bytes | None] = mapped_column(Digest)
    label: Mapped[bytes] = mapped_column(LargeBinary)
    """``Label`` under the officer's vault key."""
    state: Mapped[str] = mapped_column(String(10))
    """``waiting``, ``arrived``, ``whole`` or ``rejected``: what the hub's receipts say about the transport."""
    attempts: Mapped[int] = mapped_column(default=0)
    first_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    files_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the sealed files were deleted here, because a backup of the hub covers them."""
    carried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last written to a parcel; it waits for its receipt all the same."""
    corrects: Mapped[bytes | None] = mapped_column(Digest)
    """The first bundle of the case, for a correction."""
    request: Mapped[int | None]
    """Ledger index of the question that a correction answers."""


class OutboxAttempt(Base):
    """One try to send a bundle's manifest. Only the last few of each bundle are kept."""

    __tablename__ = "outbox_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("outbox_item.bundle_id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SendRate(Base):
    """What the link has carried lately, by the chunks that were acknowledged. One row."""

    __tablename__ = "send_rate"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bits_per_second: Mapped[int]
    """0: not measured yet."""
    measured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    window_from: Mapped[datetime] = mapped_column(UtcDateTime)
    window_bytes: Mapped[int]


class OutboxAttachment(Base):
    """One sealed file of a bundle. Its name as shown is in the item's label only."""

    __tablename__ = "outbox_attachment"

    bundle_id: Mapped[bytes] = mapped_column(ForeignKey("outbox_item.bundle_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    requirement: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(Digest)
    chunks: Mapped[int]
    delivered: Mapped[int] = mapped_column(default=0)
    """Chunks that are believed to be at the hub; for the progress bar, the hub alone knows."""
    held_back: Mapped[bool] = mapped_column(default=False)
    """This node delivered the same file before: its chunks go only if the hub asks for them after all."""


class OutboxAct(Base):
    """An officer's later statement about a case, sealed to the hub; written again until it is answered."""

    __tablename__ = "outbox_act"
    __table_args__ = (Index("ix_outbox_act_bundle", "bundle_id"),)

    act: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    bundle_id: Mapped[bytes] = mapped_column(Digest)
    """The first bundle of the case."""
    kind: Mapped[str] = mapped_column(String(20))
    officer_id: Mapped[str] = mapped_column(ForeignKey("officer.officer_id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What goes: signed by the officer, sealed to the hub."""
    digest: Mapped[bytes] = mapped_column(Digest, unique=True)
    """SHA-256 of ``sealed``: a refusal names it."""
    copy: Mapped[bytes] = mapped_column(LargeBinary)
    """The same statement sealed to the node's own mailbox key, for the officers of this PC."""
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """``waiting``, ``done`` or ``refused``."""
    code: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
