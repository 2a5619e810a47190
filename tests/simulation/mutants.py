"""Bugs planted in the shipped code, one at a time: what the simulation must find, and which promise it must name."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from unittest.mock import patch

from msgspec.structs import replace as replace_wire
from sqlalchemy import select

from hub.intake import assembly, bundles, chunks, receipts, service, tally
from hub.intake import rules as intake_rules
from hub.intake.facts import BatchFacts
from hub.intake.receipts import IssuedReceipt, PendingReceipt, Verdict, _ReceiptMaker
from hub.intake.rules import Decision, Outcome
from hub.intake.runner import IntakeRunner
from hub.intake.tables import BundleReceipt
from hub.ledger import service as ledger
from protocol.ids import NodeId
from protocol.receipt import Subject
from protocol.wire import from_bytes, to_bytes
from village_node.sync import engine
from village_node.sync.engine import Engine
from village_node.sync.rules import messages as m
from village_node.sync.rules.deliveries import Deliveries
from village_node.sync.runner import Runner

Loose: TypeAlias = Any
"""What has no name here: SQLAlchemy's sessions, drivers, and the insides that a bug reaches into."""

Plant = Callable[[], Sequence[Loose]]


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A bug: what it is, which promises may be named when it is found, and how it is planted."""

    name: str
    promises: frozenset[str]
    seed: int
    """Where to look first."""
    plant: Plant

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Let the shipped code have the bug."""
        with ExitStack() as stack:
            for each in self.plant():
                stack.enter_context(each)
            yield


def _puback_is_received() -> Sequence[Loose]:
    real = Engine.handle

    def handle(self: Engine, event: m.Event, now_ms: int) -> list[m.Action]:
        extra: list[m.Action] = []
        if isinstance(event, m.Acknowledged):
            flight = self._flights._flights.get(event.token)
            bundle = None if flight is None else flight.bundle
            if bundle is not None and self._states.get(bundle) == "waiting":
                extra.append(m.MarkState(bundle, "arrived"))
        return [*extra, *real(self, event, now_ms)]

    return [patch.object(Engine, "handle", handle)]


def _any_rejection_counts() -> Sequence[Loose]:
    return [patch.object(engine, "_is_about", lambda _, __: True)]


def _state_without_receipt() -> Sequence[Loose]:
    real = Engine.handle

    def handle(self: Engine, event: m.Event, now_ms: int) -> list[m.Action]:
        return [action for action in real(self, event, now_ms) if not isinstance(action, m.KeepReceipt)]

    return [patch.object(Engine, "handle", handle)]


def _gives_up() -> Sequence[Loose]:
    real = Deliveries.manifest_sent

    def sent(self: Deliveries, delivery: Loose, now_ms: int) -> None:
        real(self, delivery, now_ms)
        self.remove(delivery.facts.bundle)

    return [patch.object(Deliveries, "manifest_sent", sent)]


def _forgets_at_restart() -> Sequence[Loose]:
    real = Runner._restart

    def restart(self: Runner) -> Engine:
        made = real(self)
        for bundle in list(made._items)[:1]:
            made._deliveries.remove(bundle)
        return made

    return [patch.object(Runner, "_restart", restart)]


def _no_dedup() -> Sequence[Loose]:
    real = BatchFacts.of

    def of(self: BatchFacts, item: Loose) -> Loose:
        from dataclasses import replace  # noqa: PLC0415  # beside msgspec's of the same name

        return replace(real(self, item), is_known=False)

    return [patch.object(BatchFacts, "of", of)]


def _dedup_by_counter() -> Sequence[Loose]:
    def decide(manifest: Loose, facts: Loose) -> Decision:
        if facts.counter_is_used:
            return Decision(outcome=Outcome.DUPLICATE)
        return intake_rules.decide(manifest, facts)

    return [patch.object(bundles, "decide", decide)]


def _no_evidence() -> Sequence[Loose]:
    return [patch.object(bundles, "keep_evidence", lambda *_: None)]


def _log_follows_the_clock() -> Sequence[Loose]:
    return [patch.object(ledger, "max", lambda _, second: second, create=True)]


