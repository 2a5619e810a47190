"""Tables: the node's name and its hub, officers, the mailbox key, the newest checkpoint, leased numbers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from village_node.store.schema import Base, Digest, UtcDateTime


class NodeIdentity(Base):
    """The one row that the enrolment writes."""

    __tablename__ = "node_identity"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    node_id: Mapped[str] = mapped_column(String(20))
    hub_id: Mapped[str] = mapped_column(String(4))
    village_name: Mapped[str] = mapped_column(String(80))
    subdistrict_name: Mapped[str] = mapped_column(String(80))
    certificate: Mapped[str] = mapped_column(Text)
    authority: Mapped[str] = mapped_column(Text)
    broker_host: Mapped[str] = mapped_column(String(253))
    broker_port: Mapped[int]
    log_key: Mapped[str] = mapped_column(String(300))
    message_key: Mapped[bytes] = mapped_column(Digest)
    sealing_key: Mapped[bytes] = mapped_column(Digest)
    permit_key: Mapped[bytes] = mapped_column(Digest)
    hub_url: Mapped[str] = mapped_column(String(300), default="")
    """Where a certificate that is over can be renewed; empty: where the settings say."""
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NamedOffice(Base):
    """What an office is called, as the hub said at the enrolment."""

    __tablename__ = "named_office"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))


class Officer(Base):
    """A person who works on this PC. The PIN is nowhere; it unwraps the vault key or it does not."""

    __tablename__ = "officer"

    officer_id: Mapped[str] = mapped_column(String(18), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    public_key: Mapped[bytes] = mapped_column(Digest, unique=True)
    kdf: Mapped[str] = mapped_column(String(120))
    """Parameters of the key derivation, as ``KdfParameters.text``: later officers may get stronger ones."""
    kdf_salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    wrapped_vault_key: Mapped[bytes] = mapped_column(LargeBinary(100))
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary(100))
    box_key: Mapped[bytes] = mapped_column(Digest)
    """X25519: what colleagues wrap for this officer is sealed to it."""
    box_proof: Mapped[bytes] = mapped_column(LargeBinary(64))
    """The officer's signature over ``box_key``."""
    sealed_box_key: Mapped[bytes] = mapped_column(LargeBinary(100))
    wrapped_mailbox_key: Mapped[bytes | None] = mapped_column(LargeBinary(200))
    """None until a colleague who has the mailbox key has signed in."""
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    certified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wrong_pins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MailboxKey(Base):
    """The public half of the key that the hub seals this node's letters to. One row; see ``mailbox.py``."""

    __tablename__ = "mailbox_key"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_key: Mapped[bytes] = mapped_column(Digest)


class KnownCheckpoint(Base):
    """The newest checkpoint that is linked to everything this node saw before. One row."""

    __tablename__ = "known_checkpoint"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(Digest)
    text: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LeasedBlock(Base):
    """Registration numbers ``first`` to ``last`` of a year that belong to this node; ``next`` is the next to use."""

    __tablename__ = "leased_block"
    __table_args__ = (
        CheckConstraint("first <= next AND next <= last + 1", name="within"),
        Index("uq_leased_block_year_first", "year", "first", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    next: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
