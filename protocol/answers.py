"""Answers and attachments checked against a service: pure, and the same on the node and on the hub.

Rules:
1. A field is shown when its condition holds; a condition on a hidden field does not hold.
2. A shown, required field has an answer; a hidden field has none (what is not needed is not collected, UU 27/2022).
3. Keys that the form does not have are refused. A blank text counts as no answer.
4. ``True`` is not ``1``: types are compared before values.
5. Problems name the field and a stable code, never the answer: it may be personal.
6. No answer whatever makes a function of this module raise.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from protocol import nik as nik_rules
from protocol.catalogue import (
    NUMBER_TYPES,
    Answer,
    Condition,
    Field,
    FieldType,
    PatternName,
    Requirement,
    Service,
    Text,
)
from protocol.errors import SchemaError
from protocol.ids import FieldKey, VillageCode

Answers: TypeAlias = Mapping[str, Answer]
"""Answers by field key."""

GivenAnswers: TypeAlias = Answers | Mapping[FieldKey, Answer]
"""What the checks take: any keys, or the well-formed ones of a manifest (the key of a Mapping is invariant)."""

PATTERNS: Mapping[PatternName, re.Pattern[str]] = {
    PatternName.DIGITS: re.compile(r"[0-9]{1,40}"),
    PatternName.EMAIL: re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,4}"),
    PatternName.LAND_TITLE: re.compile(r"[A-Za-z0-9./ -]{1,60}"),
    PatternName.LATITUDE_LONGITUDE: re.compile(r"-?[0-9]{1,2}\.[0-9]{3,8}, ?-?[0-9]{1,3}\.[0-9]{3,8}"),
    PatternName.NIB: re.compile(r"[0-9]{13}"),
    PatternName.NPWP: re.compile(r"[0-9]{15,16}"),
    PatternName.POSTCODE: re.compile(r"[1-9][0-9]{4}"),
    PatternName.RT_RW: re.compile(r"[0-9]{1,3}/[0-9]{1,3}"),
    PatternName.TIME: re.compile(r"([01][0-9]|2[0-3])[:.][0-5][0-9]"),
}
"""Bounded and unambiguous: no repetition can start where another could have gone on (fault E22)."""

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}|0[0-9]{6,13}")
_ISO_DATE = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")
_DEFAULT_LENGTH = {FieldType.TEXT: 120, FieldType.LONG_TEXT: 2_000}
_MOST_CHARACTERS = 4_000
"""No field takes more, and normalising 100,000 combining marks takes 10 s (fault E22)."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_KIND_OF_ANSWER: Mapping[FieldType, type] = {
    kind: int if kind in NUMBER_TYPES else bool if kind is FieldType.YES_NO else str for kind in FieldType
}


class ProblemCode(StrEnum):
    """Why an answer or an attachment is refused. A code keeps its meaning for ever."""

    UNKNOWN_FIELD = "unknown_field"
    NOT_SHOWN = "not_shown"
    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    CHARACTERS = "characters"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    PATTERN = "pattern"
    NOT_A_CHOICE = "not_a_choice"
    NIK = "nik"
    KK_NO = "kk_no"
    PHONE = "phone"
    DATE = "date"
    DATE_ORDER = "date_order"
    VILLAGE = "village"
    UNKNOWN_REQUIREMENT = "unknown_requirement"
    NOT_ASKED = "not_asked"
    FILES_MISSING = "files_missing"
    TOO_MANY_FILES = "too_many_files"
    MEDIA_TYPE = "media_type"


@dataclass(frozen=True, kw_only=True)
class AnswerProblem:
    """One problem. ``key`` is a key of the service, or empty when the sender's key is none of them."""

    key: str
    code: ProblemCode


@dataclass(frozen=True, kw_only=True)
class SummaryLine:
    """One line of the check-your-answers page, the slip and the case page, in the order of the form."""

    field: Field
    answer: Answer
    choice: Text | None
    """The label of the chosen answer, for choice fields."""


def visible_fields(service: Service, answers: GivenAnswers) -> tuple[Field, ...]:
    """Return the fields that are shown with these answers, in the order of the form."""
    shown: dict[str, Field] = {}
    for field in service.fields:
        if _holds(field.show_if, answers, shown):
            shown[field.key] = field
    return tuple(shown.values())


def visible_requirements(service: Service, answers: GivenAnswers) -> tuple[Requirement, ...]:
    """Return the requirements, optional ones too, that apply with these answers."""
    shown = _by_key(visible_fields(service, answers))
    return tuple(each for each in service.requirements if _holds(each.when, answers, shown))


def required_attachments(service: Service, answers: GivenAnswers) -> tuple[Requirement, ...]:
    """Return the requirements that must have files with these answers."""
    return tuple(each for each in visible_requirements(service, answers) if each.required and each.min_files)


