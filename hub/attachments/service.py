"""Checks the files that have arrived, and keeps what was found.

Opening a file takes a tenth of a second and may take ten: it happens between two transactions, never in one. Whoever
looks at a file that nobody has checked yet checks it first; two who do so at once find the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.attachments.rules import CheckState, Verdict, read_words, words_of
from hub.attachments.sandbox import inspect
from hub.attachments.tables import AttachmentCheck
from hub.intake.context import Stores
from hub.intake.reading import list_attachments, read_attachment
from hub.intake.tables import BundleAttachment
from hub.storage.base import table_of
from hub.storage.bulk import new_insert
from protocol.catalogue import MediaType

BATCH = 8
"""Files of one round of the worker: it has other things to do as well."""

Announce = Callable[[Session, datetime, bytes, int, Verdict], None]
"""What a higher room does, in the same transaction, about a file that was put in quarantine: bundle id, position."""

_KINDS = {str(kind): kind for kind in MediaType}


@dataclass(frozen=True, slots=True)
class FilePlace:
    """One file of one bundle."""

    bundle_id: bytes
    position: int


def check_waiting(stores: Stores, now: datetime, announce: Announce) -> int:
    """Check some of the files that arrived, and return how many."""
    with stores.database.reading() as session:
        places = find_unchecked(session, BATCH)
    for place in places:
        ensure_checked(stores, now, place, announce)
    return len(places)


def find_unchecked(session: Session, limit: int) -> Sequence[FilePlace]:
    """Return files that are here and that nobody has looked at."""
    same = (AttachmentCheck.bundle_id == BundleAttachment.bundle_id) & (
        AttachmentCheck.position == BundleAttachment.position
    )
    query = (
        select(BundleAttachment.bundle_id, BundleAttachment.position)
        .outerjoin(AttachmentCheck, same)
        .where(AttachmentCheck.bundle_id.is_(None), BundleAttachment.blob.is_not(None))
        .limit(limit)
    )
    return [FilePlace(bundle, position) for bundle, position in session.execute(query)]


def ensure_checked(stores: Stores, now: datetime, place: FilePlace, announce: Announce) -> Verdict:
    """Return what is known of a file, looking at it first when nobody has.

    Raises:
        BlobError: the file is not here, or is not the one that the manifest names.
    """
    with stores.database.reading() as session:
        known = verdicts_of(session, place.bundle_id).get(place.position)
        if known is not None:
            return known
        content = read_attachment(session, stores.keyring, stores.blobs, place.bundle_id, place.position)
        row = session.get_one(BundleAttachment, (place.bundle_id, place.position))
        declared = row.media_type
        names = {file.position: file.name for file in list_attachments(session, stores.keyring, place.bundle_id)}
    verdict = inspect(content, declared, names[place.position])
    with stores.database.session() as session:
        if _keep(session, now, place, verdict) and verdict.state is CheckState.QUARANTINED:
            announce(session, now, place.bundle_id, place.position, verdict)
    return verdict


def verdicts_of(session: Session, bundle_id: bytes) -> Mapping[int, Verdict]:
    """Return what is known of the files of a bundle, by position."""
    rows = session.scalars(select(AttachmentCheck).where(AttachmentCheck.bundle_id == bundle_id))
    return {
        row.position: Verdict(
            kind=_KINDS.get(row.kind),
            findings=read_words(row.findings),
            pages=row.pages,
            width=row.width,
            height=row.height,
        )
        for row in rows
    }


def _keep(session: Session, now: datetime, place: FilePlace, verdict: Verdict) -> bool:
    """Keep what was found; tell whether it is new (somebody else may have looked at the same time)."""
    statement = (
        new_insert(session, table_of(AttachmentCheck))
        .values(
            bundle_id=place.bundle_id,
            position=place.position,
            state=str(verdict.state),
            kind=str(verdict.kind or ""),
            findings=words_of(verdict.findings),
            pages=verdict.pages,
            width=verdict.width,
            height=verdict.height,
            checked_at=now,
        )
        .on_conflict_do_nothing()
        .returning(table_of(AttachmentCheck).c.position)
    )
    return session.execute(statement).first() is not None
