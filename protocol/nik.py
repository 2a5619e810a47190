"""The population number (NIK): what its digits say, and how it is masked.

Rules (dukcapil.klaten.go.id; PP 40/2019 article 30(2)):
1. Exactly 16 ASCII digits: region of first registration (6), birth date DDMMYY (6), serial (4).
2. A woman's day is raised by 40: 41 to 71.
3. The date exists in the 1900s or the 2000s; the serial is 0001 to 9999.
4. The number is for life. It keeps an old region code after a split and even a wrong birth date, so an unknown region
   and a birth date or sex that differs from the form are warnings, never obstacles.
5. There is no check digit: a number that passes is plausible, never verified.
6. Subdistrict 99 exists nowhere: it marks the numbers of tests and demonstrations.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_SIXTEEN_DIGITS = re.compile(r"[0-9]{16}")
_SEPARATORS = str.maketrans("", "", " .-")
_FEMALE_DAY = 40
_TEST_SUBDISTRICT = "99"


class NikFindingCode(StrEnum):
    """What can be said about a NIK without asking the civil registry."""

    DIGITS = "digits"
    DATE = "date"
    SERIAL = "serial"
    REGION_UNKNOWN = "region_unknown"
    TEST_REALM = "test_realm"
    BIRTH_DATE_DIFFERS = "birth_date_differs"
    SEX_DIFFERS = "sex_differs"


_BLOCKING = frozenset({NikFindingCode.DIGITS, NikFindingCode.DATE, NikFindingCode.SERIAL})


class Sex(StrEnum):
    """Sex as the civil registry records it."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, kw_only=True)
class NikFinding:
    """One finding. It never holds the number."""

    code: NikFindingCode

    @property
    def is_blocking(self) -> bool:
        """Whether this cannot be a NIK at all; other findings only warn."""
        return self.code in _BLOCKING


def is_sixteen_digits(text: str) -> bool:
    """Tell whether the text is 16 ASCII digits: the form of NIK and family card number alike."""
    return _SIXTEEN_DIGITS.fullmatch(text) is not None


def clean_nik(typed: str) -> str:
    """Return what a person typed without blanks, dots and hyphens."""
    return typed.translate(_SEPARATORS)


def check_nik(nik: str, *, known_subdistricts: Container[str] | None = None) -> tuple[NikFinding, ...]:
    """Return the findings about a NIK; none means plausible.

    ``known_subdistricts`` holds six-digit codes (``331410``); without it the region is not looked up.
    """
    if not is_sixteen_digits(nik):
        return (NikFinding(code=NikFindingCode.DIGITS),)
    findings = []
    if not possible_birth_dates(nik):
        findings.append(NikFinding(code=NikFindingCode.DATE))
    if nik[12:] == "0000":
        findings.append(NikFinding(code=NikFindingCode.SERIAL))
    if is_test_nik(nik):
        findings.append(NikFinding(code=NikFindingCode.TEST_REALM))
    elif known_subdistricts is not None and nik[:6] not in known_subdistricts:
        findings.append(NikFinding(code=NikFindingCode.REGION_UNKNOWN))
    return tuple(findings)


def is_blocked(nik: str) -> bool:
    """Tell whether the text cannot be a NIK."""
    return any(finding.is_blocking for finding in check_nik(nik))


def compare_nik(nik: str, *, birth_date: date | None = None, sex: Sex | None = None) -> tuple[NikFinding, ...]:
    """Return warnings where the form and the digits disagree (rule 4: never an obstacle)."""
    dates = possible_birth_dates(nik)
    findings = []
    if dates and birth_date is not None and birth_date not in dates:
        findings.append(NikFinding(code=NikFindingCode.BIRTH_DATE_DIFFERS))
    if dates and sex is not None and sex is not sex_of(nik):
        findings.append(NikFinding(code=NikFindingCode.SEX_DIFFERS))
    return tuple(findings)


def is_test_nik(nik: str) -> bool:
    """Tell whether the number belongs to the realm of tests and demonstrations."""
    return is_sixteen_digits(nik) and nik[4:6] == _TEST_SUBDISTRICT


def possible_birth_dates(nik: str) -> tuple[date, ...]:
    """Return the dates in the 1900s and the 2000s that the digits can mean; none when there is no such day."""
    if not is_sixteen_digits(nik):
        return ()
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    if day > _FEMALE_DAY:
        day -= _FEMALE_DAY
    found = (_date_or_none(century + year, month, day) for century in (1900, 2000))
    return tuple(each for each in found if each is not None)


def birth_date_of(nik: str, *, on: date) -> date | None:
    """Return the latest possible birth date that is not after ``on``; ask a person who may be over 100."""
    return max((each for each in possible_birth_dates(nik) if each <= on), default=None)


def sex_of(nik: str) -> Sex | None:
    """Return the sex that the day of birth encodes, when the digits hold a date."""
    if not possible_birth_dates(nik):
        return None
    return Sex.FEMALE if int(nik[6:8]) > _FEMALE_DAY else Sex.MALE


def mask_nik(nik: str) -> str:
    """Return ``331410******0001``; of anything that is not 16 digits, 16 stars."""
    return f"{nik[:6]}******{nik[12:]}" if is_sixteen_digits(nik) else "*" * 16


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
