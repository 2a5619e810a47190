"""Judges corrections: bundles that answer what an office asked about a case.

Order: the village has that case; the number is the case's; something is asked; nothing else is brought. Service,
answers and files are judged after merging, against the version that the case was filed under, closed or not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.catalogue import Catalogue
from hub.intake.asking import AskedFor, Question
from hub.intake.effective import Effective, Part, merge, read_parts
from hub.intake.opening import judge_form
from hub.intake.rules import CorrectionCheck, FormCheck
from hub.intake.tables import Bundle
from hub.storage.keyring import Keyring
from protocol.answers import (
    asked_fields,
    asked_requirements,
    visible_requirements,
)
from protocol.bundle import Attachment, Manifest
from protocol.catalogue import Service


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The verdict on a correction, and on the form as it would then stand."""

    check: CorrectionCheck
    form: FormCheck


_UNSEEN = Judged(check=CorrectionCheck.UNKNOWN, form=FormCheck.FITS)


class Corrections:
    """What the corrections of a batch are judged by: nothing is read when there is none."""

    def __init__(
        self, session: Session, keyring: Keyring, catalogue: Catalogue, asked_for: AskedFor, batch: Iterable[Manifest]
    ) -> None:
        """Read the applications that these manifests correct, and what is asked about them."""
        self._catalogue = catalogue
        wanted = {item.corrects for item in batch if item.corrects is not None}
        first = select(Bundle.bundle_id).where(Bundle.bundle_id.in_(wanted), Bundle.corrects.is_(None))
        known = sorted(session.scalars(first)) if wanted else []
        self._parts: Mapping[bytes, list[Part]] = read_parts(session, keyring, known) if known else {}
        self._questions = {bundle: asked_for(session, bundle) for bundle in known}

    def close(self, first_bundle_id: bytes) -> None:
        """Note that a correction of this case was accepted: no other one is before casework has taken it in."""
        self._questions[first_bundle_id] = None

    def judge(self, manifest: Manifest) -> Judged | None:
        """Return the verdict on a correction; None when the manifest is none."""
        if manifest.corrects is None:
            return None
        parts = self._parts.get(manifest.corrects)
        if parts is None or parts[0].manifest.village != manifest.village:
            return _UNSEEN
        first, question = parts[0].manifest, self._questions[manifest.corrects]
        service = self._catalogue.services.get((first.service, first.service_version))
        same = (manifest.service, manifest.service_version) == (first.service, first.service_version)
        if service is None or not same:
            return Judged(check=CorrectionCheck.FITS, form=FormCheck.SERVICE_UNKNOWN)
        check = _check(manifest, merge(service, parts), question, service)
        if check is not CorrectionCheck.FITS:
            return Judged(check=check, form=FormCheck.FITS)
        added = Part(bundle_id=b"", received_at=parts[0].received_at, ledger_index=0, manifest=manifest)
        after = merge(service, [*parts, added]).manifest
        return Judged(check=check, form=judge_form(service, after, _still_asked(service, after)))


def _check(manifest: Manifest, before: Effective, question: Question | None, service: Service) -> CorrectionCheck:
    if manifest.registration_no != before.manifest.registration_no:
        return CorrectionCheck.NUMBER
    if question is None:
        return CorrectionCheck.CLOSED
    fields = asked_fields(service, question.fields)
    requirements = asked_requirements(service, question.fields, question.requirements)
    brought = {str(file.requirement) for file in manifest.attachments}
    seen = set(map(str, manifest.handed_in)) - set(map(str, before.manifest.handed_in))
    is_asked = (
        {*map(str, manifest.answers), *map(str, manifest.remarks)} <= fields
        and brought | seen <= requirements
        and manifest.applicant == before.manifest.applicant
    )
    return CorrectionCheck.FITS if is_asked else CorrectionCheck.NOT_ASKED


def _still_asked(service: Service, after: Manifest) -> list[Attachment]:
    """Return the files of merged answers without those that the form does not ask for any more."""
    shown = {each.key for each in visible_requirements(service, after.answers)}
    return [item for item in after.attachments if item.requirement in shown]
