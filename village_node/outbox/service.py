"""Sealing: from a filled-in application to a bundle that can only be opened at the hub, in one local transaction.

Steps of ``seal_draft``; a crash at any of them leaves either the draft or the sealed item, never half:
1. the hub would take it: service open, answers and attachments fit, officer certified;
2. counter, previous bundle and registration number are taken from their rows (under the write lock);
3. officer and node sign, the manifest is sealed to the hub;
4. attachments are sealed in chunks and are durable on the disk before the commit;
5. the rows are written; the caller removes the draft in the same transaction and commits.
Content key and plain bytes are kept nowhere. Files of a transaction that did not commit are swept at the next start.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.answers import AnswerProblem, ProblemCode, check_answers, check_attachments
from protocol.bundle import Answer, Applicant, Attachment, Consent, Manifest, parse_manifest
from protocol.bundle import sign_manifest as sign_both
from protocol.catalogue import Service
from protocol.checkpoint import CheckpointRef
from protocol.chunks import ChunkSealer, chunk_count, plain_chunk
from protocol.errors import ProtocolError, SchemaError
from protocol.fees import Fee, assess_fee
from protocol.ids import FieldKey, RegistrationNo, crockford, tracking_commitment
from protocol.limits import MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_BUNDLE_ATTACHMENT_BYTES, MAX_FILE_NAME
from protocol.sealing import seal
from protocol.wire import from_value, to_bytes
from village_node.identity.certificates import is_certified
from village_node.identity.hub import Enrolled, load_enrolled, newest_checkpoint, take_number
from village_node.identity.keys import NodeKeys
from village_node.identity.sessions import Unlocked
from village_node.outbox.errors import (
    DraftInvalidError,
    DraftTooLargeError,
    NoNumberLeftError,
    OfficerNotCertifiedError,
    ServiceClosedError,
)
from village_node.outbox.label import Label, file_names, seal_label
from village_node.outbox.tables import OutboxAttachment, OutboxHead, OutboxItem
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, Randomness

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
class SealCommand:
    """What the officer signs."""

    service: Service
    applicant: Applicant
    answers: Mapping[str, Answer]
    handed_in: Sequence[str]
    """Requirements that the officer saw, on paper or as a file."""
    attachments: Sequence[FileToSeal] = ()
    consents: Sequence[Consent] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedItem:
    """What the slip needs; the tracking code is shown and printed, then only the officer's PIN brings it back."""

    bundle: bytes
    counter: int
    registration_no: RegistrationNo
    tracking_code: str
    service: Service
    fee: Fee
    handed_in: tuple[str, ...]
    sealed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealer:
    """What sealing needs besides the transaction. Made once, at start."""

    files: SealedFiles
    keys: NodeKeys
    clock: Clock
    randomness: Randomness


@dataclass(frozen=True, kw_only=True, slots=True)
class _Secrets:
    content_key: bytes
    salt: bytes
    tracking_code: str


def seal_draft(session: Session, sealer: Sealer, unlocked: Unlocked, command: SealCommand) -> SealedItem:
    """Seal an application and put it into the outbox. The caller commits.

    Raises:
        OfficerNotCertifiedError: the hub has not certified this officer yet.
        ServiceClosedError: the service takes no applications.
        DraftInvalidError: answers or attachments that the hub would refuse.
        DraftTooLargeError: more than one bundle carries.
        NoNumberLeftError: no leased registration number is left.
        NotEnrolledError: this node has no hub yet.
        StorageError: the disk does not take it; nothing was kept.
    """
    enrolled = load_enrolled(session)
    _check(session, unlocked, command)  # 1
    now = sealer.clock.now()
    secrets = _draw_secrets(sealer.randomness)
    head = _load_head(session)
    manifest = _build_manifest(session, enrolled, unlocked, command, (secrets, head, now))  # 2
    signed = sign_both(manifest, officer_key=unlocked.key, node_key=sealer.keys.signing_key)  # 3
    message = seal(signed.signed, secrets.content_key, enrolled.seal_to(signed.bundle))
    _write_files(sealer.files, signed.bundle, secrets.content_key, command.attachments, manifest)  # 4
    fee = assess_fee(command.service, dict(command.answers))
    label = _make_label(command, secrets, fee)
    session.add(_item_row(manifest, signed.bundle, message, seal_label(unlocked, signed.bundle, label), now))  # 5
    session.flush()
    session.add_all(_attachment_rows(manifest, signed.bundle))
    head.counter, head.last_bundle = manifest.counter, signed.bundle
    session.flush()
    return SealedItem(
        bundle=signed.bundle,
        counter=manifest.counter,
        registration_no=manifest.registration_no,
        tracking_code=secrets.tracking_code,
        service=command.service,
        fee=fee,
        handed_in=tuple(command.handed_in),
        sealed_at=now,
    )


def sweep_orphans(session: Session, files: SealedFiles) -> int:
    """Remove sealed files that a crash left without a row; return how many bundles that were. Only at start."""
    return files.sweep(set(session.scalars(select(OutboxItem.bundle_id))))


