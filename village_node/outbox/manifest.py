"""From what the officer signs to the manifest: checks, number, counter, descriptions of the files.

A correction is a bundle like any other, with three differences: it bears the number of its case, it holds the changed
answers and the newly brought files alone, and its service may be closed for new applications by now.
A file that this node delivered before is named with the bundle that brought it: its chunks travel only if asked for.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.answers import AnswerProblem, ProblemCode, check_answers, check_attachments, merge_answers
from protocol.bundle import Answer, Applicant, Attachment, Consent, Manifest, parse_manifest
from protocol.catalogue import Service
from protocol.checkpoint import CheckpointRef
from protocol.chunks import chunk_count
from protocol.errors import ProtocolError, SchemaError
from protocol.ids import FieldKey, RegistrationNo, crockford, tracking_commitment
from protocol.limits import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_BUNDLE_ATTACHMENT_BYTES, MAX_FILE_NAME
from protocol.wire import from_value, to_bytes
from village_node.identity.certificates import is_certified
from village_node.identity.hub import Enrolled, newest_checkpoint, take_number
from village_node.identity.sessions import Unlocked
from village_node.outbox.errors import (
    DraftInvalidError,
    DraftTooLargeError,
    NoNumberLeftError,
    OfficerNotCertifiedError,
    ServiceClosedError,
)
from village_node.outbox.label import file_names
from village_node.outbox.tables import OutboxAttachment, OutboxHead, OutboxItem
from village_node.store.ports import Randomness

TRACKING_BYTES = 10
SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class FileToSeal:
    """One file. ``read`` returns its plain bytes; it is called twice, so that one file at a time is in memory."""

    requirement: str
    name: str
    media_type: str
    read: Callable[[], bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionOf:
    """Which question a correction answers."""

    bundle: bytes
    """The first bundle of the case."""
    request: int
    """Ledger index of the question."""
    registration_no: RegistrationNo
    before: Mapping[str, Answer]
    """The effective answers that are corrected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealCommand:
    """What the officer signs."""

    service: Service
    applicant: Applicant
    answers: Mapping[str, Answer]
    """For a correction: the changed ones alone."""
    handed_in: Sequence[str]
    """Requirements that the officer saw, on paper or as a file."""
    attachments: Sequence[FileToSeal] = ()
    consents: Sequence[Consent] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Why an odd answer is right all the same, by field."""
    correction: CorrectionOf | None = None

    @property
    def effective_answers(self) -> dict[str, Answer]:
        """The answers of the case after this bundle."""
        before = self.correction.before if self.correction is not None else {}
        return merge_answers(self.service, before, self.answers) if before else dict(self.answers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """What is drawn for one bundle."""

    content_key: bytes
    salt: bytes
    tracking_code: str


def draw_secrets(randomness: Randomness) -> Secrets:
    """Return fresh secrets."""
    return Secrets(
        content_key=randomness.token(SECRET_BYTES),
        salt=randomness.token(SECRET_BYTES),
        tracking_code=crockford(randomness.token(TRACKING_BYTES)),
    )


def check_command(session: Session, unlocked: Unlocked, command: SealCommand) -> None:
    """Refuse what the hub would refuse.

    Raises:
        OfficerNotCertifiedError: the hub has not certified this officer yet.
        ServiceClosedError: the service takes no applications.
        DraftInvalidError: answers or attachments that the hub would refuse.
        DraftTooLargeError: too many files.
    """
    if not is_certified(session, unlocked.officer):
        raise OfficerNotCertifiedError
    if not command.service.is_open and command.correction is None:
        raise ServiceClosedError
    known = {requirement.key for requirement in command.service.requirements}
    problems = (
        *check_answers(command.service, command.effective_answers),
        *_file_problems(command),
        *(AnswerProblem(key="", code=ProblemCode.UNKNOWN_REQUIREMENT) for key in command.handed_in if key not in known),
    )
    if problems:
        raise DraftInvalidError(problems)
    if len(command.attachments) > MAX_ATTACHMENTS:
        raise DraftTooLargeError("number of files")


def build_manifest(
    session: Session,
    enrolled: Enrolled,
    unlocked: Unlocked,
    command: SealCommand,
    drawn: tuple[Secrets, OutboxHead, datetime],
) -> Manifest:
    """Return the manifest with the next counter and its number.

    Raises:
        NoNumberLeftError: no leased registration number is left.
        DraftTooLargeError: more than one bundle carries.
        DraftInvalidError: it would not parse at the hub.
    """
    secrets, head, now = drawn
    attachments = [_describe(session, item) for item in command.attachments]
    if sum(item.size for item in attachments) > MAX_BUNDLE_ATTACHMENT_BYTES:
        raise DraftTooLargeError("files")
    seen = newest_checkpoint(session)
    manifest = Manifest(
        hub=enrolled.hub,
        node=enrolled.node,
        village=enrolled.node.village,
        officer=unlocked.officer,
        counter=head.counter + 1,
        previous=head.last_bundle,
        checkpoint=None if seen is None else CheckpointRef(size=seen.size, root=seen.root),
        claimed_at=max(0, int(now.timestamp() * 1_000)),
        registration_no=_number(session, enrolled, command, now),
        service=command.service.code,
        service_version=command.service.version,
        applicant=command.applicant,
        answers={FieldKey(key): answer for key, answer in command.answers.items()},
        handed_in=[FieldKey(key) for key in command.handed_in],
        attachments=attachments,
        consents=list(command.consents),
        tracking=tracking_commitment(secrets.tracking_code),
        content_key=hashlib.sha256(secrets.content_key).digest(),
        salt=secrets.salt,
        corrects=None if command.correction is None else command.correction.bundle,
        remarks={FieldKey(key): text for key, text in command.remarks.items() if text},
    )
    return _reread(manifest)


def _file_problems(command: SealCommand) -> list[AnswerProblem]:
    """Return the problems of the files; of a correction those of the requirements that it brings files for alone."""
    files = [(item.requirement, item.media_type) for item in command.attachments]
    problems = check_attachments(command.service, command.effective_answers, files)
    if command.correction is None:
        return list(problems)
    brought = {key for key, _ in files}
    return [each for each in problems if each.code is not ProblemCode.FILES_MISSING or each.key in brought]


def _number(session: Session, enrolled: Enrolled, command: SealCommand, now: datetime) -> RegistrationNo:
    if command.correction is not None:
        return command.correction.registration_no
    taken = take_number(session, now.year)
    if taken is None:
        raise NoNumberLeftError
    return RegistrationNo.build(enrolled.hub, *taken)


def _reread(manifest: Manifest) -> Manifest:
    """Return the manifest as the hub will read it, so that what does not parse there is never signed here."""
    try:
        return parse_manifest(to_bytes(manifest))
    except ProtocolError as error:
        if isinstance(error, SchemaError):
            key = "applicant" if "applicant" in error.reason else ""
            raise DraftInvalidError((AnswerProblem(key=key, code=ProblemCode.PATTERN),)) from None
        raise DraftTooLargeError(error.code) from None


def _describe(session: Session, item: FileToSeal) -> Attachment:
    content = item.read()
    if len(content) > MAX_ATTACHMENT_BYTES:
        raise DraftTooLargeError("file")
    (name,) = file_names([item.name])
    digest = hashlib.sha256(content).digest()
    described = {
        "requirement": item.requirement,
        "name": name[:MAX_FILE_NAME],
        "media_type": item.media_type,
        "size": len(content),
        "sha256": digest,
        "chunks": chunk_count(len(content)),
        "delivered_in": _find_delivered(session, digest, len(content)),
    }
    return from_value(described, Attachment)


def _find_delivered(session: Session, digest: bytes, size: int) -> bytes | None:
    """Return the newest bundle of this node that brought the same file whole to the hub."""
    query = (
        select(OutboxAttachment.bundle_id)
        .join(OutboxItem, OutboxItem.bundle_id == OutboxAttachment.bundle_id)
        .where(OutboxAttachment.sha256 == digest, OutboxAttachment.size == size, OutboxItem.state == "whole")
        .order_by(OutboxItem.counter.desc())
        .limit(1)
    )
    return session.scalar(query)
