"""Numbers of letters: one register per office, kind and year, without gaps, whoever signs at the same moment.

Rules:
1. The head of a register is locked, counted up, and the line is written, all in the caller's transaction: what is
   rolled back has taken no number, and who comes second waits and gets the next one.
2. A line is never removed. A number that was taken and not used stays in the register, struck out with its reason.
3. Locks are taken in one order: the ledger's turn, the case, the register (``load_work`` takes the first two).
4. The database guarantees it: one line per serial, one head per register, one letter per number.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.permits.rules import NumberParts, VoidReason, format_number
from hub.permits.tables import RegisterHead, RegisterLine
from hub.storage.base import table_of
from hub.storage.bulk import new_insert


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A number that somebody needs, for which letter of which case."""

    register: str
    pattern: str
    width: int
    code: str
    office: str
    mark: str
    """The office's part of the number."""
    day: date
    case_id: str
    person_id: str


def take_number(session: Session, now: datetime, wanted: Wanted) -> RegisterLine:
    """Give the next number of a register and write its line (rule 1)."""
    serial = next_serial(session, wanted.office, wanted.register, wanted.day.year)
    parts = NumberParts(code=wanted.code, serial=serial, width=wanted.width, office=wanted.mark, day=wanted.day)
    line = RegisterLine(
        office=wanted.office,
        register=wanted.register,
        year=wanted.day.year,
        serial=serial,
        number=format_number(wanted.pattern, parts),
        case_id=wanted.case_id,
        taken_by=wanted.person_id,
        taken_at=now,
    )
    session.add(line)
    session.flush()
    return line


def next_serial(session: Session, office: str, register: str, year: int) -> int:
    """Count a register up by one and return the new last serial; its head stays locked until the transaction ends."""
    place = {"office": office, "register": register, "year": year}
    session.execute(new_insert(session, table_of(RegisterHead)).values(**place, last=0).on_conflict_do_nothing())
    head = session.scalars(
        select(RegisterHead).filter_by(**place).with_for_update().execution_options(populate_existing=True)
    ).one()
    head.last += 1
    session.flush()
    return head.last


def strike_out(session: Session, now: datetime, line_id: int, reason: VoidReason) -> RegisterLine:
    """Strike a number out that was never used (rule 2)."""
    line = session.get_one(RegisterLine, line_id, with_for_update=True)
    line.voided_at, line.void_reason = now, str(reason)
    session.flush()
    return line
