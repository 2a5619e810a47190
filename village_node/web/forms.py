"""The form of a service as the page draws it: what each input is called, holds, allows, and has wrong.

Rules:
1. Labels come from the catalogue, in the officer's language; sentences about problems from ``words``.
2. A condition is handed to the page as key and values, so that its script can hide the field; what counts is what
   ``protocol.answers`` says when the page is sent.
3. An input shows what was typed, not what it was read as.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from protocol.answers import ProblemCode, visible_fields
from protocol.catalogue import Condition, Field, FieldType, PatternName, Service
from protocol.nik import birth_date_of, check_nik, clean_nik, sex_of
from village_node.drafts.rules import (
    CONSENT_PREFIX,
    DISAGREEING,
    NIK_REASON,
    ApplicantField,
    Content,
    NikWarning,
    read_answer,
    read_answers,
)
from village_node.web.language import Lazy, day, later, say
from village_node.web.words import NIK_FINDINGS, PROBLEMS, in_words, money, sex_words

ISO_DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
MANY_CHOICES = 6
"""Beyond this number a list folds into a drop-down."""

CONSENT_KEY = f"{CONSENT_PREFIX}contact_by_phone"

PATTERN_HINTS: Mapping[PatternName, Lazy] = {
    PatternName.DIGITS: later("Hanya angka."),
    PatternName.EMAIL: later("Contoh: nama@contoh.id"),
    PatternName.LAND_TITLE: later("Contoh: SHM 01234"),
    PatternName.LATITUDE_LONGITUDE: later("Contoh: -7.42610, 111.02170"),
    PatternName.NIB: later("13 angka."),
    PatternName.NPWP: later("15 atau 16 angka, tanpa titik."),
    PatternName.POSTCODE: later("5 angka."),
    PatternName.RT_RW: later("Contoh: 003/012"),
    PatternName.TIME: later("Contoh: 08.30"),
}

TYPE_HINTS: Mapping[FieldType, Lazy] = {
    FieldType.DATE: later("Tanggal-bulan-tahun, contoh 17-08-1990"),
    FieldType.HUNDREDTHS: later("Boleh dengan koma, contoh 12,5"),
    FieldType.NIK: later("16 angka seperti pada KTP."),
    FieldType.KK_NO: later("16 angka seperti pada kartu keluarga."),
    FieldType.PHONE: later("Contoh: 0812 3456 7890"),
    FieldType.VILLAGE: later("Kode wilayah, contoh 33.14.01.2001"),
}

_NUMERIC = {FieldType.INTEGER, FieldType.MONEY, FieldType.NIK, FieldType.KK_NO, FieldType.DATE}
_SHORT = _NUMERIC | {FieldType.HUNDREDTHS, FieldType.PHONE, FieldType.VILLAGE}
_KINDS = {FieldType.LONG_TEXT: "textarea", FieldType.PHONE: "tel", FieldType.YES_NO: "radio"}
_LENGTHS = {FieldType.TEXT: 120, FieldType.LONG_TEXT: 2_000, FieldType.NIK: 22, FieldType.KK_NO: 22}
_PLAIN_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input of the page."""

    key: str
    label: str
    kind: str = "text"
    help: str = ""
    required: bool = True
    value: str = ""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    fact: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    inputmode: str = ""
    longest: int = _PLAIN_LENGTH
    prefix: str = ""
    unit: str = ""
    short: bool = False
    show_if: str = ""
    show_values: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def dom(self) -> str:
        """The id of the input on the page."""
        return "in-" + self.key.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class State:
    """What is known about a draft when its form is drawn."""

    service: Service
    content: Content
    problems: Mapping[str, ProblemCode]
    """Problems to show; empty while nobody asked to go on."""
    warnings: Sequence[NikWarning]
    today: date
    village: str = ""
    """This node's own village, to be offered as an example."""

    def problem(self, key: str) -> str:
        """Return the sentence about a problem of this input, if one is shown."""
        return str(PROBLEMS[self.problems[key]]) if key in self.problems else ""

    def warnings_of(self, key: str) -> tuple[str, ...]:
        """Return the sentences about a NIK that deserves a second look."""
        return tuple(str(NIK_FINDINGS[each.finding.code]) for each in self.warnings if each.key == key)


def service_inputs(state: State) -> tuple[Input, ...]:
    """Return the inputs of the service's own fields, hidden ones marked."""
    shown = {field.key for field in visible_fields(state.service, read_answers(state.service, state.content.typed))}
    return tuple(_input(state, field, is_shown=field.key in shown) for field in state.service.fields)


def applicant_inputs(state: State) -> tuple[Input, ...]:
    """Return the inputs about the applicant."""
    typed = state.content.typed
    nik = typed.get(ApplicantField.NIK, "")
    drawn = {
        ApplicantField.NAME: Input(key="", label=say("Nama lengkap sesuai KTP"), longest=120),
        ApplicantField.NIK: Input(
            key="", label=say("NIK"), required=False, inputmode="numeric", longest=22, short=True,
            help=say("16 angka seperti pada KTP. Kosongkan bila belum punya."), fact=nik_fact(nik, state.today),
        ),
        ApplicantField.PHONE: Input(
            key="", label=say("Telepon/WhatsApp"), kind="tel", required=False, inputmode="tel", short=True,
            help=say("Contoh: 0812 3456 7890"),
        ),
        ApplicantField.ADDRESS: Input(
            key="", label=say("Alamat"), longest=200, help=say("Contoh: Dukuh Krajan RT 003/RW 012")
        ),
    }  # fmt: skip
    return tuple(_filled(state, key, each) for key, each in drawn.items())


