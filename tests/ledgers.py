"""Ledgers for tests: a log on any database, drafts, and a way to change rows behind the program's back."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, insert, text

from hub.ledger.auditor import verify
from hub.ledger.findings import AuditReport
from hub.ledger.openings import stored_openings
from hub.ledger.service import EntryDraft, Sequenced, append, sign_head
from hub.ledger.tables import LedgerHead
from hub.storage.append_only import protect
from hub.storage.engine import Database
from protocol.checkpoint import Checkpoint, LogKey
from protocol.receipt import SignedRoot

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ORIGIN = "simpul/3314"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = LogKey(name=ORIGIN, public_key=KEY.public_key())

OPENINGS = MetaData()
OPENING = Table(
    "sample_opening",
    OPENINGS,
    Column("ledger_index", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary),
    Column("subject", LargeBinary),
)


def draft(number: int) -> EntryDraft:
    """Return the draft with this number: the same whenever it is asked for."""
    salt = hashlib.sha256(b"salt %d" % number).digest()
    return EntryDraft(kind="sample.made", salt=salt, subject=b"subject %d" % number)


@dataclass
class Ledger:
    """A log on a database with only this room's tables, and one table of openings."""

    database: Database
    drafts: int = 0
    entries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        metadata = LedgerHead.metadata
        protect(metadata)
        tables = [table for name, table in metadata.tables.items() if name.startswith("ledger_")]
        metadata.create_all(self.database.engine, tables=tables)
        OPENINGS.create_all(self.database.engine)

    def grow(self, count: int, now_ms: int = 1_000) -> list[Sequenced]:
        """Append ``count`` drafts in one transaction, each with its opening."""
        with self.database.session() as session:
            done = append(session, now_ms, [draft(self.drafts + place) for place in range(count)])
            rows = [
                {"ledger_index": item.index, "salt": item.draft.salt, "subject": item.draft.subject} for item in done
            ]
            if rows:
                session.execute(insert(OPENING), rows)
        self.drafts += count
        self.entries += [item.entry for item in done]
        return done

    def sign(self) -> SignedRoot:
        """Sign the head in a transaction of its own."""
        with self.database.session() as session:
            return sign_head(session, NOW, KEY, ORIGIN)

    def audit(self, *remembered: Checkpoint) -> AuditReport:
        """Verify everything that is stored."""
        with self.database.reading() as session:
            return verify(session, LOG, stored_openings(session, OPENINGS), remembered)

    def found(self, *remembered: Checkpoint) -> dict[str, int]:
        """Return the kinds of contradictions with their first index."""
        return {str(finding.kind): finding.index for finding in self.audit(*remembered).findings}

    def tamper(self, statement: str, **values: object) -> None:
        """Run SQL as somebody would who owns the database."""
        with self.without_triggers(), self.database.engine.begin() as connection:
            done = connection.execute(text(statement), values)
            assert done.rowcount, "the tampering met no row"

    @contextmanager
    def without_triggers(self) -> Iterator[None]:
        """Take the triggers away, as an owner can."""
        names = ("ledger_entry", "ledger_checkpoint")
        with self.database.engine.begin() as connection:
            for statement in _drops(connection.dialect.name, names):
                connection.execute(text(statement))
        yield


def _drops(dialect: str, tables: Sequence[str]) -> list[str]:
    triggers = [(f"{table}_{what}", table) for table in tables for what in ("keep", "fixed")]
    if dialect == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name, _ in triggers]
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in triggers]


def flipped(data: bytes, place: int = 0) -> bytes:
    """Return the bytes with one bit changed."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
