"""The bundle stage of a batch: decisions, ledger entries, rows, cases, receipts."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.orm import Session

from hub.intake import tally
from hub.intake.carrier import Outgoing
from hub.intake.chunks import Ready
from hub.intake.context import IntakeContext
from hub.intake.facts import BatchFacts
from hub.intake.need import need_messages
from hub.intake.reading import AcceptedBundle, place_of
from hub.intake.receipts import (
    IssuedReceipt,
    PendingReceipt,
    Sent,
    Verdict,
    append_verdicts,
    rejection_of,
    sign_receipts,
    stored_receipts,
)
from hub.intake.refusals import keep_evidence
from hub.intake.rules import BundleFacts, Decision, Outcome, decide
from hub.intake.tables import Bundle, BundleAttachment
from hub.intake.verify import CheckedBundle, Refused, digest_of
from hub.storage import crash
from hub.storage.bulk import insert_rows
from hub.storage.keyring import DataKey
from hub.storage.ports import to_ms
from protocol.bundle import Manifest
from protocol.checkpoint import CheckpointRef
from protocol.errors import BY_CODE
from protocol.ids import NodeId, ServiceCode
from protocol.receipt import ReceiptKind, Subject
from protocol.topics import Down, Up, down


class BundleStage:
    """Runs once per batch, inside its transaction."""

    def __init__(self, session: Session, context: IntakeContext, now: datetime) -> None:
        """Take the open transaction and its time."""
        self._session = session
        self._context = context
        self._now = now
        self._now_ms = to_ms(now)
        self._verdicts: list[Verdict] = []
        self._accepted: list[tuple[CheckedBundle, Decision, int]] = []
        self._duplicates: list[tuple[NodeId, bytes]] = []
        self._outcomes: list[tuple[NodeId, Outcome]] = []
        self._rejected: set[Sent] = set()
        self.put_aside: list[Refused] = []
        """Quarantined bundles, whose nodes get a refusal."""

    @property
    def accepted_ids(self) -> list[bytes]:
        """The bundles that this batch accepted."""
        return [item.verified.bundle for item, _, _ in self._accepted]

    @property
    def copies(self) -> list[Ready]:
        """The files of accepted bundles that earlier ones are said to hold."""
        return [
            Ready(item.verified.bundle, position, is_copy=True)
            for item, _, _ in self._accepted
            for position, file in enumerate(item.verified.manifest.attachments)
            if file.delivered_in is not None and file.chunks
        ]

    def run(self, bundles: Sequence[CheckedBundle], rejected: Sequence[Refused]) -> list[Outgoing]:
        """Decide about all of them and return what to publish."""
        if not bundles and not rejected:
            return []
        messages = [*map(_sent, bundles), *((item.node, digest_of(item.incoming)) for item in rejected if item.node)]
        earlier = rejection_of(self._session, messages)
        self._rejected = set(earlier)
        self._decide_all(bundles)
        self._reject_all(rejected)
        pending = append_verdicts(self._session, self._now_ms, self._verdicts)
        self._store(pending)
        crash.point("intake.cases_opened")
        issued = sign_receipts(self._session, self._now, self._context.secrets.log, pending)
        crash.point("intake.receipts_signed")
        tally.add(self._session, self._outcomes)
        return [*map(outgoing_receipt, issued), *map(outgoing_receipt, earlier.values()), *self._answer_duplicates()]

    def _decide_all(self, bundles: Sequence[CheckedBundle]) -> None:
        facts = BatchFacts(self._session, self._context, bundles)
        for item in bundles:
            if _sent(item) in self._rejected:
                self._outcomes.append((item.verified.manifest.node, Outcome.DUPLICATE))
                continue
            known = facts.of(item)
            decision = decide(item.verified.manifest, known)
            self._note(item, decision, _named(item.verified.manifest, known))
            if decision.outcome is Outcome.ACCEPTED:
                facts.take(item)

    def _note(self, item: CheckedBundle, decision: Decision, named: CheckpointRef | None) -> None:
        manifest, bundle = item.verified.manifest, item.verified.bundle
        self._outcomes.append((manifest.node, decision.outcome))
        if decision.keeps_evidence:
            keep_evidence(self._session, self._now, item.incoming, manifest.node, (bundle, decision.code))
        if decision.outcome is Outcome.ACCEPTED:
            self._accept(item, decision, named)
        elif decision.outcome is Outcome.DUPLICATE:
            self._duplicates.append((manifest.node, bundle))
        elif decision.outcome is Outcome.REJECTED:
            self._rejected.add(_sent(item))
            message = digest_of(item.incoming)
            subject = _subject(manifest, bundle, ReceiptKind.REJECTED)
            subject = replace(subject, code=decision.code, message=message, named=named)
            self._add_verdict(subject, manifest.service)
        else:
            error = BY_CODE[decision.code]()
            self.put_aside.append(
                Refused(incoming=item.incoming, node=manifest.node, kind=Up.BUNDLE, error=error, claimed_bundle=bundle)
            )

    def _accept(self, item: CheckedBundle, decision: Decision, named: CheckpointRef | None) -> None:
        manifest, bundle = item.verified.manifest, item.verified.bundle
        missing = sum(1 for file in manifest.attachments if file.chunks)
        self._accepted.append((item, decision, len(self._verdicts)))
        arrived = replace(_subject(manifest, bundle, ReceiptKind.ARRIVED), missing_attachments=missing, named=named)
        self._add_verdict(arrived, manifest.service)
        if not missing:
            whole = replace(_subject(manifest, bundle, ReceiptKind.WHOLE), named=named)
            self._add_verdict(whole, manifest.service)

    def _reject_all(self, rejected: Sequence[Refused]) -> None:
        for item in rejected:
            if item.node is None:
                continue
            message = digest_of(item.incoming)
            outcome = Outcome.DUPLICATE if (item.node, message) in self._rejected else Outcome.REJECTED
            self._outcomes.append((item.node, outcome))
            if outcome is Outcome.REJECTED:
                self._rejected.add((item.node, message))
                subject = Subject(
                    kind=ReceiptKind.REJECTED,
                    bundle=item.claimed_bundle or message,
                    node=item.node,
                    counter=0,
                    code=item.error.code,
                    message=message,
                )
                self._add_verdict(subject, None)

    def _add_verdict(self, subject: Subject, service: ServiceCode | None) -> None:
        salt = self._context.randomness.token(32)
        self._verdicts.append(Verdict(subject=subject, salt=salt, village=subject.node.village, service=service))

    def _store(self, pending: Sequence[PendingReceipt]) -> None:
        if not self._accepted:
            return
        bundles, files, accepted = [], [], []
        for item, decision, place in self._accepted:
            key = self._context.stores.keyring.new_data_key(self._context.randomness)
            bundles.append(self._bundle_row(item, decision, pending[place].index, key))
            files += self._file_rows(item, key)
            accepted.append(
                AcceptedBundle(
                    bundle_id=item.verified.bundle,
                    manifest=item.verified.manifest,
                    received_at=self._now,
                    ledger_index=pending[place].index,
                    data_key=key,
                )
            )
        insert_rows(self._session, Bundle, bundles)
        insert_rows(self._session, BundleAttachment, files)
        self._context.open_cases(self._session, self._now, accepted)

    def _bundle_row(self, item: CheckedBundle, decision: Decision, index: int, key: DataKey) -> dict[str, object]:
        manifest, bundle, randomness = item.verified.manifest, item.verified.bundle, self._context.randomness
        is_whole = not any(file.chunks for file in manifest.attachments)
        return {
            "bundle_id": bundle,
            "node_id": str(manifest.node),
            "counter": manifest.counter,
            "registration_no": str(manifest.registration_no),
            "officer_id": str(manifest.officer),
            "village": str(manifest.village),
            "service": str(manifest.service),
            "service_version": manifest.service_version,
            "received_at": self._now,
            "claimed_ms": manifest.claimed_at,
            "ledger_index": index,
            "data_key": key.wrapped,
            "signed": key.seal(item.verified.signed, place_of("signed", bundle), randomness),
            "content_key": key.seal(item.verified.content_key, place_of("content_key", bundle), randomness),
            "state": "whole" if is_whole else "arrived",
            "whole_at": self._now if is_whole else None,
            "flags": " ".join(sorted(set(decision.flags))),
            "corrects": manifest.corrects,
        }

    def _file_rows(self, item: CheckedBundle, key: DataKey) -> list[dict[str, object]]:
        bundle = item.verified.bundle
        return [
            {
                "bundle_id": bundle,
                "position": position,
                "requirement": str(file.requirement),
                "name": key.seal(file.name.encode(), place_of(f"name:{position}", bundle), self._context.randomness),
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "chunks": file.chunks,
                "blob": None,
                "delivered_in": file.delivered_in if file.chunks else None,
            }
            for position, file in enumerate(item.verified.manifest.attachments)
        ]

    def _answer_duplicates(self) -> list[Outgoing]:
        fresh = set(self.accepted_ids)
        asked = {bundle: node for node, bundle in self._duplicates if bundle not in fresh}
        if not asked:
            return []
        receipts = stored_receipts(self._session, list(asked))
        return [*map(outgoing_receipt, receipts), *need_messages(self._session, self._context, asked)]


def outgoing_receipt(receipt: IssuedReceipt) -> Outgoing:
    """Return the message that carries a receipt to its node."""
    return Outgoing(down(receipt.node_id, Down.RECEIPT), receipt.raw)


def _named(manifest: Manifest, facts: BundleFacts) -> CheckpointRef | None:
    """Return the checkpoint that a manifest names, if this log signed it; so a rejection is linked to it as well.

    A village without a link could not ask for the proof that joins a rejection to what it saw of the ledger.
    """
    named = manifest.checkpoint
    return named if named is not None and named.root == facts.named_root else None


def _sent(item: CheckedBundle) -> Sent:
    return item.verified.manifest.node, digest_of(item.incoming)


def _subject(manifest: Manifest, bundle: bytes, kind: ReceiptKind) -> Subject:
    return Subject(
        kind=kind,
        bundle=bundle,
        node=manifest.node,
        counter=manifest.counter,
        registration_no=manifest.registration_no,
    )