def reason_input(state: State) -> Input:
    """Return the input for the reason why a NIK and the form disagree."""
    drawn = Input(
        key="", label=say("Alasan NIK berbeda dengan isian"), required=False, longest=200,
        help=say("Contoh: tanggal lahir di KTP salah sejak terbit. Alasan ini ikut dibaca petugas di pusat."),
    )  # fmt: skip
    return _filled(state, NIK_REASON, drawn)


def consent_input(content: Content) -> Input:
    """Return the box for the consent to be called."""
    ticked = CONSENT_KEY.removeprefix(CONSENT_PREFIX) in content.consents
    label = say(
        "Pemohon setuju dihubungi lewat telepon atau WhatsApp tentang permohonan ini. Tidak wajib; tanpa persetujuan "
        "pun permohonan diproses."
    )
    return Input(key=CONSENT_KEY, label=label, kind="checkbox", value="yes" if ticked else "")


def wants_reason(warnings: Sequence[NikWarning]) -> bool:
    """Tell whether a NIK disagrees with the form, so that a reason is asked for."""
    return any(each.finding.code in DISAGREEING for each in warnings)


def nik_fact(typed: str, today: date) -> str:
    """Return what the digits say, for the officer to compare with the card; never that they were verified."""
    nik = clean_nik(typed)
    if not nik:
        return ""
    if any(finding.is_blocking for finding in check_nik(nik)):
        return say("%(count)s dari 16 angka.", count=len(nik)) if nik.isdecimal() and len(nik) < len("0" * 16) else ""
    born, sex = birth_date_of(nik, on=today), sex_of(nik)
    if born is None or sex is None:
        return say("Susunannya wajar.")
    return say("Menurut angkanya: %(sex)s, lahir %(day)s. Cocokkan dengan KTP.", sex=sex_words(sex), day=day(born))


def applicant_fact(key: str, typed: str, today: date) -> str:
    """Return what the applicant's NIK says; other inputs say nothing."""
    return nik_fact(typed, today) if key == ApplicantField.NIK else ""


def field_fact(field: Field, typed: str, today: date) -> str:
    """Return how an input was understood, where that helps: a date in words, a number with its groups, a NIK."""
    if field.type is FieldType.NIK:
        return nik_fact(typed, today)
    answer = read_answer(field, typed)
    if field.type is FieldType.DATE and ISO_DATE.fullmatch(str(answer)):
        try:
            return day(date.fromisoformat(str(answer)))
        except ValueError:
            return ""
    return money(answer) if field.type is FieldType.MONEY and isinstance(answer, int) else ""


def condition_words(service: Service, condition: Condition | None) -> str:
    """Return a condition for people: ``Penutupan: Seluruh lajur``."""
    field = service.field(condition.field) if condition else None
    if condition is None or field is None:
        return ""
    labels: dict[str, str] = {choice.value: in_words(choice.label) for choice in field.choices}
    labels |= {"yes": say("Ya"), "no": say("Tidak")} if field.type is FieldType.YES_NO else {}
    words = [labels.get(text, text) for text in map(typed_value, condition.values)]
    return f"{in_words(field.label)}: {' / '.join(words)}"


def _input(state: State, field: Field, *, is_shown: bool) -> Input:
    kind = _KINDS.get(field.type, "text")
    if field.type is FieldType.CHOICE:
        kind = "select" if len(field.choices) > MANY_CHOICES else "radio"
    condition = field.show_if
    drawn = Input(
        key="",
        label=in_words(field.label),
        kind=kind,
        help=_hint(field, state.village),
        required=field.required,
        choices=_choices(field),
        inputmode="numeric" if field.type in _NUMERIC else "decimal" if field.type is FieldType.HUNDREDTHS else "",
        longest=field.max_length or _LENGTHS.get(field.type, _PLAIN_LENGTH),
        prefix="Rp" if field.type is FieldType.MONEY else "",
        unit="" if field.type is FieldType.MONEY else field.unit,
        short=field.type in _SHORT or field.pattern is not None,
        show_if=condition.field if condition else "",
        show_values=tuple(typed_value(value) for value in condition.values) if condition else (),
        hidden=not is_shown,
    )
    return _filled(state, field.key, drawn)


def _filled(state: State, key: str, drawn: Input) -> Input:
    field = state.service.field(key)
    text = state.content.typed.get(key, "")
    return replace(
        drawn,
        key=key,
        value=text,
        problem=state.problem(key),
        warnings=state.warnings_of(key),
        fact=field_fact(field, text, state.today) if field else drawn.fact,
    )


def typed_value(value: str | int | bool) -> str:  # noqa: FBT001  # an answer, not a switch
    """Return an answer as the input of the page would hold it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _choices(field: Field) -> tuple[tuple[str, str], ...]:
    if field.type is FieldType.YES_NO:
        return (("yes", say("Ya")), ("no", say("Tidak")))
    return tuple((choice.value, in_words(choice.label)) for choice in field.choices)


def _hint(field: Field, village: str) -> str:
    parts = [in_words(field.help)]
    if field.pattern is not None:
        parts.append(str(PATTERN_HINTS[field.pattern]))
    elif field.type is FieldType.VILLAGE and village:
        parts.append(say("Kode wilayah; desa/kelurahan ini %(code)s", code=village))
    elif field.type in TYPE_HINTS:
        parts.append(str(TYPE_HINTS[field.type]))
    return " ".join(part for part in parts if part)
