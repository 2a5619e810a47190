"""Pure decisions about issued documents: numbers, days, the name on the code, who stands above a signature.

Rules:
1. A number is made of the archive's classification code, the serial, the office's mark, month and year, in the order
   that the register's pattern says (Permendagri 83/2022 article 3(5)–(6): the code is the basis of letter numbers).
2. A period of months ends on the day before the same day of its last month; where that month has no such day, on its
   last day (31 January and one month: 28 February).
3. Of several ends (period, a date that the applicant named) the earliest counts.
4. A reserved number is used on its own day or struck out: a letter never bears another day than its place in the
   register.
5. A post's line: the post itself, or a.n., u.b., Plt., Plh. before it, as the delegation in force says.
"""

import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.accounts.rules import SignCapacity
from protocol.catalogue import OfficeKind

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",  # codespell:ignore
    "Juli",  # codespell:ignore
    "Agustus",
    "September",
    "Oktober",  # codespell:ignore
    "November",
    "Desember",
)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
MAX_NUMBER = 60
MAX_HOLDER_BYTES = 120
NUMBER_PARTS = frozenset({"code", "serial", "office", "month_roman", "month", "year"})
"""What a pattern of numbers may name."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories of what has no shape of its own: control, format, surrogate, private, unassigned."""

_CAPACITY = {
    SignCapacity.ON_BEHALF: "a.n.",
    SignCapacity.SUB_MANDATE: "u.b.",
    SignCapacity.ACTING: "Plt.",
    SignCapacity.DAILY: "Plh.",
}


class PermitState(StrEnum):
    """Where a document stands."""

    RESERVED = "reserved"  # it has a number, no signature yet
    ISSUED = "issued"
    REVOKED = "revoked"
    VOID = "void"  # its number was struck out unused


class VoidReason(StrEnum):
    """Why a number was struck out."""

    DAY_OVER = "day_over"  # not signed on its day
    CASE_MOVED = "case_moved"  # the case left its signature: decided anew, withdrawn


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberParts:
    """What a letter number is made of."""

    code: str
    serial: int
    width: int
    office: str
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """Where somebody signs: kind and name of the office, and whether a village is a kelurahan."""

    kind: OfficeKind
    office_name: str
    place: str
    """Name of the subdistrict or village, without the word before it."""
    is_ward: bool = False


def format_number(pattern: str, parts: NumberParts) -> str:
    """Return a letter number; ``pattern`` was checked when it was loaded (rule 1).

    Raises:
        ValueError: longer than a number may be.
    """
    values = {
        "code": parts.code,
        "serial": f"{parts.serial:0{parts.width}d}",
        "office": parts.office,
        "month_roman": ROMAN[parts.day.month - 1],
        "month": f"{parts.day.month:02d}",
        "year": f"{parts.day.year:04d}",
    }
    number = pattern.format_map(values)
    if len(number) > MAX_NUMBER:
        raise ValueError("letter number")
    return number


def office_mark(short: str) -> str:
    """Return an office's part of a letter number: capitals and digits of its short name, dots between words."""
    words = ["".join(letter for letter in word if letter.isalnum()) for word in short.upper().split()]
    return ".".join(word for word in words if word)[:24]


def end_of_period(start: date, months: int) -> date:
    """Return the last day of a period of months that begins on ``start`` (rule 2)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    if start.day > last:
        return date(year, month + 1, last)
    return date(year, month + 1, start.day) - timedelta(days=1)


def valid_until(issued_on: date, months: int | None, named: Iterable[date]) -> date | None:
    """Return the last day on which a document holds; None: as long as nothing changes (rule 3)."""
    period = [end_of_period(issued_on, months)] if months is not None else []
    ends = [*period, *(day for day in named if day >= issued_on)]
    return min(ends) if ends else None


def long_date(day: date) -> str:
    """Return a date as Indonesian letters write it: ``24 November 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def name_on_code(name: str) -> str:
    """Return the name as the QR code carries it: on one line, cut where the code would grow too large."""
    plain = clean(name)
    if len(plain.encode()) <= MAX_HOLDER_BYTES:
        return plain
    return plain.encode()[: MAX_HOLDER_BYTES - 3].decode(errors="ignore").rstrip() + "…"


def clean(text: str) -> str:
    """Return a text for paper: no control and no direction marks (they could show another number, fault E13), NFC."""
    kept = "".join(" " if unicodedata.category(letter) in _INVISIBLE else letter for letter in text)
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def post_line(post: Post, capacity: SignCapacity | None) -> str:
    """Return what stands above a signature: ``Plt. Camat Kalijambe`` (rule 5)."""
    line = _post(post)
    return line if capacity is None else f"{_CAPACITY[capacity]} {line}"


def _post(post: Post) -> str:
    match post.kind:
        case OfficeKind.SUBDISTRICT:
            return f"Camat {post.place}"
        case OfficeKind.VILLAGE:
            return f"{'Lurah' if post.is_ward else 'Kepala Desa'} {post.place}"
        case _:
            return f"Kepala {post.office_name}"
