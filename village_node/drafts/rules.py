"""From what an officer typed to answers; what is still wrong; what deserves a second look; how long sending takes.

Rules:
1. Typed text is kept as typed, right or wrong. Only at checking it becomes answers of the types of the catalogue.
2. Numbers are read as Indonesians write them: ``1.500.000`` and ``12,5``. A dot before exactly three digits groups.
3. Text that cannot be read stays text, so that ``check_answers`` names it; nothing is silently turned into zero.
4. A NIK that cannot be one blocks; one that disagrees with a birth date or sex only warns (``protocol.nik`` rule 4).
5. An estimate is rounded up: a promise of time should not be too short.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import msgspec

from protocol.answers import (
    AnswerProblem,
    Answers,
    ProblemCode,
    check_answers,
    check_attachments,
    clean_answers,
    visible_fields,
    visible_requirements,
)
from protocol.bundle import Applicant
from protocol.catalogue import Answer, Field, FieldType, Service
from protocol.nik import NikFinding, NikFindingCode, Sex, check_nik, clean_nik, compare_nik

APPLICANT_PREFIX = "pemohon."
"""Keys of the applicant beside those of the service's own fields, which never hold a dot."""

NIK_REASON = f"{APPLICANT_PREFIX}nik_reason"
"""Why the officer goes on although the NIK and the form disagree; travels as a remark of the manifest."""

APPLICANT_NIK = "applicant_nik"
"""Name of the applicant's own NIK among the remarks, whose keys hold no dot."""

REMARK_PREFIX = "remark."
"""Keys of remarks in a correction: why a field or a requirement stays as it is."""

MAX_REMARK = 200

SEEN_PREFIX = "seen."
CONSENT_PREFIX = "consent."
"""Keys of the boxes: a requirement that the officer saw on paper, a consent that the resident gave."""

CONSENTS: Mapping[str, int] = {"contact_by_phone": 1}
"""Purposes that a resident may agree to, with the version of the text on the form."""

MAX_TYPED = 4_000
"""Characters of one typed value; no field of any form takes more."""

DISAGREEING = frozenset({NikFindingCode.BIRTH_DATE_DIFFERS, NikFindingCode.SEX_DIFFERS})
"""Findings for which the officer is asked for a reason."""

CHUNK_OVERHEAD_PERCENT = 6
"""TLS, MQTT and seal around 48 KiB of payload, measured generously."""


class ApplicantField(StrEnum):
    """What the form asks about the resident, beside the service's own fields."""

    NAME = f"{APPLICANT_PREFIX}name"
    NIK = f"{APPLICANT_PREFIX}nik"
    PHONE = f"{APPLICANT_PREFIX}phone"
    ADDRESS = f"{APPLICANT_PREFIX}address"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a draft beside its files, as it is sealed."""

    typed: dict[str, str] = {}
    seen: list[str] = []
    """Requirements that the officer saw on paper."""
    consents: list[str] = []
    """Purposes that the resident agreed to."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A draft as it would be sealed now, and everything that stands in the way."""

    answers: dict[str, Answer]
    applicant: Applicant | None
    """``None`` as long as the applicant's own fields have problems."""
    problems: tuple[AnswerProblem, ...]
    file_problems: tuple[AnswerProblem, ...]
    handed_in: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether the officer may sign."""
        return self.applicant is not None and not self.problems and not self.file_problems

    def problem_of(self, key: str) -> ProblemCode | None:
        """Return what is wrong with one field."""
        return next((each.code for each in self.problems if each.key == key), None)


@dataclass(frozen=True, kw_only=True)
class NikWarning:
    """A NIK that deserves a second look. It never holds the number."""

    key: str
    finding: NikFinding


def read_draft(service: Service, content: Content, files: tuple[tuple[str, str], ...]) -> Reading:
    """Return the draft's answers and problems; ``files`` are pairs of requirement key and media type."""
    answers = read_answers(service, content.typed)
    applicant_problems = _applicant_problems(content.typed)
    shown = {each.key for each in visible_requirements(service, answers)}
    attached = {key for key, _ in files}
    return Reading(
        answers=answers,
        applicant=None if applicant_problems else _applicant(content.typed),
        problems=(*applicant_problems, *check_answers(service, answers)),
        file_problems=check_attachments(service, answers, files),
        handed_in=tuple(
            each.key for each in service.requirements if each.key in shown & (attached | set(content.seen))
        ),
    )


