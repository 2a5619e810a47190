"""The floor: the same cryptography and the same durable batch commit in a plain loop. No MQTT, no framework, no rooms.

Per bundle: open the box, verify node's and officer's signature, parse the manifest, hash the leaf, two rows. Per batch:
one transaction of SQLite with ``synchronous=FULL``, the root signed twice (checkpoint and COSE), receipts made.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pysqlite3 import dbapi2

from protocol import merkle
from protocol.bundle import VerifiedBundle, verify_bundle
from protocol.checkpoint import sign_checkpoint
from protocol.envelope import KeyFinder
from protocol.receipt import (
    Entry,
    ReceiptKind,
    Subject,
    commitment,
    inclusion_receipt,
    make_receipt,
    sign_root,
)
from protocol.sealing import open_sealed, parse_sealed
from protocol.wire import to_bytes

BATCH = 200
SALT = b"s" * 32
PATH = [b"h" * 32] * 16
"""An inclusion path as long as in a ledger of 65,000 entries."""


class Floor:
    """A database and keys for one measurement."""

    def __init__(
        self, file: Path, sealing_key: X25519PrivateKey, find_node: KeyFinder, find_officer: KeyFinder
    ) -> None:
        """Make the database."""
        self._database = dbapi2.connect(str(file), isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE bundle (id BLOB PRIMARY KEY, node TEXT, counter INTEGER, signed BLOB)")
        self._database.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB, receipt BLOB)")
        self._sealing_key = sealing_key
        self._find_node = find_node
        self._find_officer = find_officer
        self._log_key = Ed25519PrivateKey.generate()
        self._frontier = merkle.Frontier()

    def rate(self, messages: Sequence[bytes]) -> float:
        """Return bundles per second over these messages."""
        start = time.perf_counter()
        for place in range(0, len(messages), BATCH):
            self._commit([self._verify(message) for message in messages[place : place + BATCH]])
        return len(messages) / (time.perf_counter() - start)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _verify(self, message: bytes) -> VerifiedBundle:
        sealed = parse_sealed(message)
        opened = open_sealed(sealed, self._sealing_key)
        return verify_bundle(sealed, opened, find_node_key=self._find_node, find_officer_key=self._find_officer)

    def _commit(self, batch: Sequence[VerifiedBundle]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        first, entries, subjects = self._frontier.size, [], []
        for item in batch:
            subject = _subject(item)
            entry = to_bytes(Entry(kind="bundle.arrived", time=1, commitment=commitment(SALT, subject)))
            self._frontier = self._frontier.append(merkle.leaf_hash(entry))
            entries.append(entry)
            subjects.append(subject)
        receipts = self._receipts(first, entries, subjects)
        self._database.executemany(
            "INSERT INTO bundle VALUES (?, ?, ?, ?)",
            [(item.bundle, str(item.manifest.node), item.manifest.counter, item.signed) for item in batch],
        )
        self._database.executemany(
            "INSERT INTO entry VALUES (?, ?, ?)",
            list(zip(range(first, first + len(batch)), entries, receipts, strict=True)),
        )
        self._database.execute("COMMIT")

    def _receipts(self, first: int, entries: Sequence[bytes], subjects: Sequence[bytes]) -> list[bytes]:
        checkpoint = sign_checkpoint("floor", self._frontier.size, self._frontier.root(), self._log_key)
        root = sign_root(checkpoint, self._log_key)
        return [
            make_receipt(
                entry=entry,
                salt=SALT,
                subject=subject,
                proof=inclusion_receipt(root, first + place, PATH),
                checkpoint=checkpoint,
                link=None,
            )
            for place, (entry, subject) in enumerate(zip(entries, subjects, strict=True))
        ]


def _subject(item: VerifiedBundle) -> bytes:
    manifest = item.manifest
    return to_bytes(
        Subject(
            kind=ReceiptKind.ARRIVED,
            bundle=item.bundle,
            node=manifest.node,
            counter=manifest.counter,
            registration_no=manifest.registration_no,
        )
    )
