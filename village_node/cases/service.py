"""The use cases about a case, one transaction each; the caller opens it.

Rules:
1. A correction is a draft of one officer like any other: saved field by field, files sealed, gone in the transaction
   that seals its bundle.
2. Whether the question is still open is looked at again in that transaction: the second of two answers is not sealed.
3. A draft that answers a question which somebody else has answered holds the answers of then: the next question about
   the case is never answered from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.catalogue import Service
from protocol.notices import CorrectionAsked
from village_node.cases.errors import CorrectionAnsweredError, CorrectionIncompleteError
from village_node.cases.rules import joined, may_save, read_correction_draft, typed_answers
from village_node.cases.tables import CorrectionDraft
from village_node.cases.tasks import open_letters
from village_node.catalogue.service import load_service
from village_node.drafts import service as drafts
from village_node.drafts.errors import DraftGoneError, DraftKeyError
from village_node.drafts.folder import DraftFolder
from village_node.drafts.queries import DraftPage, open_draft
from village_node.drafts.rules import Content
from village_node.identity.sessions import Unlocked
from village_node.inbox.letters import Reader, open_correction
from village_node.outbox.manifest import CorrectionOf, FileToSeal, SealCommand
from village_node.outbox.service import SealedItem, Sealer, seal_draft


@dataclass(frozen=True, kw_only=True)
class OpenCorrection:
    """A correction with everything that its pages need."""

    asked: CorrectionAsked
    """All open questions in one: what they name together, the number of the newest."""
    questions: tuple[CorrectionAsked, ...]
    is_open: bool
    """Whether somebody still waits for the answer."""
    service: Service
    draft: DraftPage


def start_correction(
    session: Session, now: datetime, owner: Unlocked, reader: Reader, *, letter: int, draft_id: str
) -> str:
    """Begin to answer a question, or go on where this officer stopped; return the draft's id.

    Raises:
        LetterUnknownError: no such letter.
        CorrectionAnsweredError: somebody has answered it.
        ServiceUnknownHereError: this PC lacks the version of the service.
    """
    asked = open_correction(session, letter, reader)
    open_now = {each.number for each in open_letters(session, asked.bundle)}
    if not open_now:
        raise CorrectionAnsweredError
    begun = session.scalar(
        select(CorrectionDraft).where(
            CorrectionDraft.bundle_id == asked.bundle, CorrectionDraft.officer_id == owner.officer
        )
    )
    if begun is not None and begun.letter in open_now:
        return begun.draft_id
    if begun is not None:  # rule 3
        drafts.discard(session, owner, draft_id=begun.draft_id)
        session.expire_all()
    service = load_service(session, asked.service, asked.service_version)
    drafts.start_draft(session, now, owner, draft_id=draft_id, service=service)
    session.flush()
    session.add(CorrectionDraft(draft_id=draft_id, officer_id=owner.officer, letter=letter, bundle_id=asked.bundle))
    typed = typed_answers(service, {str(key): answer for key, answer in asked.answers.items()})
    known = {key: text for key, text in typed.items() if service.field(key) is not None}
    drafts.save_fields(session, now, owner, draft_id=draft_id, service=service, typed=known)
    return draft_id


def load_correction(session: Session, owner: Unlocked, reader: Reader, draft_id: str) -> OpenCorrection:
    """Return a correction of this officer.

    Raises:
        DraftGoneError: no such correction of this officer.
    """
    row = session.get(CorrectionDraft, draft_id)
    if row is None or row.officer_id != owner.officer:
        raise DraftGoneError
    numbers = [each.number for each in open_letters(session, row.bundle_id)]
    questions = tuple(open_correction(session, number, reader) for number in numbers or [row.letter])
    asked = joined(questions)
    return OpenCorrection(
        asked=asked,
        questions=questions,
        is_open=bool(numbers),
        service=load_service(session, asked.service, asked.service_version),
        draft=open_draft(session, owner, draft_id),
    )


def save_correction(
    session: Session, now: datetime, owner: Unlocked, correction: OpenCorrection, typed: Mapping[str, str]
) -> Content:
    """Keep what was typed into asked inputs.

    Raises:
        DraftKeyError: an input that was not asked for.
        DraftGoneError: no such draft of this officer.
    """
    service = correction.service
    if not all(may_save(service, correction.asked, key) for key in typed):
        raise DraftKeyError
    return drafts.save_fields(session, now, owner, draft_id=correction.draft.draft_id, service=service, typed=typed)


def seal_correction(
    session: Session,
    sealer: Sealer,
    signer: Unlocked,
    correction: OpenCorrection,
    folder: DraftFolder,
) -> SealedItem:
    """Seal the answer to a question and forget its draft.

    Raises:
        CorrectionAnsweredError: somebody has answered it meanwhile.
        CorrectionIncompleteError: something that was asked is neither changed nor explained.
        DraftChangedError: the draft was changed while it was being signed.
        DomainError: what ``seal_draft`` refuses.
    """
    asked, draft = correction.asked, correction.draft
    if not any(each.request == asked.request for each in open_letters(session, asked.bundle)):
        raise CorrectionAnsweredError
    reading = read_correction_draft(correction.service, asked, draft.content, draft.kinds)
    if not reading.is_ready:
        raise CorrectionIncompleteError
    item = seal_draft(
        session,
        sealer,
        signer,
        SealCommand(
            service=correction.service,
            applicant=asked.applicant,
            answers=reading.changed_answers,
            handed_in=reading.brought,
            attachments=_files(signer, draft, folder),
            remarks=reading.remarks,
            correction=CorrectionOf(
                bundle=asked.bundle,
                request=asked.request,
                registration_no=asked.registration_no,
                before=reading.before,
            ),
        ),
    )
    drafts.discard(session, signer, draft_id=draft.draft_id, unchanged_since=draft.changed_at)
    return item


def _files(owner: Unlocked, draft: DraftPage, folder: DraftFolder) -> list[FileToSeal]:
    return [
        FileToSeal(
            requirement=file.requirement,
            name=file.name,
            media_type=file.media_type,
            read=lambda file_id=file.file_id: drafts.read_bytes(owner, folder, draft.draft_id, file_id),  # type: ignore[misc]
        )
        for file in draft.files
    ]