def read_answers(service: Service, typed: Mapping[str, str]) -> dict[str, Answer]:
    """Return the answers that the typed texts mean, without hidden fields and blanks."""
    raw: dict[str, Answer] = {}
    for field in service.fields:
        if text := typed.get(field.key):
            raw[field.key] = read_answer(field, text)
    return clean_answers(service, raw)


def read_answer(field: Field, text: str) -> Answer:
    """Return the answer that a typed text means for this field; unreadable text is returned as it is (rule 3)."""
    text = text.strip()
    match field.type:
        case FieldType.YES_NO:
            return {"yes": True, "no": False}.get(text, text)
        case FieldType.INTEGER | FieldType.MONEY:
            return _whole(text)
        case FieldType.HUNDREDTHS:
            return _hundredths(text)
        case FieldType.DATE:
            return _iso_date(text)
        case _:
            return text


def is_known_key(service: Service, key: str) -> bool:
    """Tell whether the form has an input of this key."""
    if key.startswith(SEEN_PREFIX):
        return service.requirement(key.removeprefix(SEEN_PREFIX)) is not None
    if key.startswith(CONSENT_PREFIX):
        return key.removeprefix(CONSENT_PREFIX) in CONSENTS
    if key.startswith(REMARK_PREFIX):
        about = key.removeprefix(REMARK_PREFIX)
        return service.field(about) is not None or service.requirement(about) is not None
    return key in set(ApplicantField) or key == NIK_REASON or service.field(key) is not None


def change_content(content: Content, typed: Mapping[str, str]) -> Content:
    """Return the content with some inputs changed; a box that is not ticked has an empty text."""
    texts, seen, consents = dict(content.typed), dict.fromkeys(content.seen), dict.fromkeys(content.consents)
    for key, text in typed.items():
        if key.startswith(SEEN_PREFIX):
            _tick(seen, key.removeprefix(SEEN_PREFIX), text)
        elif key.startswith(CONSENT_PREFIX):
            _tick(consents, key.removeprefix(CONSENT_PREFIX), text)
        else:
            texts[key] = text
    return Content(typed=texts, seen=list(seen), consents=list(consents))


def _tick(ticked: dict[str, None], key: str, text: str) -> None:
    if text:
        ticked[key] = None
    else:
        ticked.pop(key, None)


def nik_warnings(service: Service, content: Content, regency: str) -> tuple[NikWarning, ...]:
    """Return what should be looked at again in the NIKs of the form; ``regency`` is its four-digit code."""
    answers = read_answers(service, content.typed)
    typed: dict[str, str] = {ApplicantField.NIK: content.typed.get(ApplicantField.NIK, "")}
    for field in visible_fields(service, answers):
        if field.type is FieldType.NIK:
            typed[field.key] = str(answers.get(field.key, ""))
    return tuple(each for key, text in typed.items() for each in _warnings_of(service, key, text, answers, regency))


def nik_remarks(service: Service, content: Content, regency: str) -> dict[str, str]:
    """Return the officer's reason beside each NIK that disagrees with the form, as the manifest carries it."""
    reason = content.typed.get(NIK_REASON, "").strip()[:MAX_REMARK]
    odd = [each for each in nik_warnings(service, content, regency) if each.finding.code in DISAGREEING]
    names: dict[str, str] = {ApplicantField.NIK: APPLICANT_NIK}
    return {names.get(each.key, each.key): reason for each in odd} if reason else {}