def condition_holds(service: Service, condition: Condition | None, answers: GivenAnswers) -> bool:
    """Tell whether a condition of this service holds; no condition always does."""
    return _holds(condition, answers, _by_key(visible_fields(service, answers)))


def check_answers(service: Service, answers: GivenAnswers) -> tuple[AnswerProblem, ...]:
    """Return every problem of the answers; none means that the hub takes them."""
    known = {field.key for field in service.fields}
    shown = visible_fields(service, answers)
    hidden = known - {field.key for field in shown}
    problems = [AnswerProblem(key="", code=ProblemCode.UNKNOWN_FIELD) for key in answers if key not in known]
    problems += [AnswerProblem(key=key, code=ProblemCode.NOT_SHOWN) for key in sorted(hidden & set(answers))]
    for field in shown:
        code = _problem_of(field, answers)
        if code is not None:
            problems.append(AnswerProblem(key=field.key, code=code))
    return tuple(problems)


def check_attachments(
    service: Service, answers: GivenAnswers, files: Iterable[tuple[str, str]]
) -> tuple[AnswerProblem, ...]:
    """Return every problem of the attached files, each given as (requirement key, media type)."""
    attached = tuple(files)
    applies: dict[str, Requirement] = {each.key: each for each in visible_requirements(service, answers)}
    problems = []
    for key, media_type in attached:
        requirement = applies.get(key)
        if service.requirement(key) is None:
            problems.append(AnswerProblem(key="", code=ProblemCode.UNKNOWN_REQUIREMENT))
        elif requirement is None:
            problems.append(AnswerProblem(key=key, code=ProblemCode.NOT_ASKED))
        elif media_type not in requirement.media_types:
            problems.append(AnswerProblem(key=key, code=ProblemCode.MEDIA_TYPE))
    counts = Counter(key for key, _ in attached)
    for requirement in applies.values():
        count = counts[requirement.key]
        if count < requirement.min_files and (count or requirement.required):
            problems.append(AnswerProblem(key=requirement.key, code=ProblemCode.FILES_MISSING))
        elif count > requirement.max_files:
            problems.append(AnswerProblem(key=requirement.key, code=ProblemCode.TOO_MANY_FILES))
    return tuple(problems)


def clean_answers(service: Service, answers: GivenAnswers) -> dict[str, Answer]:
    """Return what the node seals: shown fields only, text trimmed and in NFC, numbers of people without separators.

    Unknown keys stay, so that ``check_answers`` still refuses them.
    """
    known = _by_key(service.fields)
    tidy = {key: _tidy(known.get(key), value) for key, value in answers.items()}
    filled = {key: value for key, value in tidy.items() if not _is_blank(value)}
    shown = {field.key for field in visible_fields(service, filled)}
    return {key: value for key, value in filled.items() if key in shown or key not in known}


def asked_fields(service: Service, fields: Iterable[str]) -> frozenset[str]:
    """Return the fields that an answer to a question about ``fields`` may hold: these, and whatever hangs on them.

    A field that is shown only for some answer to an asked one must be answerable too, or the form could not be made to
    fit any more.
    """
    asked, wider = frozenset[str](), frozenset(fields)
    while asked != wider:
        asked = wider
        wider |= {each.key for each in service.fields if each.show_if is not None and each.show_if.field in asked}
    return asked


def asked_requirements(service: Service, fields: Iterable[str], requirements: Iterable[str]) -> frozenset[str]:
    """Return the requirements that the answer may bring files for: those asked, and those that hang on asked fields."""
    reached = asked_fields(service, fields)
    hanging = {each.key for each in service.requirements if each.when is not None and each.when.field in reached}
    return frozenset(requirements) | hanging


def merge_answers(service: Service, before: GivenAnswers, corrected: GivenAnswers) -> dict[str, Answer]:
    """Return the effective answers after a correction; what the form does not show any more is gone."""
    merged: dict[str, Answer] = {str(key): answer for key, answer in (*before.items(), *corrected.items())}
    return clean_answers(service, merged)


def summary_labels(service: Service, answers: GivenAnswers) -> tuple[SummaryLine, ...]:
    """Return the shown fields that have an answer, with the label of a chosen answer."""
    return tuple(
        SummaryLine(field=field, answer=answers[field.key], choice=_choice_label(field, answers[field.key]))
        for field in visible_fields(service, answers)
        if field.key in answers and not _is_blank(answers[field.key])
    )


def _by_key(fields: Iterable[Field]) -> dict[str, Field]:
    return {field.key: field for field in fields}


def _holds(condition: Condition | None, answers: GivenAnswers, shown: Mapping[str, Field]) -> bool:
    if condition is None:
        return True
    if condition.field not in shown or condition.field not in answers:
        return False
    answer = answers[condition.field]
    return any(type(answer) is type(value) and answer == value for value in condition.values)


