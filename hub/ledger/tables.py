"""Tables of the log. Entries and checkpoints are append-only by trigger; tiles and head grow at the right edge only."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer, LargeBinary, String, Text, event, insert
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.base import Base, BigKey, Digest, UtcDateTime


class LedgerEntry(Base):
    """One leaf: the bytes that were hashed, and what is asked of them often."""

    __tablename__ = "ledger_entry"

    index: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(60))
    time_ms: Mapped[int] = mapped_column(BigInteger)
    """Log time, milliseconds since 1970: never smaller than in the entry before."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(Digest)


class LedgerTile(Base):
    """Up to 256 hashes of tree level ``8 * level``, side by side (C2SP tlog-tiles)."""

    __tablename__ = "ledger_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary(256 * 32))


class LedgerHead(Base):
    """The one row that says how far the log goes. Whoever appends locks it."""

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary(64 * 32))
    """Roots of the perfect subtrees, largest first, 32 bytes each."""
    last_time_ms: Mapped[int] = mapped_column(BigInteger)


class LedgerCheckpoint(Base):
    """A tree head that was signed. The newest one is what the next one must extend."""

    __tablename__ = "ledger_checkpoint"

    size: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(Digest)
    text: Mapped[str] = mapped_column(Text)
    """The signed note (C2SP tlog-checkpoint)."""
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LedgerCosignature(Base):
    """A witness's line under a checkpoint, verified before it was kept."""

    __tablename__ = "ledger_cosignature"

    size: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(120), primary_key=True)
    line: Mapped[str] = mapped_column(String(400))


class LedgerWitness(Base):
    """How it stands with an outside witness."""

    __tablename__ = "ledger_witness"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigInteger)
    """Size of the checkpoint that it saw last, as far as the hub knows."""
    since: Mapped[datetime] = mapped_column(UtcDateTime)


def _start_empty(_target: object, connection: Connection, **_: object) -> None:
    connection.execute(insert(LedgerHead).values(id=1, size=0, frontier=b"", last_time_ms=0))


event.listen(LedgerHead.__table__, "after_create", _start_empty)
