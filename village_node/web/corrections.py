"""What the pages of a correction show: what is asked in words, the asked inputs, old and new beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from protocol.answers import SummaryLine, summary_labels
from protocol.catalogue import Answer, Requirement, Service
from village_node.cases.rules import CorrectionReading, newly_required, read_correction_draft, typed_answer
from village_node.cases.service import OpenCorrection
from village_node.drafts.queries import FileLine
from village_node.drafts.rules import MAX_REMARK, REMARK_PREFIX, nik_warnings
from village_node.web.forms import Input, State, service_inputs
from village_node.web.language import say
from village_node.web.words import PROBLEMS, answer_words, in_words, size


@dataclass(frozen=True, kw_only=True)
class AskedInput:
    """An input that may change, with what it held before and the line for a remark."""

    field: Input
    before: str
    remark: Input | None
    """None for an input that only hangs on an asked one."""


@dataclass(frozen=True, kw_only=True)
class AskedFiles:
    """A requirement that files may be brought for."""

    key: str
    label: str
    help: str
    files: tuple[FileLine, ...]
    may_add: bool
    many: bool
    accept: str
    is_seen: bool
    problem: str
    remark: Input | None


@dataclass(frozen=True, kw_only=True)
class ShownCorrection:
    """A correction with its judgement, for one request."""

    correction: OpenCorrection
    today: date
    regency: str
    village: str

    @property
    def name(self) -> str:
        """The service's name."""
        return in_words(self.correction.service.name)

    @property
    def reading(self) -> CorrectionReading:
        """What would be sealed now."""
        draft = self.correction.draft
        return read_correction_draft(self.correction.service, self.correction.asked, draft.content, draft.kinds)

    def state(self, *, show_problems: bool) -> State:
        """Return what the form is drawn from."""
        correction = self.correction
        problems = {each.key: each.code for each in self.reading.problems} if show_problems else {}
        return State(
            service=correction.service,
            content=correction.draft.content,
            problems=problems,
            warnings=nik_warnings(correction.service, correction.draft.content, self.regency),
            today=self.today,
            village=self.village,
        )


def asked_inputs(shown: ShownCorrection, *, show_problems: bool) -> list[AskedInput]:
    """Return the inputs that may change, in the order of the form."""
    reading, asked = shown.reading, set(shown.correction.asked.fields)
    before: dict[str, str] = answers_in_words(shown.correction.service, reading.before)
    inputs = [each for each in service_inputs(shown.state(show_problems=show_problems)) if each.key in reading.fields]
    return [
        AskedInput(
            field=_without_strange_condition(each, reading.fields),
            before=before.get(str(each.key), say("kosong")),
            remark=_remark(shown, each.key) if each.key in asked else None,
        )
        for each in inputs
    ]


def asked_files(shown: ShownCorrection, *, show_problems: bool) -> list[AskedFiles]:
    """Return the requirements that files may be brought for: those asked, and those that the new answers call for."""
    correction, reading = shown.correction, shown.reading
    asked = set(correction.asked.requirements)
    called = {each.key for each in newly_required(correction.service, correction.asked, reading.after)}
    problems = {each.key: str(PROBLEMS[each.code]) for each in reading.problems} if show_problems else {}
    return [
        _files(shown, each, problems.get(each.key, ""), is_asked=each.key in asked)
        for each in correction.service.requirements
        if each.key in asked | called | {file.requirement for file in correction.draft.files}
    ]


def other_lines(shown: ShownCorrection) -> list[tuple[str, str]]:
    """Return the answers that stay as they are."""
    service, reading = shown.correction.service, shown.reading
    words = answers_in_words(service, reading.before)
    return [(in_words(each.label), words[each.key]) for each in service.fields if _stays(each.key, reading, words)]


