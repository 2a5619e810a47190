"""Derives the whole log again from raw rows and says where the first contradiction of each kind lies.

Nothing that the program wrote besides is believed: entries give leaves, leaves give tiles, head and roots; the roots
must be those of every checkpoint that was ever signed, and of those that the caller remembers from elsewhere (a node, a
witness, a printed notice). Only the last catches somebody who holds the database *and* the log key. Openings and
receipts must fit their entries. Memory stays the same however long the log is; run it in a reading transaction.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from hub.ledger.findings import AuditReport, Findings, Kind
from hub.ledger.openings import Opening, OpeningsAudit
from hub.ledger.tables import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile
from hub.ledger.tiles import TILE_HASHES, raise_levels, split_hashes
from protocol import merkle
from protocol.checkpoint import Checkpoint, LogKey, verify_checkpoint
from protocol.errors import ProtocolError
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.receipt import Entry
from protocol.wire import from_bytes

TOP_LEVEL = 8
"""Tile levels of a tree of 2^64 leaves."""


def verify(
    session: Session, log: LogKey, openings: Iterable[Opening] | None = None, remembered: Sequence[Checkpoint] = ()
) -> AuditReport:
    """Check everything. ``openings`` come in the order of the log; None leaves openings and receipts unchecked."""
    findings = Findings()
    audit = _LogAudit(session, log, findings, {item.size: item.root for item in remembered})
    audit.run()
    opened = OpeningsAudit(session, log, findings)
    if openings is not None:
        opened.run(openings, audit.frontier.size)
    return AuditReport(
        size=audit.frontier.size,
        root=audit.frontier.root(),
        checkpoints=audit.checkpoints,
        openings=opened.openings,
        receipts=opened.receipts,
        findings=findings.sorted(),
    )


class _LogAudit:
    """One run over the entries: a frontier, and at most 256 hashes per level of tiles."""

    def __init__(self, session: Session, log: LogKey, findings: Findings, remembered: dict[int, bytes]) -> None:
        self.frontier = merkle.Frontier()
        self.checkpoints = 0
        self._session = session
        self._log = log
        self._findings = findings
        self._remembered = remembered
        self._last_time = 0
        self._above: list[list[bytes]] = []

    def run(self) -> None:
        head = self._session.execute(
            select(LedgerHead.size, LedgerHead.frontier, LedgerHead.last_time_ms)
        ).one_or_none()
        size = 0 if head is None else head.size
        self._check_outside(size)
        self._check_signed({0: merkle.EMPTY_ROOT})
        for start in range(0, size, TILE_HASHES):
            end = min(size, start + TILE_HASHES)
            self._check_signed(self._check_entries(start, end))
        self._check_upper_tiles(size)
        derived = (self.frontier.size, b"".join(self.frontier.hashes), self._last_time)
        if head is None or tuple(head) != derived:
            self._findings.add(Kind.HEAD, size)
        for number in self._remembered:
            if not 0 <= number <= size:
                self._findings.add(Kind.HISTORY_REWRITTEN, number)

    def _check_outside(self, size: int) -> None:
        """Look for entries and checkpoints where the head says that there are none."""
        column = LedgerEntry.index
        extra = self._session.scalar(select(func.min(column)).where(or_(column < 0, column >= size)))
        if extra is not None:
            self._findings.add(Kind.ENTRY_EXTRA, extra)
        signed = self._session.scalar(select(func.max(LedgerCheckpoint.size)))
        if signed is not None and signed > size:
            self._findings.add(Kind.HEAD, size)

    def _check_entries(self, start: int, end: int) -> dict[int, bytes]:
        """Check a tile and its entries; return the roots of the tree sizes that anybody signed or remembers."""
        query = select(
            LedgerEntry.index, LedgerEntry.kind, LedgerEntry.time_ms, LedgerEntry.body, LedgerEntry.leaf_hash
        )
        in_tile = query.where(LedgerEntry.index >= start, LedgerEntry.index < end)
        rows = {row[0]: row for row in self._session.execute(in_tile)}
        tile, leaves = self._read_tile(0, start // TILE_HASHES), []
        wanted, roots = self._wanted(start, end), {}
        for index in range(start, end):
            stored = tile[index - start] if index - start < len(tile) else b""
            leaf = self._leaf(index, rows.get(index), stored)
            if stored != leaf:
                self._findings.add(Kind.TILE, index)
            leaves.append(leaf)
            self.frontier = self.frontier.append(leaf)
            if index + 1 in wanted:
                roots[index + 1] = self.frontier.root()
        if len(tile) > end - start:
            self._findings.add(Kind.TILE, end)
        if len(leaves) == TILE_HASHES:
            self._raise(0, leaves)
        return roots

    def _wanted(self, start: int, end: int) -> set[int]:
        size = LedgerCheckpoint.size
        signed = self._session.scalars(select(size).where(size > start, size <= end))
        return {*signed, *self._remembered}

    def _leaf(self, index: int, row: Row[int, str, int, bytes, bytes] | None, stored: bytes) -> bytes:
        """Return an entry's leaf hash; for a missing one what the tile says, so that the rest can still be judged."""
        if row is None:
            self._findings.add(Kind.ENTRY_MISSING, index)
            return stored
        leaf = merkle.leaf_hash(row.body)
        if leaf != row.leaf_hash:
            self._findings.add(Kind.ENTRY_HASH, index)
        try:
            entry = from_bytes(row.body, Entry, max_bytes=MAX_RECEIPT_BYTES)
        except ProtocolError:
            self._findings.add(Kind.ENTRY_FORM, index)
            return leaf
        if (entry.kind, entry.time) != (row.kind, row.time_ms):
            self._findings.add(Kind.ENTRY_FORM, index)
        if entry.time < self._last_time:
            self._findings.add(Kind.TIME_BACK, index)
        self._last_time = max(self._last_time, entry.time)
        return leaf

    def _raise(self, level: int, full: list[bytes]) -> None:
        """Hand the root of a full tile to the level above, and compare the tile there when that makes it full."""
        if level == len(self._above):
            self._above.append([])
        hashes = self._above[level]
        hashes.append(raise_levels(full)[-1][0])
        if len(hashes) == TILE_HASHES:
            self._compare(level + 1, self.frontier.size // TILE_HASHES ** (level + 2) - 1, hashes)
            self._above[level] = []
            self._raise(level + 1, hashes)

    def _check_upper_tiles(self, size: int) -> None:
        for level, hashes in enumerate(self._above, 1):
            if hashes:
                self._compare(level, size // TILE_HASHES ** (level + 1), hashes)
        for level in range(TOP_LEVEL):
            edge = -(-(size // TILE_HASHES**level) // TILE_HASHES)
            index = LedgerTile.index
            outside = select(func.min(index)).where(LedgerTile.level == level, or_(index >= edge, index < 0))
            if (number := self._session.scalar(outside)) is not None:
                self._findings.add(Kind.TILE_ABOVE, number * TILE_HASHES ** (level + 1))

    def _compare(self, level: int, number: int, hashes: list[bytes]) -> None:
        stored = self._read_tile(level, number)
        for place in range(max(len(stored), len(hashes))):
            if stored[place : place + 1] != hashes[place : place + 1]:
                self._findings.add(Kind.TILE_ABOVE, (number * TILE_HASHES + place) * TILE_HASHES**level)
                return

    def _read_tile(self, level: int, number: int) -> list[bytes]:
        query = select(LedgerTile.hashes).where(LedgerTile.level == level, LedgerTile.index == number)
        return split_hashes(self._session.scalar(query) or b"")

    def _check_signed(self, roots: dict[int, bytes]) -> None:
        """Compare derived roots, by tree size, with what was signed and with what is remembered."""
        query = select(LedgerCheckpoint.size, LedgerCheckpoint.root, LedgerCheckpoint.text)
        for size, root, text in self._session.execute(query.where(LedgerCheckpoint.size.in_(list(roots)))):
            self.checkpoints += 1
            if not self._is_signed(text, size, root):
                self._findings.add(Kind.CHECKPOINT_FORM, size)
            elif root != roots[size]:
                self._findings.add(Kind.CHECKPOINT_ROOT, size)
        for size, root in roots.items():
            if self._remembered.get(size, root) != root:
                self._findings.add(Kind.HISTORY_REWRITTEN, size)

    def _is_signed(self, text: str, size: int, root: bytes) -> bool:
        try:
            checkpoint = verify_checkpoint(text, self._log)
        except ProtocolError:
            return False
        return (checkpoint.size, checkpoint.root) == (size, root)
