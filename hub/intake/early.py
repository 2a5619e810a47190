"""Chunks whose manifest never came: the old ones make room for new ones, and their node is told (fault A14).

A node of ours sends chunks only after the receipt of their manifest, so early chunks are rare: messages that overtook
one another, or a flood. They are bounded per node; without an end to their wait a node that once filled its bound could
never again be ahead of its manifests. What is dropped is not lost: the node has it, and is asked when its manifest
comes.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.intake.carrier import Incoming
from hub.intake.tables import BundleChunk
from hub.intake.verify import Refused
from protocol.errors import QuotaError
from protocol.ids import NodeId
from protocol.topics import Up, up

EARLY_CHUNKS = 300
"""Chunks of one node that may wait for their manifest: 14 MB."""

WAIT = timedelta(hours=1)
"""A manifest is before its chunks, or seconds behind them."""


def count_early(session: Session, node: NodeId) -> int:
    """Return how many chunks of a node wait for their manifest."""
    waiting = select(func.count()).where(BundleChunk.node_id == str(node), BundleChunk.verified.is_(False))
    return session.scalar(waiting) or 0


def drop_old(session: Session, node: NodeId, now: datetime) -> list[Refused]:
    """Drop what has waited too long, and return what its node is told: one refusal for each bundle."""
    old = (BundleChunk.node_id == str(node), BundleChunk.verified.is_(False), BundleChunk.came_at < now - WAIT)
    bundles = session.scalars(select(BundleChunk.bundle_id).where(*old).distinct()).all()
    if bundles:
        session.execute(delete(BundleChunk).where(*old))
    return [_told(node, bundle) for bundle in bundles]


def _told(node: NodeId, bundle: bytes) -> Refused:
    return Refused(
        incoming=Incoming(up(node, Up.CHUNK), b""),
        node=node,
        kind=Up.CHUNK,
        error=QuotaError(),
        claimed_bundle=bundle,
        message=hashlib.sha256(b"early" + bundle).digest(),
    )