def send_seconds(size_bytes: int, *, bits_per_second: int) -> int:
    """Return how long sending takes over a link of this speed, rounded up to whole seconds (rule 5)."""
    on_the_wire = size_bytes * 8 * (100 + CHUNK_OVERHEAD_PERCENT)
    return -(-on_the_wire // (100 * bits_per_second))


class _Regency:
    """The subdistricts of one regency, by their first four digits: enough for a warning."""

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and code.startswith(self._digits)


def _warnings_of(service: Service, key: str, typed: str, answers: Answers, regency: str) -> tuple[NikWarning, ...]:
    nik = clean_nik(typed)
    if not nik:
        return ()
    findings = (
        *check_nik(nik, known_subdistricts=_Regency(regency)),
        *compare_nik(nik, birth_date=_birth_date(service, key, answers), sex=_sex(key, answers)),
    )
    return tuple(NikWarning(key=key, finding=each) for each in findings if not each.is_blocking)


_PARENTS = {"mother_nik": Sex.FEMALE, "father_nik": Sex.MALE}


def _stem(key: str) -> str:
    """Return what the keys about the same person begin with: nothing for the applicant, ``child_`` for a child."""
    return "" if key == ApplicantField.NIK else key.removesuffix("nik")


def _birth_date(service: Service, key: str, answers: Answers) -> date | None:
    """Return the birth date that the form states for the person with this NIK.

    A form about somebody else asks for that person's sex as ``<person>_sex``; its ``birth_date`` is that person's.
    """
    subject = next((each.key.removesuffix("sex") for each in service.fields if each.key.endswith("_sex")), "")
    if _stem(key) == subject:
        return _date_in(answers, "birth_date")
    return _date_in(answers, f"{_stem(key)}birth_date") if _stem(key) else None


def _sex(key: str, answers: Answers) -> Sex | None:
    return _PARENTS.get(key) or _sex_in(answers, f"{_stem(key)}sex")


def _date_in(answers: Answers, key: str) -> date | None:
    try:
        return date.fromisoformat(str(answers.get(key, "")))
    except ValueError:
        return None


def _sex_in(answers: Answers, key: str) -> Sex | None:
    word = str(answers.get(key, ""))
    return Sex(word) if word in set(Sex) else None


def _applicant(typed: Mapping[str, str]) -> Applicant:
    return Applicant(
        name=typed[ApplicantField.NAME].strip(),
        nik=clean_nik(typed.get(ApplicantField.NIK, "")) or None,
        phone=clean_phone(typed.get(ApplicantField.PHONE, "")) or None,
        address=typed[ApplicantField.ADDRESS].strip(),
    )


_PHONE = re.compile(r"\+[1-9][0-9]{6,14}|0[0-9]{6,13}")
_MAX_NAME, _MAX_ADDRESS = 120, 200


def _applicant_problems(typed: Mapping[str, str]) -> tuple[AnswerProblem, ...]:
    nik = clean_nik(typed.get(ApplicantField.NIK, ""))
    phone = clean_phone(typed.get(ApplicantField.PHONE, ""))
    codes = {
        ApplicantField.NAME: _text_problem(typed.get(ApplicantField.NAME, ""), _MAX_NAME),
        ApplicantField.NIK: ProblemCode.NIK if nik and any(each.is_blocking for each in check_nik(nik)) else None,
        ApplicantField.PHONE: ProblemCode.PHONE if phone and not _PHONE.fullmatch(phone) else None,
        ApplicantField.ADDRESS: _text_problem(typed.get(ApplicantField.ADDRESS, ""), _MAX_ADDRESS),
    }
    return tuple(AnswerProblem(key=key, code=code) for key, code in codes.items() if code is not None)


def clean_phone(typed: str) -> str:
    """Return a telephone number without blanks, dots, hyphens and brackets."""
    return typed.translate(str.maketrans("", "", " .-()"))


def _text_problem(text: str, longest: int) -> ProblemCode | None:
    if not text.strip():
        return ProblemCode.MISSING
    if len(text.strip()) > longest:
        return ProblemCode.TOO_LONG
    return None if text.isprintable() else ProblemCode.CHARACTERS


_GROUPED = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})+")
_PLAIN = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"(-?[0-9]{1,13})[.,]([0-9]{1,2})")
_DAY_FIRST = re.compile(r"([0-3]?[0-9])[-/. ]([01]?[0-9])[-/. ]([12][0-9]{3})")
_EIGHT_DIGITS = re.compile(r"([0-3][0-9])([01][0-9])([12][0-9]{3})")


def _whole(text: str) -> Answer:
    bare = text.removeprefix("Rp").replace(" ", "").removesuffix(",00").removesuffix(",-")
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(".", "")
    return int(bare) if _PLAIN.fullmatch(bare) else text


def _hundredths(text: str) -> Answer:
    whole, comma, rest = text.replace(" ", "").partition(",")
    if _GROUPED.fullmatch(whole):
        whole = whole.replace(".", "")
    bare = f"{whole}{comma}{rest}"
    if _PLAIN.fullmatch(bare):
        return int(bare) * 100
    if found := _DECIMAL.fullmatch(bare):
        sign = -1 if bare.startswith("-") else 1
        return sign * (abs(int(found[1])) * 100 + int(found[2].ljust(2, "0")))
    return text


def _iso_date(text: str) -> str:
    if found := _DAY_FIRST.fullmatch(text) or _EIGHT_DIGITS.fullmatch(text):
        return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    return text
