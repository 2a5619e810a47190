"""Appends to the log, signs its head, and gives proofs: always inside the caller's transaction.

Rules:
1. One log, one writer: whoever appends or signs locks the head row first (PostgreSQL; SQLite has one writer anyway).
2. Log time never goes back: an entry has the later of the clock and the entry before it (P7, D16).
3. Before a head is signed, everything it would state newly is derived again: the last signed root from tiles, then the
   stored bytes of every entry behind it. Tiles, head and entries must agree, else nothing is signed.
4. One tree size, one checkpoint: asked again, the stored one is returned.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Table, and_, insert, select, update
from sqlalchemy.orm import Session

from hub.ledger.errors import LedgerCorruptError
from hub.ledger.tables import LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerTile
from hub.ledger.tiles import HASH, TILE_HASHES, TileReader, raise_levels, split_hashes
from hub.storage import crash
from hub.storage.bulk import insert_rows
from hub.storage.ports import to_ms
from protocol import merkle
from protocol.checkpoint import Checkpoint, LogKey, sign_checkpoint, verify_checkpoint
from protocol.errors import ProtocolError
from protocol.ids import ServiceCode, VillageCode
from protocol.receipt import Entry, SignedRoot, commitment, sign_root
from protocol.wire import to_bytes

__all__ = [
    "EntryDraft",
    "Sequenced",
    "TileReader",
    "append",
    "consistency",
    "inclusion",
    "ledger_size",
    "log_time",
    "newest_checkpoint",
    "root_at",
    "sign_head",
    "signed_roots",
    "take_turn",
]

_ENTRY = cast("Table", LedgerEntry.__table__)
_TILE = cast("Table", LedgerTile.__table__)
_HEAD = cast("Table", LedgerHead.__table__)
_CHECKPOINT = cast("Table", LedgerCheckpoint.__table__)


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryDraft:
    """What a room wants the log to state: public kind, village and service; hidden subject with a fresh salt."""

    kind: str
    salt: bytes
    """32 fresh random bytes."""
    subject: bytes
    village: VillageCode | None = None
    service: ServiceCode | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sequenced:
    """A draft that has its place in the log."""

    index: int
    entry: bytes
    """The bytes that were hashed."""
    time_ms: int
    draft: EntryDraft


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    frontier: merkle.Frontier
    last_time_ms: int


def take_turn(session: Session) -> None:
    """Lock the head of the log before any other row, so that no two transactions wait for each other.

    Raises:
        LedgerCorruptError: there is no head.
    """
    _lock_head(session)


def append(session: Session, now_ms: int, drafts: Sequence[EntryDraft]) -> list[Sequenced]:
    """Give the drafts their places at the end of the log, in this order.

    Raises:
        LedgerCorruptError: head or tiles are not as the last append left them.
    """
    head = _lock_head(session)
    if not drafts:
        return []
    time_ms, size = max(head.last_time_ms, now_ms), head.frontier.size
    done = [
        Sequenced(index=index, entry=_entry_bytes(draft, time_ms), time_ms=time_ms, draft=draft)
        for index, draft in enumerate(drafts, size)
    ]
    leaves = [merkle.leaf_hash(item.entry) for item in done]
    insert_rows(session, LedgerEntry, [_row(item, leaf) for item, leaf in zip(done, leaves, strict=True)])
    crash.point("ledger.entries")
    _append_tiles(session, size, leaves)
    crash.point("ledger.tiles")
    frontier = head.frontier
    for leaf in leaves:
        frontier = frontier.append(leaf)
    values = {"size": frontier.size, "frontier": b"".join(frontier.hashes), "last_time_ms": time_ms}
    session.execute(update(_HEAD).values(values))
    return done


def sign_head(session: Session, now: datetime, log_key: Ed25519PrivateKey, origin: str) -> SignedRoot:
    """Sign the tree as it stands, after deriving it again (rule 3), and remember the checkpoint.

    Raises:
        LedgerCorruptError: entries, tiles, head and last checkpoint do not agree; nothing was signed.
    """
    head = _lock_head(session)
    log = LogKey(name=origin, public_key=log_key.public_key())
    last = newest_checkpoint(session)
    root = _derive_root(session, head.frontier, last)
    if last is not None and last.size == head.frontier.size:
        return sign_root(_stored(last, log), log_key)
    checkpoint = sign_checkpoint(origin, head.frontier.size, root, log_key)
    values = {"size": checkpoint.size, "root": root, "text": checkpoint.text, "signed_at": now}
    session.execute(insert(_CHECKPOINT).values(values))
    crash.point("ledger.checkpoint")
    return sign_root(checkpoint, log_key)


def inclusion(session: Session, index: int, size: int) -> list[bytes]:
    """Return the audit path of one leaf in the tree of ``size`` leaves. For many, share one ``TileReader``.

    Raises:
        ProofError: no such leaf.
        LedgerCorruptError: the tiles do not add up.
    """
    return merkle.inclusion_path(index, size, TileReader(session))


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of ``old`` leaves is a prefix of the tree of ``new`` leaves.

    Raises:
        ProofError: sizes in the wrong order.
        LedgerCorruptError: the tiles do not add up.
    """
    return merkle.consistency_path(old, new, TileReader(session))


def ledger_size(session: Session) -> int:
    """Return how many entries the log has."""
    return session.scalars(select(LedgerHead.size)).one()


def log_time(session: Session, now: datetime) -> datetime:
    """Return the time that the log would give an entry now: never earlier than its newest one (rule 2)."""
    last_ms = session.scalars(select(LedgerHead.last_time_ms)).one()
    return now if to_ms(now) >= last_ms else datetime.fromtimestamp(last_ms / 1000, tz=UTC)


