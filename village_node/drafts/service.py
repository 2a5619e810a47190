"""The use cases of a draft, one transaction each; the caller opens it and it is on the disk when the call has returned.

Rules:
1. A draft is found by its id *and* its officer: for anybody else it does not exist.
2. A file is durable on the disk before its row is written, and deleted only after its row is gone.
3. Saving a field reads, changes and seals the content inside one write transaction: two fields saved at the same moment
   both stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from protocol.catalogue import Service
from protocol.limits import MAX_ATTACHMENTS, MAX_BUNDLE_ATTACHMENT_BYTES, MAX_FILE_NAME
from village_node.drafts.errors import DraftChangedError, DraftFullError, DraftGoneError, DraftKeyError
from village_node.drafts.folder import DraftFolder
from village_node.drafts.pictures import Prepared
from village_node.drafts.rules import MAX_TYPED, Content, change_content, is_known_key
from village_node.drafts.tables import Draft, DraftFile
from village_node.identity.sessions import Unlocked


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file to attach: already made smaller, with the name that it had."""

    file_id: str
    requirement: str
    name: str
    prepared: Prepared


def start_draft(session: Session, now: datetime, owner: Unlocked, *, draft_id: str, service: Service) -> None:
    """Begin an application for a service in its present version."""
    session.add(
        Draft(
            draft_id=draft_id,
            officer_id=owner.officer,
            service=service.code,
            service_version=service.version,
            started_at=now,
            changed_at=now,
            content=_seal(owner, draft_id, Content()),
        )
    )


def save_fields(
    session: Session, now: datetime, owner: Unlocked, *, draft_id: str, service: Service, typed: Mapping[str, str]
) -> Content:
    """Keep what was typed, right or wrong, and return the whole content.

    Raises:
        DraftGoneError: no such draft of this officer.
        DraftKeyError: the form has no such input, or the text is longer than any field takes.
    """
    if not all(is_known_key(service, key) and len(text) <= MAX_TYPED for key, text in typed.items()):
        raise DraftKeyError
    draft = find(session, owner, draft_id)
    content = change_content(read_content(owner, draft), typed)
    draft.content = _seal(owner, draft_id, content)
    draft.changed_at = now
    return content


def attach_file(
    session: Session, now: datetime, owner: Unlocked, *, draft_id: str, file: NewFile, folder: DraftFolder
) -> None:
    """Keep a file, sealed.

    Raises:
        DraftGoneError: no such draft of this officer.
        DraftFullError: the application would have too many files, or too large ones together.
    """
    draft = find(session, owner, draft_id)
    files = select(func.count(), func.coalesce(func.sum(DraftFile.size), 0)).where(DraftFile.draft_id == draft_id)
    count, size = session.execute(files).one()
    if count >= MAX_ATTACHMENTS or size + len(file.prepared.content) > MAX_BUNDLE_ATTACHMENT_BYTES:
        raise DraftFullError
    folder.put(draft_id, file.file_id, owner.vault.seal(file.prepared.content, _bytes_place(file.file_id)))  # rule 2
    session.add(
        DraftFile(
            file_id=file.file_id,
            draft_id=draft_id,
            requirement=file.requirement,
            media_type=file.prepared.media_type,
            size=len(file.prepared.content),
            attached_at=now,
            name=owner.vault.seal(file.name[-MAX_FILE_NAME:].encode(), _name_place(file.file_id)),
        )
    )
    draft.changed_at = now


def remove_file(session: Session, now: datetime, owner: Unlocked, *, draft_id: str, file_id: str) -> None:
    """Take a file away; ``tidy`` deletes its bytes after the commit. A file that is gone already is no error.

    Raises:
        DraftGoneError: no such draft of this officer.
    """
    draft = find(session, owner, draft_id)
    session.execute(delete(DraftFile).where(DraftFile.file_id == file_id, DraftFile.draft_id == draft_id))
    draft.changed_at = now


def discard(session: Session, owner: Unlocked, *, draft_id: str, unchanged_since: datetime | None = None) -> None:
    """Forget a draft with its files; also called inside the transaction that seals it. ``tidy`` deletes the bytes.

    Raises:
        DraftGoneError: no such draft of this officer.
        DraftChangedError: it was changed after ``unchanged_since``, in another window perhaps.
    """
    draft = find(session, owner, draft_id)
    if unchanged_since is not None and draft.changed_at != unchanged_since:
        raise DraftChangedError
    session.execute(delete(DraftFile).where(DraftFile.draft_id == draft_id))
    session.execute(delete(Draft).where(Draft.draft_id == draft_id))


def tidy(session: Session, folder: DraftFolder, *, draft_id: str | None = None) -> None:
    """Delete the files on disk that no row names: of one draft after a removal, of all at start.

    Call it inside a write transaction, or before anybody attaches: a file is there before its row is (rule 2).
    """
    for each in folder.drafts() if draft_id is None else [draft_id]:
        known = session.scalars(select(DraftFile.file_id).where(DraftFile.draft_id == each))
        folder.tidy(each, set(known))


def find(session: Session, owner: Unlocked, draft_id: str) -> Draft:
    """Return a draft of this officer.

    Raises:
        DraftGoneError: no such draft of this officer.
    """
    draft = session.get(Draft, draft_id)
    if draft is None or draft.officer_id != owner.officer:  # rule 1
        raise DraftGoneError
    return draft


def read_content(owner: Unlocked, draft: Draft) -> Content:
    """Open the content of a draft."""
    return msgspec.json.decode(owner.vault.open(draft.content, _content_place(draft.draft_id)), type=Content)


def read_name(owner: Unlocked, row: DraftFile) -> str:
    """Open the name of a file."""
    return owner.vault.open(row.name, _name_place(row.file_id)).decode()


def read_bytes(owner: Unlocked, folder: DraftFolder, draft_id: str, file_id: str) -> bytes:
    """Open the bytes of a file.

    Raises:
        StorageError: the file is gone from the disk.
    """
    return owner.vault.open(folder.get(draft_id, file_id), _bytes_place(file_id))


def _seal(owner: Unlocked, draft_id: str, content: Content) -> bytes:
    return owner.vault.seal(msgspec.json.encode(content), _content_place(draft_id))


def _content_place(draft_id: str) -> str:
    return f"draft.content:{draft_id}"


def _name_place(file_id: str) -> str:
    return f"draft_file.name:{file_id}"


def _bytes_place(file_id: str) -> str:
    return f"draft_file.bytes:{file_id}"
