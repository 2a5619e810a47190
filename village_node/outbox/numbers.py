"""Registration numbers: which blocks this PC holds, which numbers were given to whom, and why a number is void.

Rules:
1. A number is taken in the transaction that seals its item: there is no number without an item, and none twice. After a
   year's turn the numbers of last year's block stay valid; new ones come from the new year's block first.
2. A number is never given again, whatever becomes of its item: it may stand on a paper in somebody's hand.
3. Numbers between the first and the next of a block without an item are gaps. There is one cause: this PC's data came
   back from an old copy, or rows were removed; either way people have to look (faults A15, A25).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.ids import RegistrationNo
from village_node.identity.tables import LeasedBlock
from village_node.outbox.queries import ItemRow, ItemStep, list_items
from village_node.outbox.tables import OutboxItem

FEW = 20
"""Free numbers; below it the officer is told to connect: two days of a busy village."""

SHOWN_GAPS = 20


class NumberUse(StrEnum):
    """What became of a number."""

    IN_USE = "in_use"
    VOID = "void"  # rejected by the hub: the number stays on paper, no case stands behind it


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One leased block."""

    year: int
    first: int
    last: int
    used: int
    free: int
    gaps: tuple[int, ...]
    """Numbers that are used up but belong to no item (rule 3), the first few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberRow:
    """One number that was given."""

    registration_no: RegistrationNo
    use: NumberUse
    item: ItemRow


def list_blocks(session: Session) -> list[Block]:
    """Return the blocks of this PC, newest year first."""
    rows = session.scalars(select(LeasedBlock).order_by(LeasedBlock.year.desc(), LeasedBlock.first)).all()
    given = _given(session)
    return [
        Block(
            year=row.year,
            first=row.first,
            last=row.last,
            used=row.next - row.first,
            free=row.last - row.next + 1,
            gaps=tuple(each for each in range(row.first, row.next) if (row.year % 100, each) not in given)[:SHOWN_GAPS],
        )
        for row in rows
    ]


def list_numbers(session: Session, *, before: int | None = None, limit: int = 100) -> list[NumberRow]:
    """Return the numbers that were given, the last one first; ``before`` is the counter of the page before."""
    return [
        NumberRow(
            registration_no=row.registration_no,
            use=NumberUse.VOID if row.step is ItemStep.REJECTED else NumberUse.IN_USE,
            item=row,
        )
        for row in list_items(session, before=before, limit=limit, only_first=True)
    ]


def gap_faults(blocks: Sequence[Block]) -> list[str]:
    """Return one line for each block with gaps, for the self-check."""
    return [f"numbers without item {each.year}/{each.gaps[0]}" for each in blocks if each.gaps]


def _given(session: Session) -> set[tuple[int, int]]:
    """Return the numbers of all items, each with the last two digits of its year."""
    numbers = (RegistrationNo(text) for text in session.scalars(select(OutboxItem.registration_no)))
    return {(int(each[5:7]), each.number) for each in numbers}