def _signed_again() -> Sequence[Loose]:
    def again(session: Loose, ids: Sequence[bytes]) -> list[IssuedReceipt]:
        from tests.simulation.hub import the_hub  # noqa: PLC0415  # it is made when the first world is

        hub = the_hub()
        query = select(BundleReceipt).where(BundleReceipt.bundle_id.in_(ids), BundleReceipt.kind != "rejected")
        rows = session.scalars(query.order_by(BundleReceipt.id)).all()
        maker = _ReceiptMaker(session, hub.clock.now(), hub.context.secrets.log)
        found = []
        for row in rows:
            subject = from_bytes(row.subject, Subject, max_bytes=100_000)
            verdict = Verdict(subject=subject, salt=row.salt, village=None)
            pending = PendingReceipt(verdict=verdict, index=row.ledger_index, entry=row.entry, subject=row.subject)
            raw = maker.make(pending)
            found.append(
                IssuedReceipt(bundle_id=row.bundle_id, node_id=NodeId(row.node_id), kind=subject.kind, raw=raw)
            )
        return found

    return [patch.object(bundles, "stored_receipts", again)]


def _duplicates_are_not_counted() -> Sequence[Loose]:
    def add(session: Loose, outcomes: Loose) -> None:
        tally_add(session, [each for each in outcomes if each[1] is not Outcome.REJECTED])

    tally_add = tally.add
    return [patch.object(tally, "add", add)]


def _chunks_are_not_authenticated() -> Sequence[Loose]:
    return [patch.object(chunks.ChunkStage, "_problem", lambda *_: None)]


def _whole_too_early() -> Sequence[Loose]:
    real = assembly._finish_bundle

    class Blind:
        def __init__(self, session: Loose) -> None:
            self._session, self._is_blind = session, True

        def __getattr__(self, name: str) -> Loose:
            return getattr(self._session, name)

        def scalar(self, query: Loose) -> Loose:
            if self._is_blind:
                self._is_blind = False
                return 0
            return self._session.scalar(query)

    def finish(session: Loose, context: Loose, now: Loose, bundle: bytes) -> Loose:
        return real(Blind(session), context, now, bundle)  # type: ignore[arg-type]  # looks like one

    return [patch.object(assembly, "_finish_bundle", finish)]


def _file_after_its_row() -> Sequence[Loose]:
    def join(context: Loose, place: Loose) -> bytes:
        from tests.simulation.ports import Fuse, MemoryBlobs  # noqa: PLC0415  # only here

        real = context.stores
        forgetful = type(real)(database=real.database, keyring=real.keyring, blobs=MemoryBlobs(Fuse()))
        from dataclasses import replace  # noqa: PLC0415  # the same

        return assembly_join(replace(context, stores=forgetful), place)

    assembly_join = assembly._join
    return [patch.object(assembly, "_join", join)]


def _publishes_before_the_commit() -> Sequence[Loose]:
    real = bundles.BundleStage.run

    def run(self: Loose, *arguments: Loose) -> Loose:
        from tests.simulation.hub import the_hub  # noqa: PLC0415  # the same

        made = real(self, *arguments)
        the_hub().wire.publish(made)
        return made

    return [patch.object(bundles.BundleStage, "run", run)]


def _acknowledges_what_failed() -> Sequence[Loose]:
    def step(self: Loose, batch: Loose, is_stopped: Loose = lambda: False) -> None:
        self._carrier.acknowledge(batch)
        real(self, [each for each in batch if len(each.payload) % 2], is_stopped)

    real = IntakeRunner.step
    return [patch.object(IntakeRunner, "step", step)]


def _commits_half_way() -> Sequence[Loose]:
    real = bundles.BundleStage._store

    def store(self: Loose, pending: Loose) -> None:
        real(self, pending)
        raw = self._session.connection().connection.driver_connection
        raw.execute("COMMIT")
        raw.execute("BEGIN IMMEDIATE")

    return [patch.object(bundles.BundleStage, "_store", store)]