def newest_checkpoint(session: Session) -> LedgerCheckpoint | None:
    """Return the largest tree head that was signed."""
    return session.scalar(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1))


def signed_roots(session: Session, sizes: Collection[int]) -> dict[int, bytes]:
    """Return the roots of the checkpoints of these sizes, as far as the log ever signed them: one query."""
    query = select(_CHECKPOINT.c.size, _CHECKPOINT.c.root).where(_CHECKPOINT.c.size.in_(sizes))
    return {row.size: row.root for row in session.execute(query)}


def root_at(session: Session, size: int) -> bytes:
    """Return the root over the first ``size`` entries.

    Raises:
        LedgerCorruptError: the tiles do not add up, or do not reach that far.
    """
    return merkle.read_frontier(size, TileReader(session)).root()


def _lock_head(session: Session) -> _Head:
    row = session.execute(select(_HEAD.c.size, _HEAD.c.frontier, _HEAD.c.last_time_ms).with_for_update()).one_or_none()
    if row is None:
        raise LedgerCorruptError("head: missing")
    try:
        frontier = merkle.Frontier(row.size, tuple(split_hashes(row.frontier)))
    except ProtocolError:
        raise LedgerCorruptError("head: frontier of a wrong size") from None
    return _Head(frontier=frontier, last_time_ms=row.last_time_ms)


def _entry_bytes(draft: EntryDraft, time_ms: int) -> bytes:
    return to_bytes(
        Entry(
            kind=draft.kind,
            time=time_ms,
            commitment=commitment(draft.salt, draft.subject),
            village=draft.village,
            service=draft.service,
        )
    )


def _row(item: Sequenced, leaf: bytes) -> dict[str, object]:
    return {
        "index": item.index,
        "kind": item.draft.kind,
        "time_ms": item.time_ms,
        "body": item.entry,
        "leaf_hash": leaf,
    }


def _append_tiles(session: Session, size: int, leaves: list[bytes]) -> None:
    """Add leaf hashes, and the roots of tiles that become full, to the right edge of the tiles of each level."""
    level, start, fresh = 0, size, leaves
    while fresh:
        edge = _read_edge(session, level, start)
        hashes = edge + fresh
        first = start // TILE_HASHES
        tiles = [hashes[place : place + TILE_HASHES] for place in range(0, len(hashes), TILE_HASHES)]
        _write_tiles(session, level, first, tiles, has_edge=bool(edge))
        fresh = [raise_levels(tile)[-1][0] for tile in tiles if len(tile) == TILE_HASHES]
        level, start = level + 1, first


def _read_edge(session: Session, level: int, start: int) -> list[bytes]:
    """Return the hashes of the last, partial tile of a level that holds ``start`` hashes."""
    number, kept = divmod(start, TILE_HASHES)
    if not kept:
        return []
    query = select(_TILE.c.hashes).where(_TILE.c.level == level, _TILE.c.index == number)
    raw = session.execute(query).scalar_one_or_none()
    if raw is None or len(raw) != kept * HASH:
        raise LedgerCorruptError(f"tile {level}/{number}: not as long as the head says")
    return split_hashes(raw)


def _write_tiles(session: Session, level: int, first: int, tiles: list[list[bytes]], *, has_edge: bool) -> None:
    rows = [{"level": level, "index": first + place, "hashes": b"".join(tile)} for place, tile in enumerate(tiles)]
    if has_edge:
        edge = rows.pop(0)
        where = and_(_TILE.c.level == level, _TILE.c.index == first)
        session.execute(update(_TILE).where(where).values(hashes=edge["hashes"]))
    if rows:
        session.execute(insert(_TILE), rows)


def _derive_root(session: Session, frontier: merkle.Frontier, last: LedgerCheckpoint | None) -> bytes:
    """Return the root, derived again from what is stored."""
    read = TileReader(session)
    signed = 0 if last is None else last.size
    if signed > frontier.size:
        raise LedgerCorruptError(f"head: {frontier.size} entries, but {signed} were signed")
    base = merkle.read_frontier(signed, read)
    if last is not None and base.root() != last.root:
        raise LedgerCorruptError(f"checkpoint {signed}: the tiles have another root")
    for leaf in _rehash(session, signed, frontier.size, read):
        base = base.append(leaf)
    if base.hashes != frontier.hashes:
        raise LedgerCorruptError("head: the entries have another root")
    root = base.root()
    if merkle.read_frontier(frontier.size, read).root() != root:
        raise LedgerCorruptError("tiles: the entries have another root")
    return root


def _rehash(session: Session, start: int, end: int, read: TileReader) -> Iterable[bytes]:
    """Yield the leaf hashes of stored entries, hashed again; they must be in the row and in the tile."""
    query = (
        select(_ENTRY.c.index, _ENTRY.c.body, _ENTRY.c.leaf_hash)
        .where(_ENTRY.c.index >= start)
        .order_by(_ENTRY.c.index)
    )
    expected = start
    for index, body, stored in session.execute(query):
        leaf = merkle.leaf_hash(body)
        if index != expected or leaf != stored or leaf != read(0, index):
            raise LedgerCorruptError(f"entry {expected}: row and tile do not agree")
        yield leaf
        expected += 1
    if expected != end:
        raise LedgerCorruptError(f"entry {expected}: missing, or more than the head says")


def _stored(last: LedgerCheckpoint, log: LogKey) -> Checkpoint:
    try:
        checkpoint = verify_checkpoint(last.text, log)
    except ProtocolError:
        raise LedgerCorruptError(f"checkpoint {last.size}: not signed by this log") from None
    if (checkpoint.size, checkpoint.root) != (last.size, last.root):
        raise LedgerCorruptError(f"checkpoint {last.size}: text and row differ")
    return checkpoint
