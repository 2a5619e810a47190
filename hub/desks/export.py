"""Lists as CSV and XLSX: no cell that a spreadsheet would run as a formula (fault F19); exports are in the ledger."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.events import SALT_BYTES
from hub.casework.tables import CaseOpening
from hub.ledger.service import EntryDraft, append
from hub.storage.ports import Randomness, to_ms
from protocol.sealing import Digest
from protocol.wire import Wire, to_bytes

BYTE_ORDER_MARK = "\ufeff"
"""Without it the usual spreadsheet takes UTF-8 for Latin-1."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # full-width look-alikes
_WIDTHS = (22, 12, 34, 28)


class ExportSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``case.exported`` hides: who took which list out."""

    person: str
    office: str
    filter: str
    """The arguments of the address: codes and marks, no name and no number of a person."""
    rows: int
    form: str
    sha256: Digest


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A list that leaves the hub."""

    form: str
    filter: str
    rows: int
    content: bytes


def safe_cell(value: str) -> str:
    """Return the value so that a spreadsheet takes it for text."""
    return f"'{value}" if value.lstrip(" ").startswith(_DANGEROUS) else value


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as CSV in UTF-8, every cell quoted."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([safe_cell(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def to_xlsx(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as a workbook; text stays text, whatever it begins with."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return out.getvalue()


def note_export(session: Session, now: datetime, actor: Actor, export: Export, randomness: Randomness) -> int:
    """Append the ledger entry of an export and return its index."""
    subject = to_bytes(
        ExportSubject(
            person=actor.person_id,
            office=str(actor.office),
            filter=export.filter,
            rows=export.rows,
            form=export.form,
            sha256=hashlib.sha256(export.content).digest(),
        )
    )
    salt = randomness.token(SALT_BYTES)
    index = append(session, to_ms(now), [EntryDraft(kind="case.exported", salt=salt, subject=subject)])[0].index
    session.add(CaseOpening(ledger_index=index, salt=salt, subject=subject))
    return index