def _rejects_whoever_sent_it() -> Sequence[Loose]:
    def rejection_of(session: Loose, messages: Loose) -> Loose:
        digests = [digest for _, digest in messages]
        rows = session.execute(
            select(
                BundleReceipt.message,
                BundleReceipt.bundle_id,
                BundleReceipt.node_id,
                BundleReceipt.kind,
                BundleReceipt.raw,
            ).where(BundleReceipt.message.in_(digests))
        )
        found = {row.message: receipts._issued(row) for row in rows}
        return {(node, digest): found[digest] for node, digest in messages if digest in found}

    return [patch.object(bundles, "rejection_of", rejection_of)]


def _tiles_are_not_written() -> Sequence[Loose]:
    return [patch.object(ledger, "_append_tiles", lambda *_: None)]


def _history_is_rewritten() -> Sequence[Loose]:
    real = ledger._append_tiles

    def append_tiles(session: Loose, size: int, leaves: list[bytes]) -> None:
        real(session, size, leaves)
        raw = session.connection().connection.driver_connection
        raw.execute("DROP TRIGGER IF EXISTS ledger_entry_fixed")  # somebody with the database can do that
        raw.execute('UPDATE ledger_entry SET time_ms = time_ms - 1 WHERE "index" = 0')

    return [patch.object(ledger, "_append_tiles", append_tiles)]


def _receipt_of_another() -> Sequence[Loose]:
    real = receipts._ReceiptMaker.make

    def make(self: Loose, item: PendingReceipt) -> bytes:
        other = replace_wire(item.verdict.subject, counter=item.verdict.subject.counter + 1)
        return real(self, PendingReceipt(**{**_fields(item), "subject": to_bytes(other)}))

    return [patch.object(receipts._ReceiptMaker, "make", make)]


def _fields(item: PendingReceipt) -> dict[str, Loose]:
    return {"verdict": item.verdict, "index": item.index, "entry": item.entry, "subject": item.subject}


def _drops_the_unreadable() -> Sequence[Loose]:
    real = service._sort

    def sort(checked: Loose) -> Loose:
        groups = real(checked)
        groups.rejected.clear()
        return groups

    return [patch.object(service, "_sort", sort)]


def _one(name: str, promises: str, plant: Plant, seed: int = 0) -> Mutant:
    return Mutant(name=name, promises=frozenset(promises.split()), plant=plant, seed=seed)


MUTANTS = (
    _one("node: PUBACK counts as received", "P1", _puback_is_received),
    _one("node: any rejection counts, also of a changed copy", "P1 P2 P3", _any_rejection_counts),
    _one("node: the state is kept without its receipt", "P1", _state_without_receipt),
    _one("node: sends once and gives up", "P2", _gives_up),
    _one("node: forgets an item at a restart", "P2", _forgets_at_restart),
    _one("hub: a bundle is taken in again", "P2 P3 P8 P9", _no_dedup),
    _one("hub: the counter is the identity", "P2 P4 P8", _dedup_by_counter),
    _one("hub: no evidence of a conflict", "P4", _no_evidence),
    _one("hub: log time follows the clock", "P7", _log_follows_the_clock),
    _one("hub: a receipt is signed again for a duplicate", "P1 P3", _signed_again),
    _one("hub: rejected messages are not counted", "P8", _duplicates_are_not_counted),
    _one("hub: chunks are not authenticated", "P2", _chunks_are_not_authenticated),
    _one("hub: whole before the last file", "P1 P3", _whole_too_early),
    _one("hub: the row is written without the file", "P1", _file_after_its_row),
    _one("hub: the receipt leaves before the commit", "P1", _publishes_before_the_commit),
    _one("hub: acknowledges what it did not work", "P8", _acknowledges_what_failed),
    _one("hub: commits half of a batch", "P1 P3", _commits_half_way),
    _one("hub: a rejection holds for whoever sends the bytes", "P2", _rejects_whoever_sent_it),
    _one("hub: tiles are not written", "P9", _tiles_are_not_written),
    _one("hub: an old entry of the ledger changes", "P6", _history_is_rewritten),
    _one("hub: a receipt with another subject than its entry", "P5", _receipt_of_another),
    _one("hub: unreadable messages are dropped", "P8", _drops_the_unreadable),
)
