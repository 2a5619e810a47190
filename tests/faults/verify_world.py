"""An independent judge: reads what lies on the disks of hub and villages and says which promise is broken, and where.

It shares no code with the programs: CBOR, Merkle tree, signatures and seals are done here again, after the written
formats. ``python -m tests.faults.verify_world HUB_DATA [DATABASE_URL] --node DIR … --shown FILE …`` prints one line per
finding; 1 when there is any. ``--shown`` are receipts that left the hub, wherever they lie.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
import psycopg
from pysqlite3 import dbapi2

from tests.faults.formats import leaf, note_of, read_receipt, root_of, sha, unseal

Row = tuple[Any, ...]
ARRIVING = ("arrived", "whole")


@dataclass(frozen=True, order=True)
class Broken:
    """One promise that was not kept."""

    promise: str
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.promise} {self.what}: {self.where}"


@dataclass(frozen=True, kw_only=True)
class World:
    """Where everything lies."""

    hub: Path
    """Data directory of the hub: keys and blobs."""
    log_key: bytes
    """Public key of the ledger, as the villages know it."""
    database: str = ""
    """A psycopg connection string; empty: ``hub.db`` in the data directory."""
    nodes: Sequence[Path] = ()
    shown: Sequence[bytes] = ()
    """Receipts that left the hub."""
    is_quiet: bool = False
    """Nothing is on its way any more: all must have arrived."""


@dataclass
class Judge:
    """Looks at one world."""

    world: World
    found: list[Broken] = field(default_factory=list)

    def run(self) -> list[Broken]:
        """Return everything that is broken."""
        self.hub = _open(self.world)
        self._check_file()
        self._check_ledger()
        self._check_bundles()
        self._check_files()
        self._check_receipts(self.world.shown, "shown")
        self._check_books()
        for folder in self.world.nodes:
            self._check_node(folder)
        return sorted(set(self.found))

    def _say(self, promise: str, what: str, where: object = "") -> None:
        self.found.append(Broken(promise, what, where.hex() if isinstance(where, bytes) else str(where)))

    def _check_file(self) -> None:
        if not self.world.database and self.hub("PRAGMA integrity_check") != [("ok",)]:
            self._say("P1", "the hub's database is damaged")

    def _check_ledger(self) -> None:
        rows = self.hub('SELECT "index", kind, time_ms, body, leaf_hash FROM ledger_entry ORDER BY "index"')
        self.entries = [bytes(row[3]) for row in rows]
        leaves = [leaf(body) for body in self.entries]
        last = 0
        for place, (index, kind, time_ms, body, kept) in enumerate(rows):
            said = cbor2.loads(bytes(body))
            if index != place:
                self._say("P6", "an entry is missing", place)
                break
            if bytes(kept) != leaves[place] or (said["kind"], said["time"]) != (kind, time_ms):
                self._say("P6", "entry and row differ", place)
            if said["time"] < last:
                self._say("P7", "log time goes back", place)
            last = max(last, said["time"])
        self._check_tree(leaves)

    def _check_tree(self, leaves: list[bytes]) -> None:
        ((size, last_time),) = self.hub("SELECT size, last_time_ms FROM ledger_head") or [(0, 0)]
        if size != len(leaves) or (self.entries and cbor2.loads(self.entries[-1])["time"] != last_time):
            self._say("P6", "head and entries differ", size)
        tiles = self.hub('SELECT hashes FROM ledger_tile WHERE level = 0 ORDER BY "index"')
        if b"".join(bytes(row[0]) for row in tiles) != b"".join(leaves):
            self._say("P6", "tiles and entries differ")
        self.roots: dict[int, bytes] = {}
        for size, root, text in self.hub("SELECT size, root, text FROM ledger_checkpoint ORDER BY size"):
            self.roots[size] = bytes(root)
            if size > len(leaves) or root_of(leaves[:size]) != bytes(root):
                self._say("P6", "a signed checkpoint does not fit the entries", size)
            if note_of(text, self.world.log_key) != (size, bytes(root)):
                self._say("P6", "a checkpoint is not signed by the ledger", size)

    def _check_bundles(self) -> None:
        rows = self.hub("SELECT bundle_id, node_id, kind, ledger_index, entry, salt, subject, raw FROM bundle_receipt")
        self.receipts = {(bytes(row[0]), row[2], row[3]): None if row[7] is None else bytes(row[7]) for row in rows}
        stated = Counter((bytes(row[0]), row[2]) for row in rows)
        for bundle, node, kind, index, entry, salt, subject, raw in rows:
            if index >= len(self.entries) or self.entries[index] != bytes(entry):
                self._say("P1", "a verdict is not in the ledger", bytes(bundle))
            opened = sha(b"simpul/v1/commitment\0", bytes(salt), bytes(subject))
            if cbor2.loads(bytes(entry))["commitment"] != opened:
                self._say("P6", "a verdict does not open its entry", index)
            if raw is not None and read_receipt(bytes(raw), self.world.log_key) is None:
                self._say("P5", "a receipt proves nothing", f"{node} {kind} {bytes(bundle).hex()}")
        bound = {row[3] for row in rows}
        for index, body in enumerate(self.entries):
            if cbor2.loads(body)["kind"].startswith("bundle.") and index not in bound:
                self._say("P3", "an entry without a verdict", index)
        self._check_once(stated)

    def _check_once(self, stated: Counter[tuple[bytes, str]]) -> None:
        self.bundles = {
            bytes(row[0]): row
            for row in self.hub("SELECT bundle_id, node_id, counter, state, data_key, signed, corrects FROM bundle")
        }
        cases = Counter(bytes(row[0]) for row in self.hub("SELECT bundle_id FROM case_file"))
        for bundle, row in self.bundles.items():
            if stated[bundle, "arrived"] != 1 or stated[bundle, "whole"] != (row[3] == "whole"):
                self._say("P3", "not one verdict per bundle", bundle)
            if row[6] is None and cases[bundle] != 1:
                self._say("P3", "not one case per application", bundle)
        numbers = Counter((row[1], row[2]) for row in self.bundles.values())
        for (node, number), times in numbers.items():
            if times > 1:
                self._say("P4", "one counter, two bundles", f"{node} {number}")
        self._check_conflicts()

    def _check_conflicts(self) -> None:
        evidence = {bytes(row[0]): bytes(row[1]) for row in self.hub("SELECT message, raw FROM intake_quarantine")}
        for message, raw in evidence.items():
            if sha(raw) != message:
                self._say("P4", "evidence was changed", message)
        for subject, message in self.hub("SELECT subject, message FROM bundle_receipt WHERE kind = 'rejected'"):
            if cbor2.loads(bytes(subject)).get("code") == "counter_conflict" and bytes(message) not in evidence:
                self._say("P4", "a conflict without evidence", bytes(message))

    def _check_files(self) -> None:
        wrapping = [bytes.fromhex(line) for line in (self.world.hub / "keys" / "kek.key").read_text().split()]
        for bundle, row in self.bundles.items():
            keys = (unseal(key, bytes(row[4])[:1] + bytes(row[4])[5:], b"simpul/v1/data-key\0") for key in wrapping)
            key = next((each for each in keys if each is not None), None)
            if key is None:
                self._say("P1", "a bundle does not open", bundle)
                continue
            signed = unseal(key, bytes(row[5]), _place("signed", bundle))
            if signed is None or sha(signed) != bundle:
                self._say("P1", "the hub holds another manifest than it received", bundle)
            self._check_attachments(bundle, row[3], key)

    def _check_attachments(self, bundle: bytes, state: str, key: bytes) -> None:
        mark = "%s" if self.world.database else "?"
        wanted = f"SELECT position, sha256, chunks, blob FROM bundle_attachment WHERE bundle_id = {mark}"  # noqa: S608
        for position, digest, chunks, blob in self.hub(wanted, bundle):
            if blob is None:
                if state == "whole" and chunks:
                    self._say("P1", "called whole, but a file is missing", f"{bundle.hex()} {position}")
                continue
            name = bytes(blob).hex()
            path = self.world.hub / "blobs" / name[:2] / name[2:4] / name
            sealed = path.read_bytes() if path.is_file() else b""
            plain = unseal(key, sealed, _place(f"file:{position}", bundle))
            if sha(sealed) != bytes(blob) or plain is None or sha(plain) != bytes(digest):
                self._say("P1", "a file is not what the manifest names", f"{bundle.hex()} {position}")

    def _check_receipts(self, receipts: Iterable[bytes], holder: str) -> dict[bytes, set[str]]:
        """Check receipts that somebody holds; return which kinds each bundle has."""
        held: dict[bytes, set[str]] = {}
        seen: dict[tuple[bytes, str, int], bytes] = {}
        for raw in receipts:
            proof = read_receipt(raw, self.world.log_key)
            if proof is None:
                self._say("P5", "a receipt proves nothing", holder)
                continue
            held.setdefault(proof.bundle, set()).add(proof.kind)
            place = (proof.bundle, proof.kind, proof.index)
            if proof.index >= len(self.entries) or self.entries[proof.index] != proof.entry:
                self._say("P1", "a receipt without its entry", f"{holder} {proof.bundle.hex()}")
            if proof.kind in ARRIVING and proof.bundle not in self.bundles:
                self._say("P1", "a receipt without its bundle", f"{holder} {proof.bundle.hex()}")
            if self.receipts.get(place) != raw or seen.setdefault(place, raw) != raw:
                self._say("P3", "two receipts for one verdict", f"{holder} {proof.bundle.hex()}")
        return held

    def _check_books(self) -> None:
        accepted = Counter(row[1] for row in self.bundles.values())
        columns = "node_id, received, accepted, duplicate, rejected, quarantined"
        for node, received, *parts in self.hub(f"SELECT {columns} FROM intake_tally"):  # noqa: S608  # names above
            if received != sum(parts):
                self._say("P8", "the accounting does not add up", node)
            if parts[0] != accepted.pop(node, 0):
                self._say("P8", "counted other bundles than are there", node)
        for node in accepted:
            self._say("P8", "bundles that nobody counted", node)
        told = self.hub("SELECT node_id, count(*), min(number), max(number) FROM dispatch_notice GROUP BY node_id")
        for node, count, first, last in told:
            if (first, last) != (1, count):
                self._say("P8", "a mailbox has a gap", node)

    def _check_node(self, folder: Path) -> None:
        node = _sqlite(folder / "node.db")
        receipts = [bytes(row[0]) for row in node("SELECT raw FROM stored_receipt")]
        held = self._check_receipts(receipts, folder.name)
        for size, root in node("SELECT size, root FROM known_checkpoint"):
            if self.roots.get(size) != bytes(root):
                self._say("P6", "the hub's history is not what a village saw", f"{folder.name} {size}")
        items = node("SELECT bundle_id, counter, state, message, message_digest, files_deleted_at FROM outbox_item")
        ((newest,),) = node("SELECT counter FROM outbox_head") or [(0,)]
        if sorted(row[1] for row in items) != list(range(1, newest + 1)):
            self._say("P2", "a sealed application is gone from the PC", folder.name)
        for bundle, _, state, message, digest, deleted in items:
            self._check_item(held.get(bytes(bundle), set()), bytes(bundle), state)
            if sha(bytes(message)) != bytes(digest):
                self._say("P2", "a sealed application is damaged", bytes(bundle))
            if deleted is None:
                self._check_sealed(node, folder, bytes(bundle))

    def _check_item(self, kinds: set[str], bundle: bytes, state: str) -> None:
        if state in {*ARRIVING, "rejected"} and state not in kinds:
            self._say("P1", "shown as received without a receipt", bundle)
        if self.world.is_quiet and state not in {"whole", "rejected"}:
            self._say("P2", "never arrived", bundle)
        row = self.bundles.get(bundle)
        if state == "whole" and (row is None or row[3] != "whole"):
            self._say("P1", "shown as received, but the hub does not have it whole", bundle)

    def _check_sealed(self, node: "Query", folder: Path, bundle: bytes) -> None:
        wanted = "SELECT position, chunks FROM outbox_attachment WHERE bundle_id = ? AND NOT held_back"
        for position, chunks in node(wanted, bundle):
            path = folder / "sealed" / bundle.hex() / f"{position}.sealed"
            content = path.read_bytes() if path.is_file() else b""
            lengths = [int.from_bytes(content[20 + 4 * n : 24 + 4 * n], "big") for n in range(chunks)]
            if len(content) != 20 + 4 * chunks + sum(lengths):
                self._say("P2", "a sealed file is gone or torn", f"{bundle.hex()} {position}")


class Query:
    """Runs SQL and returns all rows."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  # sqlite or psycopg
        self._connection = connection

    def __call__(self, statement: str, *values: object) -> list[Row]:
        return [tuple(row) for row in self._connection.execute(statement, values).fetchall()]


