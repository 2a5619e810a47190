"""Which pieces of a bundle are missing, told to its node."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.intake.carrier import Outgoing
from hub.intake.context import IntakeContext
from hub.intake.tables import BundleAttachment, BundleChunk
from protocol.chunks import MissingRange, Need, missing_ranges
from protocol.envelope import Purpose, sign
from protocol.ids import NodeId
from protocol.limits import MAX_NEED_RANGES
from protocol.topics import Down, down
from protocol.wire import to_bytes


def need_messages(session: Session, context: IntakeContext, bundles: Mapping[bytes, NodeId]) -> list[Outgoing]:
    """Return one signed need message per bundle that still lacks chunks."""
    messages = []
    for bundle, ranges in _missing(session, list(bundles)).items():
        if ranges:
            need = to_bytes(Need(bundle=bundle, ranges=ranges[:MAX_NEED_RANGES]))
            envelope = sign(need, key=context.secrets.message, purpose=Purpose.NEED)
            messages.append(Outgoing(down(bundles[bundle], Down.NEED), envelope))
    return messages


def _missing(session: Session, bundles: Sequence[bytes]) -> dict[bytes, list[MissingRange]]:
    files = session.execute(
        select(BundleAttachment.bundle_id, BundleAttachment.position, BundleAttachment.chunks)
        .where(
            BundleAttachment.bundle_id.in_(bundles),
            BundleAttachment.blob.is_(None),
            BundleAttachment.chunks > 0,
            BundleAttachment.delivered_in.is_(None),  # asked for once it turns out that it cannot be copied
        )
        .order_by(BundleAttachment.bundle_id, BundleAttachment.position)
    ).all()
    have: dict[tuple[bytes, int], list[int]] = {}
    here = select(BundleChunk.bundle_id, BundleChunk.position, BundleChunk.number).where(
        BundleChunk.bundle_id.in_(bundles), BundleChunk.verified
    )
    for bundle, position, number in session.execute(here):
        have.setdefault((bundle, position), []).append(number)
    found: dict[bytes, list[MissingRange]] = {}
    for bundle, position, count in files:
        found.setdefault(bundle, []).extend(missing_ranges(position, count, have.get((bundle, position), [])))
    return found
