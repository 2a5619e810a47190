"""Somebody who owns the database and every key of the hub, and rewrites history: the adversary of ``test_tamper.py``.

Three degrees of care: ``ROWS`` changes rows and leaves the rest; ``TREE`` derives tiles and head anew; ``SIGNED`` signs
every checkpoint and every receipt anew as well, with the hub's own key. The last is what nobody at the hub can notice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, text

from hub.ledger.tiles import TILE_HASHES, raise_levels
from protocol import merkle
from protocol.checkpoint import sign_checkpoint
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.receipt import Entry
from protocol.wire import from_bytes, to_bytes

APPEND_ONLY = ("ledger_entry", "ledger_checkpoint", "bundle_receipt")


class Care(StrEnum):
    """How thoroughly the traces are covered."""

    ROWS = "rows"
    TREE = "tree"
    SIGNED = "signed"


@dataclass(frozen=True, kw_only=True)
class Crime:
    """What was done, and the first leaf that is not what it was."""

    name: str
    first: int
    entries: list[bytes]


Deed = Callable[[Random, list[bytes], int], Crime]


def delete(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Make a file vanish."""
    place = random.randrange(seen)
    return Crime(name="delete", first=place, entries=entries[:place] + entries[place + 1 :])


def edit(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Let an entry commit to something else."""
    place = random.randrange(seen)
    return Crime(name="edit", first=place, entries=_with(entries, place, commitment=random.randbytes(32)))


def relabel(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Turn an entry into another kind."""
    place = random.randrange(seen)
    return Crime(name="relabel", first=place, entries=_with(entries, place, kind="case.viewed_by_nobody"))


def insert(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Slip in what never happened."""
    place = random.randrange(seen)
    forged = msgspec.structs.replace(_read(entries[place]), commitment=random.randbytes(32))
    return Crime(name="insert", first=place, entries=[*entries[:place], to_bytes(forged), *entries[place:]])


def reorder(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Let one jump the queue: a later entry takes an earlier one's place, with its time."""
    first, second = sorted(random.sample(range(seen), 2))
    early, late = _read(entries[first]), _read(entries[second])
    changed = list(entries)
    changed[first] = to_bytes(msgspec.structs.replace(late, time=early.time))
    changed[second] = to_bytes(msgspec.structs.replace(early, time=late.time))
    return Crime(name="reorder", first=first, entries=changed)


def backdate(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Let an entry, and those before it that would betray it, have happened earlier."""
    place = random.randrange(1, seen)
    earlier = _read(entries[place]).time - random.randrange(1, 10**9)
    changed, first = list(entries), place
    for number in range(place, -1, -1):
        entry = _read(entries[number])
        if entry.time > earlier:
            changed[number] = to_bytes(msgspec.structs.replace(entry, time=earlier))
            first = number
    return Crime(name="backdate", first=first, entries=changed)


def roll_back(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Put an older state in place and let other things happen from there on."""
    place = random.randrange(seen)
    last = _read(entries[place])
    others = [to_bytes(msgspec.structs.replace(last, commitment=random.randbytes(32))) for _ in entries[place:]]
    return Crime(name="roll back", first=place, entries=entries[:place] + others)


def truncate(random: Random, entries: list[bytes], seen: int) -> Crime:
    """Put an older state in place, and leave it there."""
    place = random.randrange(1, seen)
    return Crime(name="truncate", first=place, entries=entries[:place])


DEEDS: tuple[Deed, ...] = (delete, edit, relabel, insert, reorder, backdate, roll_back, truncate)


def commit(connection: Connection, crime: Crime, care: Care, key: Ed25519PrivateKey, origin: str) -> None:
    """Write the crime into the hub's database."""
    _drop_triggers(connection)
    old = connection.execute(text("SELECT size FROM ledger_head")).scalar_one()
    sizes = [row[0] for row in connection.execute(text("SELECT size FROM ledger_checkpoint ORDER BY size"))]
    leaves = [merkle.leaf_hash(body) for body in crime.entries]
    _write_entries(connection, crime.entries, leaves)
    if care is Care.ROWS:
        return
    _write_tree(connection, leaves)
    if care is Care.SIGNED:
        kept = {min(size, len(leaves)) for size in sizes} if len(leaves) < old else {*sizes}
        _sign(connection, leaves, {*kept, len(leaves)} - {0}, key, origin)


def _drop_triggers(connection: Connection) -> None:
    for table in APPEND_ONLY:
        for what in ("keep", "fixed"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_{what}"))


def _write_entries(connection: Connection, entries: Sequence[bytes], leaves: Sequence[bytes]) -> None:
    connection.execute(text("DELETE FROM ledger_entry"))
    parsed = [_read(body) for body in entries]
    rows = [
        {"index": index, "kind": entry.kind, "time": entry.time, "body": body, "leaf": leaf}
        for index, (entry, body, leaf) in enumerate(zip(parsed, entries, leaves, strict=True))
    ]
    statement = (
        'INSERT INTO ledger_entry ("index", kind, time_ms, body, leaf_hash) VALUES (:index, :kind, :time, :body, :leaf)'
    )
    connection.execute(text(statement), rows)


def _write_tree(connection: Connection, leaves: Sequence[bytes]) -> None:
    connection.execute(text("DELETE FROM ledger_tile"))
    level, hashes = 0, list(leaves)
    while hashes:
        tiles = [hashes[place : place + TILE_HASHES] for place in range(0, len(hashes), TILE_HASHES)]
        rows = [{"level": level, "index": number, "hashes": b"".join(tile)} for number, tile in enumerate(tiles)]
        connection.execute(
            text('INSERT INTO ledger_tile (level, "index", hashes) VALUES (:level, :index, :hashes)'), rows
        )
        hashes = [raise_levels(tile)[-1][0] for tile in tiles if len(tile) == TILE_HASHES]
        level += 1
    frontier = _frontier(leaves)
    newest = text('SELECT time_ms FROM ledger_entry ORDER BY "index" DESC LIMIT 1')
    values = {"size": frontier.size, "frontier": b"".join(frontier.hashes)}
    values["time"] = connection.execute(newest).scalar_one()
    connection.execute(text("UPDATE ledger_head SET size = :size, frontier = :frontier, last_time_ms = :time"), values)


def _sign(
    connection: Connection, leaves: Sequence[bytes], sizes: set[int], key: Ed25519PrivateKey, origin: str
) -> None:
    signed_at = connection.execute(text("SELECT signed_at FROM ledger_checkpoint LIMIT 1")).scalar_one()
    connection.execute(text("DELETE FROM ledger_checkpoint"))
    for size in sorted(sizes):
        root = _frontier(leaves[:size]).root()
        note = sign_checkpoint(origin, size, root, key)
        row = {"size": size, "root": root, "text": note.text, "at": signed_at}
        connection.execute(
            text("INSERT INTO ledger_checkpoint (size, root, text, signed_at) VALUES (:size, :root, :text, :at)"), row
        )


def _frontier(leaves: Sequence[bytes]) -> merkle.Frontier:
    frontier = merkle.Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


def _with(entries: list[bytes], place: int, **changes: object) -> list[bytes]:
    changed = list(entries)
    changed[place] = to_bytes(msgspec.structs.replace(_read(entries[place]), **changes))
    return changed


def _read(body: bytes) -> Entry:
    return from_bytes(body, Entry, max_bytes=MAX_RECEIPT_BYTES)