def changed_lines(shown: ShownCorrection) -> list[tuple[str, str, str]]:
    """Return label, old and new of everything that changes."""
    service, reading = shown.correction.service, shown.reading
    old, new = answers_in_words(service, reading.before), answers_in_words(service, reading.after)
    labels = {str(each.key): in_words(each.label) for each in service.fields}
    return [
        (labels.get(each.key, each.key), old.get(each.key, say("kosong")), new.get(each.key, say("kosong")))
        for each in reading.changes
    ]


def remark_lines(shown: ShownCorrection) -> list[tuple[str, str]]:
    """Return what stays, with the officer's reason."""
    return [(label_of(shown.correction.service, key), text) for key, text in shown.reading.remarks.items()]


def file_lines(shown: ShownCorrection) -> list[tuple[str, str]]:
    """Return the files that are brought, and what was seen on paper."""
    seen = set(shown.correction.draft.content.seen)
    lines: dict[str, list[str]] = {key: [] for key in shown.reading.brought}
    for file in shown.correction.draft.files:
        lines.setdefault(file.requirement, []).append(f"{file.name} ({size(file.size)})")
    for key in lines:
        lines[key] += [say("asli dilihat (kertas)")] if key in seen else []
    return [(label_of(shown.correction.service, key), "\n".join(parts)) for key, parts in lines.items()]


def problem_lines(shown: ShownCorrection, base: str = "") -> list[dict[str, str]]:
    """Return what stands in the way, each with a link to its input."""
    service, reading = shown.correction.service, shown.reading
    lines = [
        {
            "label": label_of(service, each.key),
            "text": str(PROBLEMS[each.code]),
            "href": _place(service, base, each.key),
        }
        for each in reading.problems
    ]
    unanswered = say("Diminta kantor: ubah, lampirkan yang baru, atau tulis alasannya bila memang benar.")
    known = {each.key for each in reading.problems}
    return lines + [
        {"label": label_of(service, key), "text": unanswered, "href": _place(service, base, key)}
        for key in reading.open
        if key not in known
    ]


def label_of(service: Service, key: str) -> str:
    """Return the label of a field or a requirement."""
    found = service.field(key) or service.requirement(key)
    return in_words(found.label) if found else key


def answers_in_words(service: Service, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return answers as the check page shows them."""
    lines: tuple[SummaryLine, ...] = summary_labels(service, dict(answers))
    return {str(each.field.key): answer_words(each) for each in lines}


def before_typed(shown: ShownCorrection, key: str) -> str:
    """Return what an input held before, as it is typed."""
    answer = shown.reading.before.get(key)
    return "" if answer is None else typed_answer(shown.correction.service.field(key), answer)


def _stays(key: str, reading: CorrectionReading, words: Mapping[str, str]) -> bool:
    return key not in reading.fields and key in words


def _without_strange_condition(field: Input, editable: frozenset[str]) -> Input:
    """Return an input whose condition the page's script can follow: only conditions on inputs of the same page."""
    return field if field.show_if in editable else replace(field, show_if="", show_values=())


def _remark(shown: ShownCorrection, key: str) -> Input:
    return Input(
        key=f"{REMARK_PREFIX}{key}",
        label=say("Alasan bila tetap seperti semula"),
        required=False,
        longest=MAX_REMARK,
        value=shown.correction.draft.content.typed.get(f"{REMARK_PREFIX}{key}", ""),
    )


def _files(shown: ShownCorrection, requirement: Requirement, problem: str, *, is_asked: bool) -> AskedFiles:
    draft = shown.correction.draft
    files = tuple(file for file in draft.files if file.requirement == requirement.key)
    return AskedFiles(
        key=requirement.key,
        label=in_words(requirement.label),
        help=in_words(requirement.help),
        files=files,
        may_add=len(files) < requirement.max_files,
        many=requirement.max_files > 1,
        accept=",".join(("image/webp", *requirement.media_types)),
        is_seen=requirement.key in draft.content.seen,
        problem=problem,
        remark=_remark(shown, requirement.key) if is_asked else None,
    )


def _place(service: Service, base: str, key: str) -> str:
    if not key:
        return ""
    return f"{base}#{key}" if service.requirement(key) is not None else f"{base}#in-{key}"
