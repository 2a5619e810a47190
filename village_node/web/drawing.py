"""From a service or a draft to what a page shows of it: facts, promise, problems with links, size and sending time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from protocol.answers import AnswerProblem, Answers, summary_labels, visible_requirements
from protocol.catalogue import Requirement, Service, ServiceKind, Stage, StageAction
from protocol.fees import Fee, assess_fee
from village_node.drafts.queries import DraftPage, FileLine
from village_node.drafts.rules import (
    NIK_REASON,
    ApplicantField,
    NikWarning,
    Reading,
    nik_warnings,
    read_draft,
    send_seconds,
)
from village_node.web.forms import State, condition_words
from village_node.web.language import say
from village_node.web.words import (
    NIK_FINDINGS,
    ORIGINS,
    PROBLEMS,
    answer_words,
    duration,
    fee_words,
    in_words,
    promised,
    size,
)

LINK_BITS_PER_S = 64_000
"""What a village link gives on a bad day (EDGE); until the node has measured its own, the estimate is made with it."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A service in a list."""

    code: str
    kind: ServiceKind
    name: str
    summary: str
    promised: str
    is_free: bool
    words: str
    """Everything that a search looks at, in lower case, in both languages."""


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the office promises: time with its origin, fee with its basis."""

    promised: str
    origin: str
    fee: Fee
    fee_words: str
    fee_basis: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a summary, with the page where it is changed; or one problem."""

    label: str
    text: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Total:
    """How much has to be sent and how long that takes."""

    count: int
    size: str
    duration: str
    speed: str


