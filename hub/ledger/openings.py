"""The openings of entries: what the commitments hide, in the rooms that made the entries.

Every table with the columns ``ledger_index``, ``salt`` and ``subject`` holds openings; ``entry`` and ``raw``, where it
has them, are the entry's bytes and a signed receipt. Found by name, because this room knows none of the others.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import MetaData, Table, null, select
from sqlalchemy.orm import Session

from hub.ledger.findings import Findings, Kind
from hub.ledger.tables import LedgerCheckpoint, LedgerEntry
from protocol.checkpoint import LogKey
from protocol.errors import ProtocolError
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.receipt import Entry, Receipt, commitment, verify_receipt
from protocol.wire import from_bytes

_REQUIRED = frozenset({"ledger_index", "salt", "subject"})
_ROWS = 500


@dataclass(frozen=True, slots=True)
class Opening:
    """What one row says about one entry."""

    index: int
    salt: bytes
    subject: bytes
    entry: bytes | None = None
    """The entry's bytes, as the room kept them."""
    receipt: bytes | None = None
    """The signed receipt, once it was made."""


def stored_openings(session: Session, metadata: MetaData) -> Iterator[Opening]:
    """Yield every opening of the database in the order of the log; constant memory."""
    tables = [table for table in metadata.sorted_tables if set(table.columns.keys()) >= _REQUIRED]
    return heapq.merge(*(_read(session, table) for table in tables), key=lambda opening: opening.index)


def _read(session: Session, table: Table) -> Iterator[Opening]:
    columns = table.columns
    optional = [columns[name] if name in columns else null() for name in ("entry", "raw")]
    query = select(columns["ledger_index"], columns["salt"], columns["subject"], *optional)
    after = -1
    while True:
        page = query.where(columns["ledger_index"] > after).order_by(columns["ledger_index"]).limit(_ROWS)
        rows = session.execute(page).all()
        if not rows:
            return
        for row in rows:
            yield Opening(*row)
        after = rows[-1][0]


class OpeningsAudit:
    """One run over the openings: each must open its entry, each entry must have one, each receipt must verify."""

    def __init__(self, session: Session, log: LogKey, findings: Findings) -> None:
        """Take where to read, whose signatures count, and where to note what is wrong."""
        self.openings = 0
        self.receipts = 0
        self._session = session
        self._log = log
        self._findings = findings

    def run(self, openings: Iterable[Opening], size: int) -> None:
        """Check them all, for a log of ``size`` entries; they come in the order of the log."""
        expected, source = 0, iter(openings)
        while page := list(islice(source, _ROWS)):
            bodies = self._bodies(page)
            for opening in page:
                self._note_missing(expected, opening.index)
                expected = max(expected, opening.index + 1)
                self._check(opening, bodies.get(opening.index))
        self._note_missing(expected, size)

    def _note_missing(self, start: int, end: int) -> None:
        for index in range(start, end):
            self._findings.add(Kind.OPENING_MISSING, index)

    def _bodies(self, page: Sequence[Opening]) -> dict[int, bytes]:
        asked = {opening.index for opening in page}
        query = select(LedgerEntry.index, LedgerEntry.body).where(LedgerEntry.index.in_(asked))
        return {row[0]: row.body for row in self._session.execute(query)}

    def _check(self, opening: Opening, body: bytes | None) -> None:
        self.openings += 1
        if body is None or opening.entry not in (None, body) or not _opens(opening, body):
            self._findings.add(Kind.OPENING, opening.index)
        if opening.receipt is not None:
            self.receipts += 1
            if body is None or not self._is_genuine(opening, opening.receipt, body):
                self._findings.add(Kind.RECEIPT, opening.index)

    def _is_genuine(self, opening: Opening, raw: bytes, body: bytes) -> bool:
        try:
            verified = verify_receipt(raw, log=self._log)
            receipt = from_bytes(raw, Receipt, max_bytes=MAX_RECEIPT_BYTES)
        except ProtocolError:
            return False
        query = select(LedgerCheckpoint.root).where(LedgerCheckpoint.size == verified.checkpoint.size)
        return (verified.index, receipt.entry, receipt.salt, receipt.subject, self._session.scalar(query)) == (
            opening.index,
            body,
            opening.salt,
            opening.subject,
            verified.checkpoint.root,
        )


def _opens(opening: Opening, body: bytes) -> bool:
    try:
        entry = from_bytes(body, Entry, max_bytes=MAX_RECEIPT_BYTES)
    except ProtocolError:
        return False
    return commitment(opening.salt, opening.subject) == entry.commitment
