"""The public, static form of the log after C2SP tlog-tiles: paths, entry bundles, and writing all of it to a folder.

Paths below the log's root: ``checkpoint``; ``tile/<level>/<number>[.p/<width>]`` with hashes side by side;
``tile/entries/<number>[.p/<width>]`` with entries, each behind its length in two bytes. A number is written in groups
of three digits, every group but the last with an ``x`` in front: 1234067 is ``x001/x234/067``. A tile that is not full
yet has its width in the path, so that no file ever changes its content; only ``checkpoint`` does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.ledger.errors import LedgerCorruptError
from hub.ledger.service import newest_checkpoint
from hub.ledger.tables import LedgerEntry, LedgerTile
from hub.ledger.tiles import HASH, TILE_HASHES
from hub.storage.files import PUBLIC, write_durably
from protocol.limits import MAX_INTEGER

ENTRIES = "entries"
MAX_LEVEL = 63
_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_MAX_PATH = 40
MAX_TILE = MAX_INTEGER // TILE_HASHES
"""A database refuses larger numbers than it has integers for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which tile, and how many of its 256 places are asked for."""

    number: int
    width: int = TILE_HASHES

    @property
    def path(self) -> str:
        """The place as the end of a path."""
        digits = f"{self.number:d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        joined = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return joined if self.width == TILE_HASHES else f"{joined}.p/{self.width}"


def parse_place(path: str) -> Place | None:
    """Read the end of a path; None when it is not the one spelling of a place."""
    matched = _PATH.fullmatch(path) if len(path) <= _MAX_PATH else None
    if matched is None:
        return None
    place = Place(int(matched[1].replace("x", "").replace("/", "")), int(matched[2] or TILE_HASHES))
    is_possible = place.number <= MAX_TILE and place.width <= TILE_HASHES
    return place if place.path == path and is_possible else None


def tile_bytes(session: Session, level: int, place: Place) -> bytes | None:
    """Return the hashes at a place; None when the tile is not there or not that wide yet."""
    query = select(LedgerTile.hashes).where(LedgerTile.level == level, LedgerTile.index == place.number)
    hashes = session.scalar(query) or b""
    wanted = place.width * HASH
    return hashes[:wanted] if len(hashes) >= wanted else None


def entries_bytes(session: Session, place: Place) -> bytes | None:
    """Return the entries at a place, each behind its length in two bytes; None when not all of them are there yet."""
    start = place.number * TILE_HASHES
    query = (
        select(LedgerEntry.body)
        .where(LedgerEntry.index >= start, LedgerEntry.index < start + place.width)
        .order_by(LedgerEntry.index)
    )
    bodies = list(session.scalars(query))
    if len(bodies) != place.width:
        return None
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def places(size: int) -> Iterator[tuple[int, Place]]:
    """Yield level and place of every tile of a tree, from the leaves up; the last one of a level may be partial."""
    for level in range(MAX_LEVEL):
        count = size >> 8 * level
        full, rest = divmod(count, TILE_HASHES)
        yield from ((level, Place(number)) for number in range(full))
        if rest:
            yield level, Place(full, rest)
        if count < TILE_HASHES:
            return


def export(session: Session, directory: Path) -> int:
    """Write the log as far as its newest checkpoint reaches, and return that size; what is there already is kept.

    The checkpoint is replaced last: whoever reads the folder at any moment finds every tile that it needs.

    Raises:
        LedgerCorruptError: a tile or an entry below the checkpoint is missing.
        StorageError: the disk is full or not writable.
    """
    checkpoint = newest_checkpoint(session)
    if checkpoint is None:
        return 0
    for level, place in places(checkpoint.size):
        _write(directory / "tile" / str(level) / place.path, tile_bytes(session, level, place))
        if level == 0:
            _write(directory / "tile" / ENTRIES / place.path, entries_bytes(session, place))
    write_durably(directory / "checkpoint", checkpoint.text.encode(), mode=PUBLIC)
    return checkpoint.size


def _write(path: Path, content: bytes | None) -> None:
    if content is None:
        raise LedgerCorruptError(f"{path.name}: missing below the checkpoint")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content, mode=PUBLIC)