@dataclass(frozen=True, kw_only=True)
class Need:
    """One requirement on the files page."""

    key: str
    label: str
    help: str
    required: bool
    is_met: bool
    is_seen: bool
    problem: str
    files: tuple[FileLine, ...]
    may_add: bool
    many: bool
    accept: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A draft with its service, read and judged."""

    draft: DraftPage
    service: Service
    today: date
    regency: str
    village: str
    link_bits_per_s: int = LINK_BITS_PER_S
    """What the link carries."""

    @property
    def name(self) -> str:
        """The service's name."""
        return in_words(self.service.name)

    @property
    def reading(self) -> Reading:
        """The draft's answers and problems."""
        return read_draft(self.service, self.draft.content, self.draft.kinds)

    @property
    def warnings(self) -> tuple[NikWarning, ...]:
        """NIKs that deserve a second look."""
        return nik_warnings(self.service, self.draft.content, self.regency)

    def state(self, *, show_problems: bool) -> State:
        """Return what the form is drawn from."""
        problems = {each.key: each.code for each in self.reading.problems} if show_problems else {}
        return State(
            service=self.service,
            content=self.draft.content,
            problems=problems,
            warnings=self.warnings,
            today=self.today,
            village=self.village,
        )

    def total(self) -> Total:
        """Return size and estimate of what will be sent."""
        seconds = send_seconds(self.draft.size + _MANIFEST_BYTES, bits_per_second=self.link_bits_per_s)
        return Total(
            count=len(self.draft.files),
            size=size(self.draft.size),
            duration=duration(seconds),
            speed=say("%(speed)s kbit/detik", speed=self.link_bits_per_s // 1000),
        )

    def warning_lines(self) -> list[str]:
        """Return the warnings as sentences, with the reason that the officer gave."""
        lines = [f"{self.label_of(each.key)}: {NIK_FINDINGS[each.finding.code]}" for each in self.warnings]
        reason = self.draft.content.typed.get(NIK_REASON, "").strip()
        return [*lines, say("Alasan petugas: %(reason)s", reason=reason)] if lines and reason else lines

    def label_of(self, key: str) -> str:
        """Return the label of an input or a requirement."""
        found = self.service.field(key) or self.service.requirement(key)
        return in_words(found.label) if found else str(applicant_labels().get(key, ""))


_MANIFEST_BYTES = 4_000


def applicant_labels() -> dict[str, str]:
    """Return the short labels of the applicant's fields."""
    return {
        ApplicantField.NAME: say("Nama"),
        ApplicantField.NIK: say("NIK"),
        ApplicantField.PHONE: say("Telepon"),
        ApplicantField.ADDRESS: say("Alamat"),
    }


def service_facts(service: Service) -> Facts:
    """Return a service for the list."""
    texts = (service.name, service.summary)
    words = " ".join([service.code, *(text.id for text in texts), *(text.en for text in texts)])
    return Facts(
        code=service.code,
        kind=service.kind,
        name=in_words(service.name),
        summary=in_words(service.summary),
        promised=promised(service.sla),
        is_free=assess_fee(service, {}).is_free,
        words=words.lower(),
    )


def promise_of(service: Service, answers: Answers) -> Promise:
    """Return what is promised for these answers."""
    fee = assess_fee(service, answers)
    return Promise(
        promised=promised(service.sla),
        origin=str(ORIGINS[service.sla.origin]),
        fee=fee,
        fee_words=fee_words(fee),
        fee_basis=in_words(fee.basis),
    )


def requirement_rows(service: Service) -> list[dict[str, object]]:
    """Return the checklist for the page before starting."""
    return [
        {
            "label": in_words(each.label),
            "help": in_words(each.help),
            "required": each.required,
            "condition": condition_words(service, each.when),
        }
        for each in service.requirements
    ]


def stage_rows(service: Service) -> list[dict[str, str]]:
    """Return the stages with their time."""
    return [{"label": in_words(each.label), "days": _stage_time(each)} for each in service.stages]


def _stage_time(stage: Stage) -> str:
    """Return a stage's time; what waits for the resident or another system takes none of ours, and may last."""
    if stage.working_days:
        return say("%(days)s hari kerja", days=stage.working_days)
    if stage.action in {StageAction.PAYMENT, StageAction.HANDOVER}:
        return say("menunggu pemohon")
    return say("menurut sistem nasional") if stage.action is StageAction.TRACKING else say("hari itu juga")


def needs(shown: Shown, *, show_problems: bool) -> tuple[Need, ...]:
    """Return the requirements that apply now, with the files that are there."""
    reading, content = shown.reading, shown.draft.content
    problems = {each.key: str(PROBLEMS[each.code]) for each in reading.file_problems}
    present = {file.requirement for file in shown.draft.files}
    applying = visible_requirements(shown.service, reading.answers)
    stray = [each for each in shown.service.requirements if each.key in present and each not in applying]
    return tuple(
        _need(
            each,
            files=tuple(file for file in shown.draft.files if file.requirement == each.key),
            is_seen=each.key in content.seen,
            problem=problems.get(each.key, "") if show_problems or each in stray else "",
        )
        for each in (*applying, *stray)
    )


def _need(requirement: Requirement, *, files: tuple[FileLine, ...], is_seen: bool, problem: str) -> Need:
    return Need(
        key=requirement.key,
        label=in_words(requirement.label),
        help=in_words(requirement.help),
        required=requirement.required,
        is_met=len(files) >= max(1, requirement.min_files),
        is_seen=is_seen,
        problem=problem,
        files=files,
        may_add=len(files) < requirement.max_files,
        many=requirement.max_files > 1,
        accept=",".join(("image/webp", *requirement.media_types)),
    )


def form_problems(shown: Shown, base: str = "") -> list[Line]:
    """Return the problems of the form, each leading to its input."""
    return [
        Line(
            label=shown.label_of(each.key),
            text=str(PROBLEMS[each.code]),
            href=f"{base}#in-{each.key.replace('.', '-')}" if each.key else "",
        )
        for each in shown.reading.problems
    ]


def file_problems(shown: Shown, base: str = "") -> list[Line]:
    """Return the problems of the files, each leading to its requirement."""
    problems: Iterable[AnswerProblem] = shown.reading.file_problems
    return [
        Line(
            label=shown.label_of(each.key), text=str(PROBLEMS[each.code]), href=f"{base}#{each.key}" if each.key else ""
        )
        for each in problems
    ]


def applicant_lines(shown: Shown, form_url: str) -> list[Line]:
    """Return the applicant as it is read on the check page; the NIK in full, the resident sits there to compare it."""
    typed = shown.draft.content.typed
    return [
        Line(label=label, text=typed.get(key, "").strip() or "–", href=f"{form_url}#in-{key.replace('.', '-')}")
        for key, label in applicant_labels().items()
    ]


def answer_lines(shown: Shown, form_url: str) -> list[Line]:
    """Return the answers as they are read on the check page."""
    return [
        Line(label=in_words(each.field.label), text=answer_words(each), href=f"{form_url}#in-{each.field.key}")
        for each in summary_labels(shown.service, shown.reading.answers)
    ]


def need_lines(shown: Shown, files_url: str) -> list[Line]:
    """Return the requirements with what was handed in."""
    return [
        Line(label=each.label, text=_handed_in(each), href=f"{files_url}#{each.key}")
        for each in needs(shown, show_problems=False)
    ]


def _handed_in(need: Need) -> str:
    parts = [f"{file.name} ({size(file.size)})" for file in need.files]
    if need.is_seen:
        parts.append(say("asli dilihat (kertas)"))
    return "\n".join(parts) or "–"
