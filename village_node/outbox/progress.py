"""What happens to sealed items on their way. Written by the sync thread, one transaction per step; idempotent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.orm import Session

from protocol.limits import CHUNK_BYTES
from village_node.outbox import rate
from village_node.outbox.errors import ItemUnknownError
from village_node.outbox.tables import OutboxAttachment, OutboxAttempt, OutboxHead, OutboxItem
from village_node.store.schema import UtcDateTime

KEPT_ATTEMPTS = 8
"""Times of tries that are kept of each bundle."""

_OPEN = ("waiting", "arrived")
_BEFORE = {"arrived": ("waiting", "rejected"), "whole": ("waiting", "rejected", "arrived"), "rejected": ("waiting",)}
"""From which states a receipt may lead to a state: never backwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredItem:
    """An item as the sync engine gets to know it."""

    bundle: bytes
    message_digest: bytes
    counter: int
    registration_no: str
    named_size: int | None
    named_root: bytes | None
    chunks: tuple[int, ...]
    held_back: frozenset[int]
    """Attachments that the hub has from an earlier bundle, as far as this node knows."""
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxFigures:
    """What the hub is told about the outbox."""

    last_counter: int
    waiting: int
    waiting_bytes: int
    oldest_sealed_at: datetime | None


def load_items(session: Session, *, after_counter: int = 0) -> list[StoredItem]:
    """Return the items sealed after a counter, oldest first."""
    rows = session.execute(
        select(
            OutboxItem.bundle_id,
            OutboxItem.message_digest,
            OutboxItem.counter,
            OutboxItem.registration_no,
            OutboxItem.named_size,
            OutboxItem.named_root,
            OutboxItem.state,
        )
        .where(OutboxItem.counter > after_counter)
        .order_by(OutboxItem.counter)
    ).all()
    chunks, held_back = _chunk_counts(session, after_counter), _held_back(session, after_counter)
    return [
        StoredItem(
            bundle=row.bundle_id,
            message_digest=row.message_digest,
            counter=row.counter,
            registration_no=row.registration_no,
            named_size=row.named_size,
            named_root=row.named_root,
            chunks=tuple(chunks.get(row.bundle_id, ())),
            held_back=frozenset(held_back.get(row.bundle_id, ())),
            state=row.state,
        )
        for row in rows
    ]


def load_message(session: Session, bundle: bytes) -> bytes:
    """Return the sealed message of an item.

    Raises:
        ItemUnknownError: not here.
    """
    message = session.scalar(select(OutboxItem.message).where(OutboxItem.bundle_id == bundle))
    if message is None:
        raise ItemUnknownError
    return message


def record_sent(session: Session, now: datetime, bundle: bytes) -> None:
    """Count one more attempt, and keep when the last few were."""
    added = OutboxAttempt(bundle_id=bundle, at=now)
    session.add(added)
    session.flush()
    kept = select(OutboxAttempt.id).where(OutboxAttempt.bundle_id == bundle).order_by(OutboxAttempt.id.desc())
    session.execute(
        delete(OutboxAttempt).where(
            OutboxAttempt.bundle_id == bundle, OutboxAttempt.id.not_in(kept.limit(KEPT_ATTEMPTS).scalar_subquery())
        )
    )
    session.execute(
        update(OutboxItem)
        .where(OutboxItem.bundle_id == bundle)
        .values(
            attempts=OutboxItem.attempts + 1,
            first_sent_at=func.coalesce(OutboxItem.first_sent_at, literal(now, UtcDateTime)),
            last_sent_at=now,
        )
    )


def record_delivered(
    session: Session, now: datetime, bundle: bytes, position: int, chunks: int, idle_ms: int | None
) -> None:
    """Note how many chunks of an attachment are believed to be at the hub.

    What is new tells how fast the link is, without the time that it was idle; ``None``: it tells nothing of that.
    """
    row = session.get(OutboxAttachment, (bundle, position))
    if row is None:
        return
    gained = chunks - row.delivered
    row.delivered = chunks
    if gained > 0 and idle_ms is not None:
        rate.note_carried(session, now, min(gained * CHUNK_BYTES, row.size), timedelta(milliseconds=idle_ms))


def mark_state(session: Session, bundle: bytes, state: str) -> None:
    """Note what a verified receipt says about the transport; an older receipt changes nothing."""
    session.execute(
        update(OutboxItem)
        .where(OutboxItem.bundle_id == bundle, OutboxItem.state.in_(_BEFORE[state]))
        .values(state=state)
    )
    if state == "whole":
        session.execute(
            update(OutboxAttachment)
            .where(OutboxAttachment.bundle_id == bundle)
            .values(delivered=OutboxAttachment.chunks)
        )


def figures(session: Session) -> OutboxFigures:
    """Return what the hub is told about the outbox."""
    head = session.get(OutboxHead, 1)
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxItem.sealed_at)).where(OutboxItem.state == "waiting")
    ).one()
    size = session.scalar(
        select(func.coalesce(func.sum(OutboxAttachment.size), 0))
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxItem.state.in_(_OPEN), OutboxAttachment.delivered < OutboxAttachment.chunks)
    )
    return OutboxFigures(
        last_counter=head.counter if head else 0,
        waiting=waiting,
        waiting_bytes=size or 0,
        oldest_sealed_at=oldest,
    )


def known_bundles(session: Session) -> Sequence[tuple[bytes, int]]:
    """Return (bundle, attachment position) of every sealed file that must be here, for the self-check."""
    rows = session.execute(
        select(OutboxAttachment.bundle_id, OutboxAttachment.position)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxItem.files_deleted_at.is_(None))
    )
    return [(row.bundle_id, row.position) for row in rows]


def _chunk_counts(session: Session, after_counter: int) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    rows = session.execute(
        select(OutboxAttachment.bundle_id, OutboxAttachment.chunks)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxItem.counter > after_counter)
        .order_by(OutboxAttachment.bundle_id, OutboxAttachment.position)
    )
    for bundle, chunks in rows:
        found.setdefault(bundle, []).append(chunks)
    return found


def _held_back(session: Session, after_counter: int) -> dict[bytes, list[int]]:
    found: dict[bytes, list[int]] = {}
    rows = session.execute(
        select(OutboxAttachment.bundle_id, OutboxAttachment.position)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxItem.counter > after_counter, OutboxAttachment.held_back)
    )
    for bundle, position in rows:
        found.setdefault(bundle, []).append(position)
    return found