def _check(session: Session, unlocked: Unlocked, command: SealCommand) -> None:
    if not is_certified(session, unlocked.officer):
        raise OfficerNotCertifiedError
    if not command.service.is_open:
        raise ServiceClosedError
    known = {requirement.key for requirement in command.service.requirements}
    files = [(item.requirement, item.media_type) for item in command.attachments]
    problems = (
        *check_answers(command.service, command.answers),
        *check_attachments(command.service, command.answers, files),
        *(AnswerProblem(key="", code=ProblemCode.UNKNOWN_REQUIREMENT) for key in command.handed_in if key not in known),
    )
    if problems:
        raise DraftInvalidError(problems)
    if len(command.attachments) > MAX_ATTACHMENTS:
        raise DraftTooLargeError("number of files")


def _draw_secrets(randomness: Randomness) -> _Secrets:
    return _Secrets(
        content_key=randomness.token(SECRET_BYTES),
        salt=randomness.token(SECRET_BYTES),
        tracking_code=crockford(randomness.token(TRACKING_BYTES)),
    )


def _load_head(session: Session) -> OutboxHead:
    head = session.get(OutboxHead, 1)
    if head is None:
        head = OutboxHead(id=1, counter=0, last_bundle=None)
        session.add(head)
    return head


def _build_manifest(
    session: Session,
    enrolled: Enrolled,
    unlocked: Unlocked,
    command: SealCommand,
    drawn: tuple[_Secrets, OutboxHead, datetime],
) -> Manifest:
    secrets, head, now = drawn
    attachments = [_describe(item) for item in command.attachments]
    if sum(item.size for item in attachments) > MAX_BUNDLE_ATTACHMENT_BYTES:
        raise DraftTooLargeError("files")
    taken = take_number(session, now.year)
    if taken is None:
        raise NoNumberLeftError
    year, number = taken
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
        registration_no=RegistrationNo.build(enrolled.hub, year, number),
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
    )
    return _reread(manifest)


def _reread(manifest: Manifest) -> Manifest:
    """Return the manifest as the hub will read it, so that what does not parse there is never signed here."""
    try:
        return parse_manifest(to_bytes(manifest))
    except ProtocolError as error:
        if isinstance(error, SchemaError):
            key = "applicant" if "applicant" in error.reason else ""
            raise DraftInvalidError((AnswerProblem(key=key, code=ProblemCode.PATTERN),)) from None
        raise DraftTooLargeError(error.code) from None


def _describe(item: FileToSeal) -> Attachment:
    content = item.read()
    if len(content) > MAX_ATTACHMENT_BYTES:
        raise DraftTooLargeError("file")
    (name,) = file_names([item.name])
    described = {
        "requirement": item.requirement,
        "name": name[:MAX_FILE_NAME],
        "media_type": item.media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).digest(),
        "chunks": chunk_count(len(content)),
    }
    return from_value(described, Attachment)


def _write_files(
    files: SealedFiles, bundle: bytes, content_key: bytes, items: Sequence[FileToSeal], manifest: Manifest
) -> None:
    for position, (item, described) in enumerate(zip(items, manifest.attachments, strict=True)):
        content = item.read()
        if hashlib.sha256(content).digest() != described.sha256:
            raise DraftInvalidError((AnswerProblem(key=described.requirement, code=ProblemCode.FILES_MISSING),))
        sealer = ChunkSealer(content_key, bundle, position, described.chunks)
        files.put(
            bundle,
            position,
            (sealer.seal(index, plain_chunk(index, content)) for index in range(described.chunks)),
        )


def _make_label(command: SealCommand, secrets: _Secrets, fee: Fee) -> Label:
    return Label(
        applicant=command.applicant.name,
        phone=command.applicant.phone or "",
        tracking_code=secrets.tracking_code,
        fee_kind=str(fee.kind),
        fee_rp=fee.amount_rp,
        handed_in=[FieldKey(key) for key in command.handed_in],
        file_names=file_names([item.name for item in command.attachments]),
    )


def _item_row(manifest: Manifest, bundle: bytes, message: bytes, label: bytes, now: datetime) -> OutboxItem:
    named = manifest.checkpoint
    return OutboxItem(
        bundle_id=bundle,
        counter=manifest.counter,
        registration_no=str(manifest.registration_no),
        officer_id=str(manifest.officer),
        service=str(manifest.service),
        service_version=manifest.service_version,
        sealed_at=now,
        message=message,
        message_digest=hashlib.sha256(message).digest(),
        named_size=None if named is None else named.size,
        named_root=None if named is None else named.root,
        label=label,
        state="waiting",
        attempts=0,
    )


def _attachment_rows(manifest: Manifest, bundle: bytes) -> list[OutboxAttachment]:
    return [
        OutboxAttachment(
            bundle_id=bundle,
            position=position,
            requirement=str(item.requirement),
            media_type=item.media_type,
            size=item.size,
            sha256=item.sha256,
            chunks=item.chunks,
            delivered=0,
        )
        for position, item in enumerate(manifest.attachments)
    ]
