"""Reads a spreadsheet in a process of its own: bytes come in on standard input, rows go out as JSON lines.

Rules:
1. A hostile or huge file ends this process, not the program: memory and processor time are limited where the system
   can, and the parent waits so long and no longer.
2. A zip archive that unpacks to more than a register needs is refused by its directory, before anything is unpacked.
3. Formulas are not evaluated: what the spreadsheet showed last is read.
4. Nothing is written anywhere but standard output.

Lines: ``{"total": n}`` (or null), ``[line, {column: text}]`` …, then ``{"end": n}`` or ``{"error": code}``.
"""

import csv
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO, StringIO
from typing import TextIO

from village_node.register.columns import NEEDED, read_headings
from village_node.register.errors import MAX_FILE_BYTES, FileProblem

MAX_UNPACKED_BYTES = 300 * 2**20
MAX_ROWS = 50_000
"""The largest kelurahan of the regency has 15,000 residents."""
MAX_COLUMNS = 200
MAX_CELL = 500
HEADING_WITHIN = 10
"""The heading is looked for in so many first rows: some exports have a title above."""
MAX_MEMORY_BYTES = 1_000 * 2**20
MAX_CPU_S = 120
EXACT_DIGITS = 10**15
"""Beyond, a spreadsheet's number is not exact."""

Rows = Iterable[Iterable[object]]


class FileError(Exception):
    """The file is refused."""

    def __init__(self, problem: FileProblem) -> None:
        """Keep why."""
        super().__init__(problem)
        self.problem = problem


def read(raw: bytes) -> Iterator[object]:
    """Yield the lines of the answer.

    Raises:
        FileError: the file is refused, perhaps in the middle.
    """
    if not raw.strip():
        raise FileError(FileProblem.EMPTY)
    if len(raw) > MAX_FILE_BYTES:
        raise FileError(FileProblem.TOO_LARGE)
    if raw.startswith(b"PK"):
        yield from _read_xlsx(raw)
        return
    if raw.startswith((b"\xd0\xcf\x11\xe0", b"<", b"%PDF")):
        raise FileError(FileProblem.KIND)
    yield {"total": max(0, raw.count(b"\n") - 1)}
    yield from _read_rows(_csv_rows(raw))


def _read_xlsx(raw: bytes) -> Iterator[object]:
    from openpyxl import load_workbook  # noqa: PLC0415  # 20 MB that a CSV does not need
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  # the same

    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise FileError(FileProblem.TOO_LARGE)  # rule 2
        book = load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)  # rule 3
        sheet = book.worksheets[0]
        total = sheet.max_row
        yield {"total": total - 1 if isinstance(total, int) and total <= MAX_ROWS else None}
        sheet.reset_dimensions()  # what the file says about its own size is not believed
        yield from _read_rows(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True))
    except (
        InvalidFileException, zipfile.BadZipFile, SyntaxError, OSError, ValueError, TypeError, LookupError,
        AttributeError, NotImplementedError, EOFError,
    ):  # fmt: skip  # SyntaxError: what every XML reader raises, openpyxl's choice of lxml too
        raise FileError(FileProblem.DAMAGED) from None


def _csv_rows(raw: bytes) -> Iterator[list[str]]:
    text = _decode(raw)
    first = text[:4_000]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from reader
    except csv.Error:
        raise FileError(FileProblem.DAMAGED) from None


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("utf-8-sig", "cp1252") if b"\0" not in raw else ()
    for encoding in candidates:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileError(FileProblem.ENCODING)


def _read_rows(rows: Rows) -> Iterator[object]:
    columns: dict[int, str] = {}
    number = taken = 0
    for number, row in enumerate(rows, start=1):
        cells = [_cell(value) for value in row][:MAX_COLUMNS]
        if not columns:
            found = read_headings(cells)
            columns = {place: str(column) for place, column in found.items()} if set(found.values()) >= NEEDED else {}
            if not columns and number >= HEADING_WITHIN:
                break
        elif any(cells):
            taken += 1
            if taken > MAX_ROWS:
                raise FileError(FileProblem.TOO_MANY_ROWS)
            yield [number, {columns[place]: cells[place] for place in columns if place < len(cells) and cells[place]}]
    if not columns:
        raise FileError(FileProblem.HEADINGS)
    yield {"end": taken}


def _cell(value: object) -> str:
    """Return a cell as text; a number that a spreadsheet cannot hold exactly keeps the look of one."""
    if value is None:
        return ""
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= EXACT_DIGITS:
            return f"{value:.14E}"
        return str(int(value)) if value == int(value) else str(value)
    return str(value)[:MAX_CELL]


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # not there on Windows

    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))


def main(source: TextIO = sys.stdin, target: TextIO = sys.stdout) -> None:
    """Answer one file."""
    _limit()
    try:
        target.writelines(json.dumps(line) + "\n" for line in read(source.buffer.read(MAX_FILE_BYTES + 1)))
    except FileError as error:
        target.write(json.dumps({"error": error.problem}) + "\n")
    except (MemoryError, RecursionError):
        target.write(json.dumps({"error": FileProblem.TOO_LARGE}) + "\n")


if __name__ == "__main__":
    main()