def _problem_of(field: Field, answers: GivenAnswers) -> ProblemCode | None:
    answer = answers.get(field.key)
    if answer is None or _is_blank(answer):
        return ProblemCode.MISSING if field.required else None
    if type(answer) is not _KIND_OF_ANSWER[field.type]:
        return ProblemCode.WRONG_TYPE
    if isinstance(answer, bool):
        return None
    if isinstance(answer, int):
        return _number_problem(field, answer)
    return _text_problem(field, answer, answers)


def _number_problem(field: Field, answer: int) -> ProblemCode | None:
    lowest = field.minimum if field.minimum is not None else 0
    highest = field.maximum if field.maximum is not None else 10**12
    if answer < lowest:
        return ProblemCode.TOO_SMALL
    return ProblemCode.TOO_LARGE if answer > highest else None


def _text_problem(field: Field, answer: str, answers: GivenAnswers) -> ProblemCode | None:
    if field.type in _DEFAULT_LENGTH:
        return _free_text_problem(field, answer)
    if field.type is FieldType.DATE:
        return _date_problem(field, answer, answers)
    return _FORMS[field.type](field, answer)


def _free_text_problem(field: Field, answer: str) -> ProblemCode | None:
    if len(answer) > (field.max_length or _DEFAULT_LENGTH[field.type]):
        return ProblemCode.TOO_LONG
    if len(answer) < (field.min_length or 1):
        return ProblemCode.TOO_SHORT
    if not _are_plain(answer, lines=field.type is FieldType.LONG_TEXT):
        return ProblemCode.CHARACTERS
    if field.pattern is not None and not PATTERNS[field.pattern].fullmatch(answer):
        return ProblemCode.PATTERN
    return None


def _are_plain(text: str, *, lines: bool) -> bool:
    """Tell whether the text is in NFC and free of control characters, lone surrogates and unassigned code points."""
    if text.isascii() and text.isprintable():
        return True
    allowed = "\n" if lines else ""
    controls = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    if any(unicodedata.category(letter) in controls and letter not in allowed for letter in text):
        return False
    return unicodedata.is_normalized("NFC", text)


def _date_problem(field: Field, answer: str, answers: GivenAnswers) -> ProblemCode | None:
    if not _is_date(answer):
        return ProblemCode.DATE
    earlier = answers.get(field.not_before) if field.not_before else None
    if isinstance(earlier, str) and _is_date(earlier) and answer < earlier:
        return ProblemCode.DATE_ORDER
    return None


def _is_date(text: str) -> bool:
    if not _ISO_DATE.fullmatch(text):
        return False
    try:
        return _FIRST_YEAR <= date.fromisoformat(text).year <= _LAST_YEAR
    except ValueError:
        return False


def _choice_problem(field: Field, answer: str) -> ProblemCode | None:
    return None if any(choice.value == answer for choice in field.choices) else ProblemCode.NOT_A_CHOICE


def _nik_problem(_: Field, answer: str) -> ProblemCode | None:
    return ProblemCode.NIK if nik_rules.is_blocked(answer) else None


def _kk_no_problem(_: Field, answer: str) -> ProblemCode | None:
    return None if nik_rules.is_sixteen_digits(answer) else ProblemCode.KK_NO


def _phone_problem(_: Field, answer: str) -> ProblemCode | None:
    return None if _PHONE.fullmatch(answer) else ProblemCode.PHONE


def _village_problem(_: Field, answer: str) -> ProblemCode | None:
    try:
        VillageCode(answer)
    except SchemaError:
        return ProblemCode.VILLAGE
    return None


_FORMS: Mapping[FieldType, Callable[[Field, str], ProblemCode | None]] = {
    FieldType.CHOICE: _choice_problem,
    FieldType.NIK: _nik_problem,
    FieldType.KK_NO: _kk_no_problem,
    FieldType.PHONE: _phone_problem,
    FieldType.VILLAGE: _village_problem,
}


def _is_blank(answer: Answer) -> bool:
    return isinstance(answer, str) and not answer.strip()


def _tidy(field: Field | None, answer: Answer) -> Answer:
    if not isinstance(answer, str) or len(answer) > _MOST_CHARACTERS:
        return answer
    trimmed = unicodedata.normalize("NFC", answer.replace("\r\n", "\n")).strip()
    if field is not None and field.type in {FieldType.NIK, FieldType.KK_NO, FieldType.PHONE}:
        return nik_rules.clean_nik(trimmed)
    return trimmed


def _choice_label(field: Field, answer: Answer) -> Text | None:
    return next((choice.label for choice in field.choices if choice.value == answer), None)
