"""What a correction holds: which inputs may change, what did change, what is still open. Pure.

Rules:
1. May change: the asked fields and requirements, and what hangs on the asked fields (``protocol.answers``).
2. Everything that was asked by name is answered: changed, brought anew, seen on paper, or explained with a remark.
3. Only what changed travels: answers that differ, files that were brought, remarks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from protocol.answers import (
    AnswerProblem,
    ProblemCode,
    asked_fields,
    asked_requirements,
    check_answers,
    check_attachments,
    merge_answers,
    visible_fields,
    visible_requirements,
)
from protocol.catalogue import Answer, Field, FieldType, Requirement, Service
from protocol.notices import CorrectionAsked
from village_node.drafts.rules import MAX_REMARK, REMARK_PREFIX, SEEN_PREFIX, Content, read_answers

HUNDRED = 100


@dataclass(frozen=True, kw_only=True)
class Change:
    """One answer that differs."""

    key: str
    old: Answer | None
    new: Answer | None
    is_shown: bool
    """Whether the form still asks for it."""


@dataclass(frozen=True, kw_only=True)
class CorrectionReading:
    """A correction as it would be sealed now, and what stands in the way."""

    fields: frozenset[str]
    """Inputs that may change."""
    requirements: frozenset[str]
    """Requirements that files may be brought for."""
    before: Mapping[str, Answer]
    after: Mapping[str, Answer]
    changes: tuple[Change, ...]
    brought: tuple[str, ...]
    """Requirements with a new file, or seen on paper."""
    remarks: Mapping[str, str]
    problems: tuple[AnswerProblem, ...]
    """Answers and files that the hub would refuse."""
    open: tuple[str, ...]
    """Asked fields and requirements that are not answered yet (rule 2)."""

    @property
    def changed_answers(self) -> dict[str, Answer]:
        """The answers that travel (rule 3): a text without letters takes an answer away that is still asked for."""
        return {each.key: "" if each.new is None else each.new for each in self.changes if each.is_shown}

    @property
    def is_ready(self) -> bool:
        """Whether the officer may sign."""
        return not self.problems and not self.open


def joined(questions: Sequence[CorrectionAsked]) -> CorrectionAsked:
    """Return the open questions about one case as one: everything that they name, the newest's answers and number."""
    fields = dict.fromkeys(key for each in questions for key in each.fields)
    requirements = dict.fromkeys(key for each in questions for key in each.requirements)
    return msgspec.structs.replace(questions[-1], fields=list(fields), requirements=list(requirements))


def read_correction_draft(
    service: Service, asked: CorrectionAsked, content: Content, files: Collection[tuple[str, str]]
) -> CorrectionReading:
    """Judge a correction; ``files`` are pairs of requirement key and media type."""
    fields = asked_fields(service, asked.fields)
    requirements = asked_requirements(service, asked.fields, asked.requirements)
    before = {str(key): answer for key, answer in asked.answers.items()}
    typed = {key: text for key, text in read_answers(service, content.typed).items() if key in fields}
    kept = {key: answer for key, answer in before.items() if key not in fields}
    after = merge_answers(service, kept, typed)
    changes = _changes(service, fields, before, after)
    brought = _brought(service, requirements, content, files)
    remarks = _remarks(content, (*asked.fields, *asked.requirements))
    answered = {*(change.key for change in changes), *brought, *remarks}
    return CorrectionReading(
        fields=fields,
        requirements=requirements,
        before=before,
        after=after,
        changes=changes,
        brought=brought,
        remarks=remarks,
        problems=(*check_answers(service, after), *_file_problems(service, asked, after, brought, files)),
        open=tuple(str(key) for key in (*asked.fields, *asked.requirements) if key not in answered),
    )


def may_save(service: Service, asked: CorrectionAsked, key: str) -> bool:
    """Tell whether an input of the correction's page may be saved (rule 1)."""
    for prefix in (REMARK_PREFIX, SEEN_PREFIX):
        if key.startswith(prefix):
            about = key.removeprefix(prefix)
            return about in {*asked.fields, *asked.requirements} or about in asked_requirements(
                service, asked.fields, asked.requirements
            )
    return key in asked_fields(service, asked.fields)


def typed_answers(service: Service, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return answers as an officer would have typed them: what a form shows."""
    known: dict[str, Field] = {each.key: each for each in service.fields}
    return {str(key): typed_answer(known.get(key), answer) for key, answer in answers.items()}


def typed_answer(field: Field | None, answer: Answer) -> str:
    """Return one answer as it would have been typed."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, int) and field is not None and field.type is FieldType.HUNDREDTHS:
        whole, rest = divmod(abs(answer), HUNDRED)
        sign = "-" if answer < 0 else ""
        return f"{sign}{whole}" + (f",{rest:02d}" if rest else "")
    if field is not None and field.type is FieldType.DATE and isinstance(answer, str):
        return "-".join(reversed(answer.split("-")))
    return str(answer)


def _changes(
    service: Service, fields: Collection[str], before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> tuple[Change, ...]:
    keys = [str(each.key) for each in service.fields if each.key in fields]
    shown = {str(each.key) for each in visible_fields(service, dict(after))}
    return tuple(
        Change(key=key, old=before.get(key), new=after.get(key), is_shown=key in shown)
        for key in keys
        if before.get(key) != after.get(key)
    )


def _brought(
    service: Service, requirements: Collection[str], content: Content, files: Collection[tuple[str, str]]
) -> tuple[str, ...]:
    there = {key for key, _ in files} | set(content.seen)
    return tuple(str(each.key) for each in service.requirements if each.key in requirements and each.key in there)


def _remarks(content: Content, asked: Collection[str]) -> dict[str, str]:
    texts = {str(key): content.typed.get(f"{REMARK_PREFIX}{key}", "").strip() for key in asked}
    return {key: text[:MAX_REMARK] for key, text in texts.items() if text}


def _file_problems(
    service: Service,
    asked: CorrectionAsked,
    after: Mapping[str, Answer],
    brought: Collection[str],
    files: Collection[tuple[str, str]],
) -> list[AnswerProblem]:
    """Return the problems of the brought files, and of what the new answers call for and nobody handed in."""
    fresh = {str(each.key) for each in newly_required(service, asked, after)}
    problems = check_attachments(service, dict(after), files)
    there = {key for key, _ in files}
    return [
        each
        for each in problems
        if each.code is not ProblemCode.FILES_MISSING
        or each.key in there
        or (each.key in fresh and each.key not in brought)
    ]


def newly_required(service: Service, asked: CorrectionAsked, after: Mapping[str, Answer]) -> tuple[Requirement, ...]:
    """Return the required requirements that apply only after the correction."""
    before = {str(key): answer for key, answer in asked.answers.items()}
    applied = {each.key for each in visible_requirements(service, before)} | set(asked.handed_in)
    now = visible_requirements(service, dict(after))
    return tuple(each for each in now if each.required and each.key not in applied)
