"""What the applicant handed in, as the case page shows it: answers as they now count, what was corrected, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub.attachments.rules import CheckState, Verdict, shown_name
from hub.attachments.service import verdicts_of
from hub.casework.rules import mask_phone, mask_text, masked_answer
from hub.intake.effective import Effective, Part, merge, read_parts
from hub.intake.reading import AttachmentState, list_attachments
from hub.storage.keyring import Keyring
from protocol.answers import SummaryLine, summary_labels, visible_requirements
from protocol.bundle import Applicant
from protocol.catalogue import Requirement, Service
from protocol.nik import mask_nik


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicantLine:
    """The resident, as the page may show them."""

    name: str
    nik: str
    phone: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAnswer:
    """One answer; ``masked`` is what to show instead of it, None when it may be shown."""

    line: SummaryLine
    masked: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerLine:
    """One field of the form: what counts now, and what it was before each correction that changed it."""

    now: ShownAnswer
    before: tuple[ShownAnswer, ...]
    """Oldest first."""
    remark: str
    """Why an odd value is still right, in the village's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLine:
    """One file: where it is, what the check said, and whether a newer bundle replaced it."""

    bundle: int
    position: int
    name: str
    media_type: str
    size: int
    is_here: bool
    is_replaced: bool
    verdict: Verdict | None
    """None: not checked yet."""

    @property
    def is_open_to_view(self) -> bool:
        """Whether a picture of it may be had."""
        return self.is_here and (self.verdict is None or self.verdict.state is not CheckState.QUARANTINED)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecklistLine:
    """One requirement with what the village handed in for it, the newest files first."""

    requirement: Requirement
    handed_in: bool
    files: tuple[FileLine, ...]

    @property
    def is_met(self) -> bool:
        """Whether something was handed in."""
        return self.handed_in or bool(self.files)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationPart:
    """The left half of the case page."""

    applicant: ApplicantLine
    answers: tuple[AnswerLine, ...]
    checklist: tuple[ChecklistLine, ...]


def read_application(
    session: Session, keyring: Keyring, service: Service, first_bundle_id: bytes, *, is_revealed: bool
) -> ApplicationPart:
    """Read what the bundles of a case say, the application first."""
    parts = read_parts(session, keyring, [first_bundle_id])[first_bundle_id]
    now = merge(service, parts)
    files = _files(session, keyring, now)
    return ApplicationPart(
        applicant=show_applicant(now.manifest.applicant, is_revealed=is_revealed),
        answers=_answers(service, parts, now, is_revealed=is_revealed),
        checklist=tuple(
            ChecklistLine(
                requirement=requirement,
                handed_in=requirement.key in now.manifest.handed_in,
                files=tuple(files.get(str(requirement.key), ())),
            )
            for requirement in visible_requirements(service, now.manifest.answers)
        ),
    )


def show_applicant(applicant: Applicant, *, is_revealed: bool) -> ApplicantLine:
    """Return the resident, masked unless a reason was given."""
    nik, phone = applicant.nik or "", applicant.phone or ""
    if is_revealed:
        return ApplicantLine(name=applicant.name, nik=nik, phone=phone, address=applicant.address)
    return ApplicantLine(
        name=applicant.name,
        nik=mask_nik(nik) if nik else "",
        phone=mask_phone(phone) if phone else "",
        address=mask_text(applicant.address) if applicant.address else "",
    )


def _answers(service: Service, parts: Sequence[Part], now: Effective, *, is_revealed: bool) -> tuple[AnswerLine, ...]:
    states = [merge(service, parts[: count + 1]).manifest.answers for count in range(len(parts) - 1)]
    history = [{str(line.field.key): line for line in summary_labels(service, state)} for state in states]
    remarks = now.manifest.remarks
    return tuple(
        AnswerLine(
            now=_shown(line, is_revealed=is_revealed),
            before=tuple(_shown(old, is_revealed=is_revealed) for old in _earlier(history, line)),
            remark=remarks.get(line.field.key, "") if is_revealed or not line.field.personal else "",
        )
        for line in summary_labels(service, now.manifest.answers)
    )


def _earlier(history: Sequence[Mapping[str, SummaryLine]], line: SummaryLine) -> list[SummaryLine]:
    """Return the different answers that a field had before, oldest first."""
    found: list[SummaryLine] = []
    for state in history:
        old = state.get(str(line.field.key))
        if old is not None and old.answer != line.answer and (not found or found[-1].answer != old.answer):
            found.append(old)
    return found


def _shown(line: SummaryLine, *, is_revealed: bool) -> ShownAnswer:
    return ShownAnswer(line=line, masked=None if is_revealed else masked_answer(line.field, line.answer))


def _files(session: Session, keyring: Keyring, now: Effective) -> dict[str, list[FileLine]]:
    """Return the files of each requirement, those that count before those that were replaced."""
    replaced = {(file.bundle_id, file.position) for file in now.replaced}
    found: dict[str, list[FileLine]] = {}
    for bundle, part in reversed(list(enumerate(now.parts))):
        verdicts = verdicts_of(session, part.bundle_id)
        for file in list_attachments(session, keyring, part.bundle_id):
            is_replaced = (part.bundle_id, file.position) in replaced
            line = _file(file, bundle, verdicts.get(file.position), is_replaced=is_replaced)
            found.setdefault(file.requirement, []).append(line)
    return found


def _file(file: AttachmentState, bundle: int, verdict: Verdict | None, *, is_replaced: bool) -> FileLine:
    return FileLine(
        bundle=bundle,
        position=file.position,
        name=shown_name(file.name),
        media_type=file.media_type,
        size=file.size,
        is_here=file.is_here,
        is_replaced=is_replaced,
        verdict=verdict,
    )
