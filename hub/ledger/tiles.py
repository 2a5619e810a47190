"""Reads hashes of the tree out of tiles (C2SP tlog-tiles: 256 hashes each, every eighth level of the tree)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.ledger.errors import LedgerCorruptError
from hub.ledger.tables import LedgerTile
from protocol.merkle import node_hash

HASH = 32
TILE_LEVELS = 8
TILE_HASHES = 1 << TILE_LEVELS

_HASHES = select(LedgerTile.hashes)


class TileReader:
    """Returns the hash of any perfect subtree; each tile is read once. Use one reader for a whole batch of proofs.

    A full tile is believed only when it hashes to what the tile above says about it: a changed tile is noticed here,
    not by the stranger who checks the proof.
    """

    def __init__(self, session: Session) -> None:
        """Read within this session's transaction."""
        self._session = session
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of the subtree over the ``2**level`` leaves from ``index * 2**level``.

        Raises:
            LedgerCorruptError: a tile is missing, too short, or contradicts the one above it.
        """
        tile_level, rise = divmod(level, TILE_LEVELS)
        number, place = divmod(index, TILE_HASHES >> rise)
        rows = self._tiles.get((tile_level, number)) or self._load(tile_level, number)
        try:
            return rows[rise][place]
        except IndexError:
            raise LedgerCorruptError(f"tile {tile_level}/{number}: too short") from None

    def _load(self, level: int, number: int) -> list[list[bytes]]:
        raw = self._session.scalar(_HASHES.where(LedgerTile.level == level, LedgerTile.index == number))
        if raw is None or not raw or len(raw) % HASH or len(raw) > TILE_HASHES * HASH:
            raise LedgerCorruptError(f"tile {level}/{number}: missing or of a wrong size")
        rows = raise_levels(split_hashes(raw))
        if len(rows[0]) == TILE_HASHES and rows[-1][0] != self(TILE_LEVELS * (level + 1), number):
            raise LedgerCorruptError(f"tile {level}/{number}: contradicts the tile above")
        self._tiles[level, number] = rows
        return rows


def split_hashes(raw: bytes) -> list[bytes]:
    """Cut bytes into hashes of 32 bytes."""
    return [raw[place : place + HASH] for place in range(0, len(raw), HASH)]


def raise_levels(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Return a tile's hashes and the eight rows of complete parents above them; the last row is the tile's root."""
    rows = [list(hashes)]
    for _ in range(TILE_LEVELS):
        below = rows[-1]
        pairs = zip(below[0::2], below[1::2], strict=False)  # an odd last one has no complete parent
        rows.append([node_hash(left, right) for left, right in pairs])
    return rows
