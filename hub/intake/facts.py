"""Reads the facts that ``rules.decide`` needs, for a whole batch at once: a handful of queries, whatever its size."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hub.intake.context import IntakeContext
from hub.intake.corrections import Corrections
from hub.intake.opening import check_form
from hub.intake.rules import BundleFacts, OfficerState
from hub.intake.tables import Bundle
from hub.intake.verify import CheckedBundle
from hub.ledger.service import signed_roots
from hub.registry.queries import load_leases, load_nodes, officer_states
from hub.registry.rules import OfficerStatus
from protocol.bundle import Manifest
from protocol.ids import NodeId


class BatchFacts:
    """Facts about the bundles of one batch, kept up to date while the batch is decided."""

    def __init__(self, session: Session, context: IntakeContext, batch: Sequence[CheckedBundle]) -> None:
        """Read everything that is needed about these bundles."""
        manifests = [item.verified.manifest for item in batch]
        nodes = {manifest.node for manifest in manifests}
        self._services = context.catalogue.services
        self._active = {node_id for node_id, node in load_nodes(session, nodes).items() if node.is_active}
        self._officers = officer_states(session, {item.verified.officer_kid for item in batch})
        self._leases = load_leases(session, nodes)
        self._known = _known_ids(session, [item.verified.bundle for item in batch])
        self._counters = _counters(session, manifests)
        self._numbers = _used_numbers(session, manifests)
        self._roots = _roots(session, manifests)
        self._corrections = Corrections(
            session, context.stores.keyring, context.catalogue, context.asked_for, manifests
        )

    def of(self, item: CheckedBundle) -> BundleFacts:
        """Return what is known about one bundle at this moment of the batch."""
        manifest = item.verified.manifest
        number = manifest.registration_no
        judged = self._corrections.judge(manifest)
        return BundleFacts(
            is_known=item.verified.bundle in self._known,
            node_is_active=manifest.node in self._active,
            officer=_officer_state(self._officers.get(item.verified.officer_kid)),
            counter_is_used=(manifest.node, manifest.counter) in self._counters,
            number_is_leased=any(lease.holds(number) for lease in self._leases.get(manifest.node, ())),
            number_is_used=number in self._numbers,
            form=(item.form or check_form(self._services, manifest)) if judged is None else judged.form,
            correction=None if judged is None else judged.check,
            previous=self._counters.get((manifest.node, manifest.counter - 1)),
            named_root=self._roots.get(manifest.checkpoint.size) if manifest.checkpoint else None,
        )

    def take(self, item: CheckedBundle) -> None:
        """Note that this bundle was accepted: what comes behind it in the batch sees it."""
        manifest = item.verified.manifest
        self._known.add(item.verified.bundle)
        self._counters[(manifest.node, manifest.counter)] = item.verified.bundle
        if manifest.corrects is None:
            self._numbers.add(manifest.registration_no)
        else:
            self._corrections.close(manifest.corrects)


def _officer_state(status: OfficerStatus | None) -> OfficerState:
    if status is OfficerStatus.ACTIVE:
        return OfficerState.ACTIVE
    return OfficerState.REVOKED if status is OfficerStatus.REVOKED else OfficerState.UNKNOWN


def _known_ids(session: Session, ids: Sequence[bytes]) -> set[bytes]:
    return set(session.scalars(select(Bundle.bundle_id).where(Bundle.bundle_id.in_(ids))))


def _counters(session: Session, manifests: Iterable[Manifest]) -> dict[tuple[NodeId, int], bytes]:
    asked = {
        (str(manifest.node), counter) for manifest in manifests for counter in (manifest.counter, manifest.counter - 1)
    }
    query = select(Bundle.node_id, Bundle.counter, Bundle.bundle_id).where(
        tuple_(Bundle.node_id, Bundle.counter).in_(sorted(asked))
    )
    return {(NodeId(node), counter): bundle for node, counter, bundle in session.execute(query)}


def _used_numbers(session: Session, manifests: Iterable[Manifest]) -> set[str]:
    numbers = [str(manifest.registration_no) for manifest in manifests]
    return set(
        session.scalars(
            select(Bundle.registration_no).where(Bundle.registration_no.in_(numbers), Bundle.corrects.is_(None))
        )
    )


def _roots(session: Session, manifests: Iterable[Manifest]) -> dict[int, bytes]:
    """Return the roots that this log signed at the sizes that the manifests name."""
    return signed_roots(session, {item.checkpoint.size for item in manifests if item.checkpoint is not None})