def _place(column: str, bundle: bytes) -> bytes:
    return f"simpul/v1/at-rest\0bundle.{column}:{bundle.hex()}".encode()


def _sqlite(path: Path) -> Query:
    return Query(dbapi2.connect(str(path)))


def _open(world: World) -> Query:
    if world.database:
        return Query(psycopg.connect(world.database, autocommit=True))
    return _sqlite(world.hub / "hub.db")


def judge(world: World) -> list[Broken]:
    """Return every broken promise of a world; a database that cannot be read is one."""
    try:
        return Judge(world).run()
    except dbapi2.DatabaseError as error:
        return [Broken("P1", "a database cannot be read", type(error).__name__)]


def _files(names: Iterable[Path]) -> Iterator[bytes]:
    for name in names:
        yield name.read_bytes()


def main() -> int:
    """Judge the world that the arguments name."""
    parser = argparse.ArgumentParser(description="Which promises does this world break?")
    parser.add_argument("hub", type=Path)
    parser.add_argument("log_key", help="public key of the ledger, hexadecimal")
    parser.add_argument("--database", default="")
    parser.add_argument("--node", type=Path, action="append", default=[])
    parser.add_argument("--shown", type=Path, action="append", default=[])
    parser.add_argument("--quiet", action="store_true")
    given = parser.parse_args()
    shown, key = tuple(_files(given.shown)), bytes.fromhex(given.log_key)
    world = World(
        hub=given.hub, log_key=key, database=given.database, nodes=given.node, shown=shown, is_quiet=given.quiet
    )
    found = judge(world)
    print(*found, f"{len(found)} broken", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
