"""From one row of OpenSID's export to a person, and from a person to what a form is prefilled with. Pure.

Facts of the export (OpenSID's import format and its spreadsheet of residents): one row a person; headings either as
its database names them (``nama``, ``no_kk``, ``tempatlahir``, ``pekerjaan_id``…) or in words (``Nama``, ``Nomor KK``,
``Tempat Lahir``, ``Pekerjaan``…); sex 1 or 2; occupation as a code of the civil registry's list of 89; ``-`` for
nothing; dates as ``YYYY-MM-DD``. ``status_dasar`` other than 1 (alive and here) is somebody who died, moved or is lost.

Rules:
1. A row without a name or a right NIK is refused; so is one of somebody who is not here any more.
2. A NIK that a spreadsheet kept as a number has lost its last digit (15 digits of precision): refused, never rounded.
3. Text that begins like a formula is refused: this program runs none, but what it prefills may be opened elsewhere.
4. Everything else that cannot be read is left empty, never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from protocol.catalogue import Field, FieldType, Service
from protocol.nik import Sex, check_nik, clean_nik
from village_node.register.occupations import OCCUPATIONS


class Column(StrEnum):
    """What a register column means here."""

    NIK = "nik"
    NAME = "name"
    KK_NO = "kk_no"
    SEX = "sex"
    BIRTH_PLACE = "birth_place"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    HAMLET = "hamlet"
    RT = "rt"
    RW = "rw"
    OCCUPATION = "occupation"
    STATUS = "status"


HEADINGS: Mapping[str, Column] = {
    "nik": Column.NIK,
    "nomornik": Column.NIK,
    "nonik": Column.NIK,
    "nama": Column.NAME,
    "namalengkap": Column.NAME,
    "nokk": Column.KK_NO,
    "nomorkk": Column.KK_NO,
    "sex": Column.SEX,
    "jeniskelamin": Column.SEX,
    "tempatlahir": Column.BIRTH_PLACE,
    "tanggallahir": Column.BIRTH_DATE,
    "alamat": Column.ADDRESS,
    "dusun": Column.HAMLET,
    "rt": Column.RT,
    "rw": Column.RW,
    "pekerjaan": Column.OCCUPATION,
    "pekerjaanid": Column.OCCUPATION,
    "statusdasar": Column.STATUS,
}
"""Headings as letters and digits only, in lower case."""

NEEDED = frozenset({Column.NIK, Column.NAME})


class RowProblem(StrEnum):
    """Why a row is refused. The page has a sentence for each."""

    NIK_MISSING = "nik_missing"
    NIK_WRONG = "nik_wrong"
    NIK_NUMBER = "nik_number"
    NIK_TWICE = "nik_twice"
    NAME_MISSING = "name_missing"
    NAME_WRONG = "name_wrong"
    FORMULA = "formula"
    NOT_HERE = "not_here"


class RowError(Exception):
    """The row is refused."""

    def __init__(self, problem: RowProblem) -> None:
        """Keep why."""
        super().__init__(problem)
        self.problem = problem


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One resident. Personal data: sealed at rest, never logged, never in a message or a URL."""

    nik: str
    name: str
    kk_no: str = ""
    sex: str = ""
    """A ``protocol.nik.Sex``, or empty."""
    birth_place: str = ""
    birth_date: str = ""
    """ISO, or empty."""
    address: str = ""
    hamlet: str = ""
    rt: str = ""
    rw: str = ""
    occupation: str = ""


MAX_NAME, MAX_TEXT, MAX_ADDRESS = 120, 80, 200
_ALIVE = frozenset({"", "1", "HIDUP", "TETAP"})
_SEXES = {
    **dict.fromkeys(("1", "L", "LK", "LAKI-LAKI", "LAKI LAKI", "PRIA"), Sex.MALE),
    **dict.fromkeys(("2", "P", "PR", "PEREMPUAN", "WANITA"), Sex.FEMALE),
}
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*E\+?1[0-9]", re.IGNORECASE)
_FORMULA = re.compile(r"[=+@]|-[^\s-]")
_QUOTED = re.compile(r'="(.*)"')
_DAY_FIRST = re.compile(r"([0-3]?[0-9])[-/. ]([01]?[0-9])[-/. ]([12][0-9]{3})")
_YEAR_FIRST = re.compile(r"([12][0-9]{3})[-/.]([01]?[0-9])[-/.]([0-3]?[0-9])(?:[T ].*)?")


def column_of(heading: str) -> Column | None:
    """Return what a heading means; None for a column that is not wanted here."""
    return HEADINGS.get("".join(letter for letter in heading.lower() if letter.isalnum()))


def read_headings(cells: Sequence[str]) -> dict[int, Column]:
    """Return the wanted columns by position; a heading that comes twice counts once."""
    found: dict[int, Column] = {}
    for position, heading in enumerate(cells):
        column = column_of(heading)
        if column is not None and column not in found.values():
            found[position] = column
    return found


