"""Finding a case by its applicant: by whole words of the name, by NIK, or by the masked NIK that a page shows.

Names and numbers are sealed, so nothing can be searched in them; marks of their words can. What a person types travels
in a form and becomes marks at once: an address holds marks, never a name or a number (they would end in histories and
logs).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from hub.casework.finding_tables import MARK_BYTES, CaseWord
from hub.casework.tables import Case
from hub.storage.bulk import insert_rows
from hub.storage.keyring import NIK_PURPOSE, Keyring
from protocol.bundle import Applicant
from protocol.nik import mask_nik

MAX_WORDS = 8
"""Words of one name; the longest names here have six."""

MAX_ASKED = 4

_NAME, _MASKED = "name_word", "nik_masked"
_WORD = re.compile(r"[a-z0-9]+")
_NIK = re.compile(r"[0-9]{16}")
_MASKED_NIK = re.compile(r"[0-9]{6}[*•.]{2,8}[0-9]{4}")
_NUMBER = re.compile(r"[0-9-]{2,24}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody searches for: part of a registration number, or marks that must all be there."""

    number: str = ""
    marks: tuple[bytes, ...] = ()


def index_words(session: Session, keyring: Keyring, applicants: Sequence[tuple[str, Applicant]]) -> None:
    """Write the marks of these cases (case id and applicant): one statement for a whole batch."""
    rows = [
        {"case_id": case_id, "value": value}
        for case_id, applicant in applicants
        for value in sorted(marks_of(keyring, applicant))
    ]
    insert_rows(session, CaseWord, rows)


def forget_words(session: Session, case_id: str) -> None:
    """Remove the marks of a case: they are written anew, or the case is erased."""
    session.execute(delete(CaseWord).where(CaseWord.case_id == case_id))


def marks_of(keyring: Keyring, applicant: Applicant) -> frozenset[bytes]:
    """Return every mark by which this applicant is found."""
    marks = {_mark(keyring, word, _NAME) for word in plain_words(applicant.name)[:MAX_WORDS]}
    if applicant.nik:
        marks |= {_mark(keyring, applicant.nik, NIK_PURPOSE), _mark(keyring, _masked(applicant.nik), _MASKED)}
    return frozenset(marks)


def understand(keyring: Keyring, typed: str) -> Asked:
    """Return what a person means: a NIK, a masked NIK, part of a registration number, or words of a name."""
    text = " ".join(typed.split())
    bare = text.replace(" ", "")
    if _NIK.fullmatch(bare):
        return Asked(marks=(_mark(keyring, bare, NIK_PURPOSE),))
    if _MASKED_NIK.fullmatch(bare):
        return Asked(marks=(_mark(keyring, f"{bare[:6]} {bare[-4:]}", _MASKED),))
    if _NUMBER.fullmatch(bare):
        return Asked(number=bare)
    return Asked(marks=tuple(_mark(keyring, word, _NAME) for word in plain_words(text)[:MAX_ASKED]))


def plain_words(name: str) -> list[str]:
    """Return the words of a name in a plain spelling: ``Ma'ruf`` and ``Maruf`` are one, titles are words too."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    joined = re.sub(r"(?<=[a-z])['`’](?=[a-z])", "", plain)
    return list(dict.fromkeys(_WORD.findall(joined)))


def has_marks(marks: Iterable[bytes]) -> list[ColumnElement[bool]]:
    """Return the conditions under which a case has all of these marks: found by the marks, not by walking the cases."""
    return [Case.case_id.in_(select(CaseWord.case_id).where(CaseWord.value == mark)) for mark in marks]


def read_marks(text: str) -> tuple[bytes, ...]:
    """Return the marks of an address; what is none is left out."""
    parts = [part for part in text.split(".")[:MAX_ASKED] if re.fullmatch(rf"[0-9a-f]{{{2 * MARK_BYTES}}}", part)]
    return tuple(bytes.fromhex(part) for part in parts)


def write_marks(marks: Iterable[bytes]) -> str:
    """Return marks as one argument of an address."""
    return ".".join(mark.hex() for mark in marks)


def _masked(nik: str) -> str:
    shown = mask_nik(nik)
    return f"{shown[:6]} {shown[-4:]}"


def _mark(keyring: Keyring, value: str, purpose: str) -> bytes:
    return keyring.blind(value.encode(), purpose)[:MARK_BYTES]
