"""Who says which promise of ``docs`` is broken. Reads tables and disks; believes no product code but the stand-alone
verifier's.

P1 receipt = committed · P2 nothing lost before the receipt · P3 exactly one effect · P4 a conflict is evidence ·
P5 a receipt convinces a stranger · P6 history is never rewritten · P7 log time never goes back · P8 no silence ·
P9 the village never stops.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from deploy.simpul_verify import check_receipt, parse_log_key
from hub.intake.carrier import Incoming, Outgoing
from protocol.receipt import ReceiptKind
from tests.simulation.hub import SimHub
from tests.simulation.node import SimNode


class BrokenPromiseError(Exception):
    """A promise was broken; the run ends here."""

    def __init__(self, promise: str, story: str) -> None:
        super().__init__(f"{promise}: {story}")
        self.promise = promise


def need(holds: object, promise: str, story: str) -> None:
    """Stop the run when it does not hold."""
    if not holds:
        raise BrokenPromiseError(promise, story)


class Judge:
    """Looks after every event."""

    def __init__(self, hub: SimHub) -> None:
        self._hub = hub
        self._log = parse_log_key(hub.keys.log)
        self._entries: list[tuple[bytes, int]] = []
        self._bundles: dict[bytes, tuple[Any, ...]] = {}
        self._receipts: dict[tuple[object, ...], bytes] = {}
        self._seen: set[bytes] = set()
        self._owed: dict[int, set[bytes]] = {}
        self._states: dict[tuple[int, bytes], str] = {}
        self._doubled: set[str] = set()
        self._told: set[bytes] = set()
        self._genuine: dict[tuple[bytes, str], bytes] = {}
        """Bundles by what was really sealed, and by whom."""
        self._first: int = hub.rows("SELECT size FROM ledger_head")[0][0]
        """Entries of the first day: enrolments."""

    def sealed(self, node: SimNode) -> None:
        """Note what an officer saw as saved."""
        self._owed[id(node)] = set(node.disk.items)
        for bundle, item in node.disk.items.items():
            self._genuine[item.facts.message_digest, str(node.village.node)] = bundle

    def doubled(self, node: SimNode) -> None:
        """Note that two PCs, or two lives of one, give out the same numbers."""
        self._doubled.add(str(node.village.node))
        self._owed[id(node)] = set(node.disk.items)
        self._states = {key: state for key, state in self._states.items() if key[0] != id(node)}

    def look(self, nodes: Sequence[SimNode]) -> None:
        """Look at every disk."""
        for node in nodes:
            self._look_at_node(node)

    def hub_worked(self, acknowledged: Sequence[Incoming], published: Sequence[Outgoing]) -> None:
        """Look at the hub's books after it did something, also after it died of it."""
        with self._hub.unbreakable():
            self._look_at_ledger()
            self._look_at_bundles()
            self._look_at_tally()
            for message in published:
                if message.topic.endswith("/down/receipt") and message.payload[:1] != b"\xd2":
                    self._look_at_receipt(message.payload)
            for each in acknowledged:
                if each.topic.endswith("/up/bundle"):
                    self._look_for_verdict(each)

    def at_the_end(self, nodes: Sequence[SimNode]) -> None:
        """Look at what must have come of everything once all faults are over."""
        for node in nodes:
            for bundle, item in node.disk.items.items():
                need(item.state in {"whole", "rejected"}, "P2", f"{item.state} for ever: counter {item.facts.counter}")
                if item.state == "rejected":
                    self._look_at_rejection(node, bundle)
        self._look_at_conflicts(nodes)

    # --- nodes -------------------------------------------------------------------------------------------------------

    def _look_at_node(self, node: SimNode) -> None:
        items = node.disk.items
        need(self._owed.get(id(node), set()) <= set(items), "P2", "an item vanished from a disk")
        for bundle, item in items.items():
            place = (id(node), bundle)
            if self._states.get(place, "waiting") == item.state:
                continue
            self._states[place] = item.state
            kinds = {str(receipt.subject.kind) for about, receipt in node.disk.receipts.values() if about == bundle}
            wanted = {"arrived": "arrived", "whole": "whole", "rejected": "rejected"}[item.state]
            need(wanted in kinds, "P1", f"shown as {item.state} without a receipt that says so")
            self._look_behind(node, bundle, item.state)

    def _look_behind(self, node: SimNode, bundle: bytes, state: str) -> None:
        rows: dict[bytes, str] = dict(self._hub.rows("SELECT bundle_id, state FROM bundle WHERE bundle_id = ?", bundle))
        if state in {"arrived", "whole"}:
            need(bundle in rows, "P1", "shown as received, but not in the hub's database")
            need(state == "arrived" or rows[bundle] == "whole", "P1", "shown as whole, but the hub lacks files")
        for about, receipt in node.disk.receipts.values():
            if about == bundle:
                entry = self._hub.rows('SELECT body FROM ledger_entry WHERE "index" = ?', receipt.index)
                need(entry, "P1", "a receipt names an entry that the ledger has not")

    def _look_at_rejection(self, node: SimNode, bundle: bytes) -> None:
        item = node.disk.items[bundle]
        need(
            not self._hub.rows("SELECT 1 FROM bundle WHERE bundle_id = ?", bundle),
            "P3",
            "accepted and rejected at once",
        )
        codes = [
            receipt.subject.code
            for about, receipt in node.disk.receipts.values()
            if about == bundle
            and receipt.subject.kind is ReceiptKind.REJECTED
            and receipt.subject.message == item.facts.message_digest
        ]
        need(codes, "P2", "rejected because of a copy that somebody else changed")
        need(str(node.village.node) in self._doubled, "P2", f"an honest application was rejected: {codes}")

    def _look_at_conflicts(self, nodes: Sequence[SimNode]) -> None:
        for node in nodes:
            for item in node.disk.items.values():
                if item.state == "rejected":
                    digest = item.facts.message_digest
                    kept = self._hub.rows("SELECT raw FROM intake_quarantine WHERE message = ?", digest)
                    need(kept and kept[0][0] == item.message, "P4", "a conflict without the evidence")

    # --- the hub's books ---------------------------------------------------------------------------------------------

    def _look_at_ledger(self) -> None:
        rows = self._hub.rows('SELECT "index", body, time_ms, leaf_hash FROM ledger_entry ORDER BY "index"')
        need([row[0] for row in rows] == list(range(len(rows))), "P6", "the ledger has a gap")
        found = [(row[1], row[2]) for row in rows]
        old = len(self._entries)
        need(found[:old] == self._entries, "P6", "the ledger was rewritten")
        for _, body, _, leaf in rows[old:]:
            need(hashlib.sha256(b"\0" + body).digest() == leaf, "P6", "a leaf is not its entry's")
        times = [time for _, time in found[max(0, old - 1) :]]
        need(times == sorted(times), "P7", "log time went back")
        self._entries = found
        size = self._hub.rows("SELECT size FROM ledger_head")
        need(size == [(len(found),)], "P6", "the head does not count the entries")
        receipts = self._hub.rows("SELECT ledger_index FROM bundle_receipt ORDER BY ledger_index")
        need(
            [row[0] for row in receipts] == list(range(self._first, len(rows))),
            "P3",
            "entries and receipts are not one to one",
        )

    def _look_at_bundles(self) -> None:
        rows = self._hub.rows("SELECT bundle_id, node_id, counter, registration_no, ledger_index, state FROM bundle")
        found = {row[0]: row[1:5] for row in rows}
        for bundle, facts in self._bundles.items():
            need(found.get(bundle) == facts, "P4", "an accepted bundle was overwritten")
        self._bundles = found
        stated = self._hub.rows("SELECT bundle_id, kind FROM bundle_receipt WHERE kind IN ('arrived', 'whole')")
        need(len(set(stated)) == len(stated), "P3", "one bundle, two verdicts of a kind")
        whole = {row[0] for row in rows if row[5] == "whole"}
        need({bundle for bundle, kind in stated if kind == "arrived"} == set(found), "P1", "bundles without a verdict")
        need({bundle for bundle, kind in stated if kind == "whole"} == whole, "P1", "whole without a verdict")
        files = self._hub.rows("SELECT bundle_id, blob FROM bundle_attachment WHERE chunks > 0")
        for bundle, blob in files:
            need(bundle not in whole or blob is not None, "P1", "whole, but a file is missing")
            need(blob is None or self._hub.blobs.has(blob), "P1", "a row names a file that is not on the disk")

    def _look_at_tally(self) -> None:
        rows = self._hub.rows("SELECT received, accepted, duplicate, rejected, quarantined FROM intake_tally")
        for received, *parts in rows:
            need(received == sum(parts), "P8", "received is not what became of it")
        need(sum(row[1] for row in rows) == len(self._bundles), "P8", "accepted is not what is there")
        rejected = self._hub.rows("SELECT count(*) FROM bundle_receipt WHERE kind = 'rejected'")[0][0]
        need(sum(row[3] for row in rows) == rejected, "P8", "rejected is not what was told")

    def _look_at_receipt(self, raw: bytes) -> None:
        if raw in self._seen:
            return
        self._seen.add(raw)
        try:
            stated = check_receipt(raw, self._log)
        except Exception as error:
            raise BrokenPromiseError("P5", f"a stranger refuses a receipt: {error}") from error
        kept = self._hub.rows("SELECT bundle_id, node_id, kind, message FROM bundle_receipt WHERE raw = ?", raw)
        need(stated and len(kept) == 1, "P1", "a receipt left the hub that its database has not")
        name = kept[0]
        need(self._receipts.setdefault(name, raw) == raw, "P3", "two receipts of one verdict differ")

    def _look_for_verdict(self, message: Incoming) -> None:
        digest = hashlib.sha256(message.payload).digest()
        node = message.topic.split("/")[-3]
        if (mark := hashlib.sha256(digest + node.encode()).digest()) in self._told:
            return
        self._told.add(mark)
        for query in (
            "SELECT 1 FROM bundle_receipt WHERE message = ? AND node_id = ?",
            "SELECT 1 FROM intake_quarantine WHERE message = ? AND node_id = ?",
            "SELECT 1 FROM intake_refusal WHERE message = ? AND node_id = ?",
        ):
            if self._hub.rows(query, digest, node):
                return
        bundle = self._genuine.get((digest, node))
        need(bundle in self._bundles, "P8", "a message was acknowledged and nothing came of it")
