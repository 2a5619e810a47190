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
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.answers import AnswerProblem, ProblemCode
from protocol.bundle import Manifest
from protocol.bundle import sign_manifest as sign_both
from protocol.catalogue import Service
from protocol.chunks import ChunkSealer, plain_chunk
from protocol.fees import Fee, assess_fee
from protocol.ids import FieldKey, RegistrationNo
from protocol.sealing import seal
from village_node.identity.hub import load_enrolled
from village_node.identity.keys import NodeKeys
from village_node.identity.sessions import Unlocked
from village_node.outbox.errors import DraftInvalidError
from village_node.outbox.label import Label, file_names, seal_label
from village_node.outbox.manifest import (
    CorrectionOf,
    FileToSeal,
    SealCommand,
    Secrets,
    build_manifest,
    check_command,
    draw_secrets,
)
from village_node.outbox.tables import OutboxAttachment, OutboxHead, OutboxItem
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, Randomness

__all__ = ["CorrectionOf", "FileToSeal", "SealCommand", "SealedItem", "Sealer", "seal_draft", "sweep_orphans"]


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


def seal_draft(session: Session, sealer: Sealer, unlocked: Unlocked, command: SealCommand) -> SealedItem:
    """Seal an application, or a correction of one, and put it into the outbox. The caller commits.

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
    check_command(session, unlocked, command)  # 1
    now = sealer.clock.now()
    secrets = draw_secrets(sealer.randomness)
    head = _load_head(session)
    manifest = build_manifest(session, enrolled, unlocked, command, (secrets, head, now))  # 2
    signed = sign_both(manifest, officer_key=unlocked.key, node_key=sealer.keys.signing_key)  # 3
    message = seal(signed.signed, secrets.content_key, enrolled.seal_to(signed.bundle))
    _write_files(sealer.files, signed.bundle, secrets.content_key, command.attachments, manifest)  # 4
    fee = assess_fee(command.service, command.effective_answers)
    label = _make_label(command, secrets, fee)
    row = _item_row(manifest, signed.bundle, message, seal_label(unlocked, signed.bundle, label), now)  # 5
    row.request = None if command.correction is None else command.correction.request
    session.add(row)
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


def _load_head(session: Session) -> OutboxHead:
    head = session.get(OutboxHead, 1)
    if head is None:
        head = OutboxHead(id=1, counter=0, last_bundle=None)
        session.add(head)
    return head


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


def _make_label(command: SealCommand, secrets: Secrets, fee: Fee) -> Label:
    return Label(
        applicant=command.applicant.name,
        phone=command.applicant.phone or "",
        tracking_code=secrets.tracking_code if command.correction is None else "",
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
        corrects=manifest.corrects,
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
            delivered=0 if item.delivered_in is None else item.chunks,
            held_back=item.delivered_in is not None,
        )
        for position, item in enumerate(manifest.attachments)
    ]
