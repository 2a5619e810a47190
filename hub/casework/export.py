"""Lists as CSV: every cell quoted, and none that a spreadsheet would run as a formula (fault F19)."""

import csv
import io
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""Without it the usual spreadsheet takes UTF-8 for Latin-1."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # full-width look-alikes


def safe_cell(value: str) -> str:
    """Return the value so that a spreadsheet takes it for text."""
    return f"'{value}" if value.lstrip(" ").startswith(_DANGEROUS) else value


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV text."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([safe_cell(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
