"""What the pages show of drafts: only the officer's own."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.ids import ServiceCode
from village_node.drafts.errors import DraftGoneError
from village_node.drafts.rules import ApplicantField, Content
from village_node.drafts.service import find, read_content, read_name
from village_node.drafts.tables import Draft, DraftFile
from village_node.identity.sessions import Unlocked


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """One draft in a list."""

    draft_id: str
    service: ServiceCode
    service_version: int
    applicant: str
    changed_at: datetime
    files: int


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """One attached file."""

    file_id: str
    requirement: str
    media_type: str
    size: int
    name: str
    attached_at: datetime


@dataclass(frozen=True, kw_only=True)
class DraftPage:
    """One draft with everything in it, opened."""

    draft_id: str
    service: ServiceCode
    service_version: int
    changed_at: datetime
    content: Content
    files: tuple[FileLine, ...]

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """The files as pairs of requirement key and media type, as ``check_attachments`` takes them."""
        return tuple((file.requirement, file.media_type) for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def list_drafts(session: Session, owner: Unlocked) -> tuple[DraftLine, ...]:
    """Return the officer's drafts, the last touched first."""
    counts = dict(session.execute(select(DraftFile.draft_id, func.count()).group_by(DraftFile.draft_id)).all())
    rows = session.scalars(
        select(Draft).where(Draft.officer_id == owner.officer).order_by(Draft.changed_at.desc(), Draft.draft_id)
    )
    return tuple(
        DraftLine(
            draft_id=row.draft_id,
            service=ServiceCode(row.service),
            service_version=row.service_version,
            applicant=read_content(owner, row).typed.get(ApplicantField.NAME, "").strip(),
            changed_at=row.changed_at,
            files=counts.get(row.draft_id, 0),
        )
        for row in rows
    )


def open_draft(session: Session, owner: Unlocked, draft_id: str) -> DraftPage:
    """Return one draft of this officer.

    Raises:
        DraftGoneError: no such draft of this officer.
    """
    draft = find(session, owner, draft_id)
    rows = session.scalars(select(DraftFile).where(DraftFile.draft_id == draft_id).order_by(DraftFile.file_id))
    return DraftPage(
        draft_id=draft_id,
        service=ServiceCode(draft.service),
        service_version=draft.service_version,
        changed_at=draft.changed_at,
        content=read_content(owner, draft),
        files=tuple(_file_line(owner, row) for row in rows),
    )


def find_file(session: Session, owner: Unlocked, draft_id: str, file_id: str) -> FileLine:
    """Return one file of a draft of this officer.

    Raises:
        DraftGoneError: no such file or draft of this officer.
    """
    find(session, owner, draft_id)
    row = session.get(DraftFile, file_id)
    if row is None or row.draft_id != draft_id:
        raise DraftGoneError
    return _file_line(owner, row)


def _file_line(owner: Unlocked, row: DraftFile) -> FileLine:
    return FileLine(
        file_id=row.file_id,
        requirement=row.requirement,
        media_type=row.media_type,
        size=row.size,
        name=read_name(owner, row),
        attached_at=row.attached_at,
    )
