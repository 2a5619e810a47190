"""The chunk stage of a batch: each chunk is authenticated on its own and stored until its file is whole.

A chunk that overtakes its manifest waits unverified, within a quota per node; it is authenticated when the manifest is
accepted. A chunk never touches a bundle of another node (A05).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.intake.context import IntakeContext
from hub.intake.early import EARLY_CHUNKS, count_early, drop_old
from hub.intake.reading import place_of
from hub.intake.tables import Bundle, BundleAttachment, BundleChunk
from hub.intake.verify import CheckedChunk, Refused
from hub.storage.bulk import insert_rows
from protocol.chunks import Chunk, ChunkSealer
from protocol.errors import ChunkAuthError, ChunkRangeError, IdentityError, ProtocolError, QuotaError
from protocol.ids import NodeId
from protocol.topics import Up

Place = tuple[bytes, int]
"""Bundle id and position of the attachment."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An attachment of which all chunks are here, or that an earlier bundle of the node may hold."""

    bundle_id: bytes
    position: int
    is_copy: bool = False


class ChunkStage:
    """Runs once per batch, inside its transaction."""

    def __init__(self, session: Session, context: IntakeContext, now: datetime) -> None:
        """Take the open transaction and its time."""
        self._session = session
        self._context = context
        self._now = now
        self._touched: set[Place] = set()
        self._owners: dict[bytes, str] = {}
        self._files: dict[Place, tuple[int, bool]] = {}
        self._sealers: dict[Place, ChunkSealer] = {}
        self._waiting: dict[NodeId, int] = {}
        """Chunks per node that wait for their manifest, with those of this batch."""
        self._dropped: list[Refused] = []
        """What waited too long and made room."""

    def adopt_early(self, accepted: Sequence[bytes]) -> None:
        """Authenticate the chunks that came before these manifests; drop those that do not hold."""
        if not accepted:
            return
        query = select(BundleChunk).where(BundleChunk.bundle_id.in_(accepted), BundleChunk.verified.is_(False))
        early = self._session.scalars(query).all()
        if early:
            self._load([row.bundle_id for row in early])
        for row in early:
            chunk = Chunk(bundle=row.bundle_id, attachment=row.position, index=row.number, box=row.box)
            same = (BundleChunk.bundle_id == row.bundle_id, BundleChunk.node_id == row.node_id)
            this = (*same, BundleChunk.position == row.position, BundleChunk.number == row.number)
            if self._problem(chunk, row.node_id) is None:
                self._session.execute(update(BundleChunk).where(*this).values(verified=True))
                self._touched.add((row.bundle_id, row.position))
            else:
                self._session.execute(delete(BundleChunk).where(*this))

    def store(self, chunks: Sequence[CheckedChunk]) -> list[Refused]:
        """Store what holds and return what does not."""
        if not chunks:
            return []
        self._load([item.chunk.bundle for item in chunks])
        present = self._present(chunks)
        refused: list[Refused] = []
        rows: list[dict[str, object]] = []
        for item in chunks:
            chunk = item.chunk
            key = (chunk.bundle, str(item.node), chunk.attachment, chunk.index)
            if key in present or self._is_done(chunk):
                continue
            problem = self._problem_or_wait(item)
            if problem is not None:
                refused.append(
                    Refused(
                        incoming=item.incoming,
                        node=item.node,
                        kind=Up.CHUNK,
                        error=problem,
                        claimed_bundle=chunk.bundle,
                    )
                )
                continue
            present.add(key)
            known = chunk.bundle in self._owners
            if known:
                self._touched.add((chunk.bundle, chunk.attachment))
            rows.append(_row(item, self._now, is_verified=known))
        insert_rows(self._session, BundleChunk, rows)
        return [*refused, *self._dropped]

    def ready(self) -> list[Ready]:
        """Return the attachments that this batch completed."""
        if not self._touched:
            return []
        counted = (
            select(BundleChunk.bundle_id, BundleChunk.position, func.count())
            .where(BundleChunk.bundle_id.in_({bundle for bundle, _ in self._touched}), BundleChunk.verified)
            .group_by(BundleChunk.bundle_id, BundleChunk.position)
        )
        return [
            Ready(bundle, position)
            for bundle, position, count in self._session.execute(counted)
            if (bundle, position) in self._touched and count == self._files[bundle, position][0]
        ]

    def _load(self, bundles: Sequence[bytes]) -> None:
        asked = set(bundles) - set(self._owners)
        rows = self._session.execute(
            select(Bundle.bundle_id, Bundle.node_id, Bundle.data_key, Bundle.content_key).where(
                Bundle.bundle_id.in_(asked)
            )
        ).all()
        keys: dict[bytes, bytes] = {}
        for bundle, node, wrapped, content_key in rows:
            data_key = self._context.stores.keyring.unwrap(wrapped)
            keys[bundle] = data_key.open(content_key, place_of("content_key", bundle))
            self._owners[bundle] = node
        files = select(
            BundleAttachment.bundle_id, BundleAttachment.position, BundleAttachment.chunks, BundleAttachment.blob
        ).where(BundleAttachment.bundle_id.in_(list(keys)))
        for bundle, position, count, blob in self._session.execute(files):
            self._files[bundle, position] = (count, blob is not None)
            self._sealers[bundle, position] = ChunkSealer(keys[bundle], bundle, position, count)

    def _present(self, chunks: Sequence[CheckedChunk]) -> set[tuple[bytes, str, int, int]]:
        query = select(BundleChunk.bundle_id, BundleChunk.node_id, BundleChunk.position, BundleChunk.number).where(
            BundleChunk.bundle_id.in_({item.chunk.bundle for item in chunks})
        )
        return {(bundle, node, position, number) for bundle, node, position, number in self._session.execute(query)}

    def _is_done(self, chunk: Chunk) -> bool:
        return self._files.get((chunk.bundle, chunk.attachment), (0, False))[1]

    def _problem_or_wait(self, item: CheckedChunk) -> ProtocolError | None:
        if item.chunk.bundle in self._owners:
            return self._problem(item.chunk, str(item.node))
        node = item.node
        if node not in self._waiting:
            self._waiting[node] = count_early(self._session, node)
            if self._waiting[node] >= EARLY_CHUNKS:
                self._dropped += drop_old(self._session, node, self._now)
                self._waiting[node] = count_early(self._session, node)
        if self._waiting[node] >= EARLY_CHUNKS:
            return QuotaError()
        self._waiting[node] += 1
        return None

    def _problem(self, chunk: Chunk, node: str) -> ProtocolError | None:
        if self._owners[chunk.bundle] != node:
            return IdentityError()
        place = (chunk.bundle, chunk.attachment)
        count, _ = self._files.get(place, (0, False))
        if chunk.index >= count:
            return ChunkRangeError()
        try:
            self._sealers[place].open(chunk.index, chunk.box)
        except ChunkAuthError as error:
            return error
        return None


def _row(item: CheckedChunk, now: datetime, *, is_verified: bool) -> dict[str, object]:
    return {
        "bundle_id": item.chunk.bundle,
        "node_id": str(item.node),
        "position": item.chunk.attachment,
        "number": item.chunk.index,
        "verified": is_verified,
        "came_at": now,
        "box": item.chunk.box,
    }