def read_row(cells: Mapping[Column, str]) -> Person:
    """Return the person of a row.

    Raises:
        RowError: the row is refused (rules 1 to 3).
    """
    texts = {column: _text(text) for column, text in cells.items()}
    if any(_FORMULA.match(text) for text in texts.values()):
        raise RowError(RowProblem.FORMULA)
    if texts.get(Column.STATUS, "").upper() not in _ALIVE:
        raise RowError(RowProblem.NOT_HERE)
    return Person(
        nik=_nik(texts.get(Column.NIK, "")),
        name=_name(texts.get(Column.NAME, "")),
        kk_no=_kk_no(texts.get(Column.KK_NO, "")),
        sex=_SEXES.get(texts.get(Column.SEX, "").upper(), ""),
        birth_place=_bounded(texts.get(Column.BIRTH_PLACE, ""), MAX_TEXT),
        birth_date=_date(texts.get(Column.BIRTH_DATE, "")),
        address=_bounded(texts.get(Column.ADDRESS, ""), MAX_ADDRESS),
        hamlet=_bounded(texts.get(Column.HAMLET, ""), MAX_TEXT),
        rt=_unit(texts.get(Column.RT, "")),
        rw=_unit(texts.get(Column.RW, "")),
        occupation=_occupation(texts.get(Column.OCCUPATION, "")),
    )


def full_address(person: Person) -> str:
    """Return the address as letters write it: ``Krajan, RT 003/RW 012``."""
    place = f"Dusun {person.hamlet}" if person.hamlet and person.hamlet.lower() not in person.address.lower() else ""
    unit = f"RT {person.rt}/RW {person.rw}" if person.rt and person.rw else ""
    return ", ".join(part for part in (person.address, place, unit) if part)[:MAX_ADDRESS]


def prefill(service: Service, person: Person, applicant_keys: Mapping[str, str]) -> dict[str, str]:
    """Return what is typed into the form of a service; ``applicant_keys`` maps name, nik and address to its inputs.

    A form about somebody else asks for that person's sex as ``<person>_sex``; its birth date and place are that
    person's, and stay as they are. What the register does not know is emptied, so that no two people are mixed.
    """
    typed = {
        applicant_keys["name"]: person.name,
        applicant_keys["nik"]: person.nik,
        applicant_keys["address"]: full_address(person),
    }
    is_about_another = any(each.key.endswith("_sex") for each in service.fields)
    about = _about(person) | ({} if is_about_another else _about_birth(person))
    for key, text in about.items():
        field = service.field(key)
        if field is not None:
            typed[key] = text if text and _takes(field, text) else ""
    return typed


def _about(person: Person) -> dict[str, str]:
    return {
        "kk_no": person.kk_no,
        "rt_rw": f"{person.rt}/{person.rw}" if person.rt and person.rw else "",
        "occupation": person.occupation,
    }


def _about_birth(person: Person) -> dict[str, str]:
    born = person.birth_date
    return {
        "sex": person.sex,
        "birth_place": person.birth_place,
        "birth_date": f"{born[8:]}-{born[5:7]}-{born[:4]}" if born else "",
    }


def _takes(field: Field, text: str) -> bool:
    if field.type is FieldType.CHOICE:
        return any(choice.value == text for choice in field.choices)
    return field.max_length is None or len(text) <= field.max_length


def _text(raw: str) -> str:
    """Return a cell without what spreadsheets put around text; a lone dash is nothing."""
    quoted = _QUOTED.fullmatch(raw.strip())
    text = (quoted[1] if quoted else raw).strip().removeprefix("'").strip()
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return "" if text in {"-", "0000-00-00"} else text


def _nik(text: str) -> str:
    if not text or text == "0":
        raise RowError(RowProblem.NIK_MISSING)
    if _SCIENTIFIC.fullmatch(text):
        raise RowError(RowProblem.NIK_NUMBER)  # rule 2
    nik = clean_nik(text)
    if any(finding.is_blocking for finding in check_nik(nik)):
        raise RowError(RowProblem.NIK_WRONG)
    return nik


def _name(text: str) -> str:
    if not text:
        raise RowError(RowProblem.NAME_MISSING)
    if len(text) > MAX_NAME or not any(letter.isalpha() for letter in text):
        raise RowError(RowProblem.NAME_WRONG)
    return text


def _kk_no(text: str) -> str:
    digits = "".join(letter for letter in text if letter.isdecimal())
    return digits if len(digits) == len("0" * 16) and not _SCIENTIFIC.fullmatch(text) else ""


def _date(text: str) -> str:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _DAY_FIRST.fullmatch(text):
        year, month, day = found[3], found[2], found[1]
    else:
        return ""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _unit(text: str) -> str:
    digits = text.removesuffix(".0")
    return digits.zfill(3) if digits.isdecimal() and len(digits) <= len("000") else ""


def _occupation(text: str) -> str:
    code = text.removesuffix(".0")
    if code.isdecimal():
        return OCCUPATIONS[int(code) - 1] if 1 <= int(code) <= len(OCCUPATIONS) else ""
    return _bounded(text, MAX_TEXT).capitalize() if text.isupper() else _bounded(text, MAX_TEXT)


def _bounded(text: str, longest: int) -> str:
    return text if len(text) <= longest else ""
