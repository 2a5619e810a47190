"""What holds of an application after its corrections: answers, files, remarks.

Rules:
1. Answers and remarks of a correction overlay those before, in the order of the ledger; what the form then does not
   show any more, or what was emptied, holds no longer: nobody reads what nobody judged.
2. A requirement for which a correction brings files has these files alone; the files before stay readable.
3. Everything else (applicant, service, tracking code) is that of the first bundle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub.intake.reading import open_manifest
from hub.intake.tables import Bundle
from hub.storage.keyring import Keyring
from protocol.answers import merge_answers
from protocol.bundle import Attachment, Manifest
from protocol.catalogue import Service
from protocol.ids import FieldKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One bundle of an application: the first, or a correction."""

    bundle_id: bytes
    received_at: datetime
    ledger_index: int
    manifest: Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedFile:
    """A file with its place: the bundle that brought it, and its position there."""

    bundle_id: bytes
    position: int
    attachment: Attachment


@dataclass(frozen=True, kw_only=True, slots=True)
class Effective:
    """An application as it stands."""

    manifest: Manifest
    """The first bundle's, with the effective answers, remarks, handed-in documents and attachments."""
    files: tuple[PlacedFile, ...]
    replaced: tuple[PlacedFile, ...]
    """Files that a correction took the place of."""
    parts: tuple[Part, ...]


def read_parts(session: Session, keyring: Keyring, first_bundle_ids: Sequence[bytes]) -> dict[bytes, list[Part]]:
    """Return the bundles of these applications by the id of the first one, in the order of the ledger."""
    wanted = select(Bundle).where(or_(Bundle.bundle_id.in_(first_bundle_ids), Bundle.corrects.in_(first_bundle_ids)))
    found: dict[bytes, list[Part]] = {}
    for row in session.scalars(wanted.order_by(Bundle.ledger_index)):
        part = Part(
            bundle_id=row.bundle_id,
            received_at=row.received_at,
            ledger_index=row.ledger_index,
            manifest=open_manifest(row, keyring),
        )
        found.setdefault(row.corrects or row.bundle_id, []).append(part)
    return found


def effective_manifest(session: Session, keyring: Keyring, service: Service, first_bundle_id: bytes) -> Effective:
    """Return the application that began with this bundle as it stands; ``service`` is the version it was filed under.

    Raises:
        KeyError: no bundle of this id was accepted.
        KeyringError: the case was erased.
    """
    return merge(service, read_parts(session, keyring, [first_bundle_id])[first_bundle_id])


def merge(service: Service, parts: Sequence[Part]) -> Effective:
    """Lay corrections over the first bundle."""
    first = parts[0].manifest
    answers, remarks, handed_in = dict(first.answers), dict(first.remarks), list(first.handed_in)
    for part in parts[1:]:
        merged = merge_answers(service, answers, part.manifest.answers)
        remarks |= part.manifest.remarks
        for gone in answers.keys() - merged.keys():
            remarks.pop(gone, None)
        answers = {FieldKey(key): answer for key, answer in merged.items()}
        handed_in += [key for key in part.manifest.handed_in if key not in handed_in]
    files, replaced = _files(parts)
    manifest = replace(
        first, answers=answers, remarks=remarks, handed_in=handed_in, attachments=[file.attachment for file in files]
    )
    return Effective(manifest=manifest, files=files, replaced=replaced, parts=tuple(parts))


def _files(parts: Sequence[Part]) -> tuple[tuple[PlacedFile, ...], tuple[PlacedFile, ...]]:
    """Return the files that hold, in the order in which their requirements first came, and those that do not."""
    by_requirement: dict[FieldKey, list[PlacedFile]] = {}
    replaced: list[PlacedFile] = []
    for part in parts:
        fresh: dict[FieldKey, list[PlacedFile]] = {}
        for position, attachment in enumerate(part.manifest.attachments):
            file = PlacedFile(bundle_id=part.bundle_id, position=position, attachment=attachment)
            fresh.setdefault(attachment.requirement, []).append(file)
        for requirement, files in fresh.items():
            replaced += by_requirement.get(requirement, [])
            by_requirement[requirement] = files
    return tuple(file for files in by_requirement.values() for file in files), tuple(replaced)
