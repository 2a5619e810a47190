"""A list that is opened in a spreadsheet runs nothing (fault F19)."""

import csv
import io

import pytest
from openpyxl import load_workbook

from hub.desks.export import BYTE_ORDER_MARK, safe_cell, to_csv, to_xlsx

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "－1", "  =1"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_formula_becomes_text(value: str) -> None:
    assert safe_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["3314-26-0000001-95", "Desa Keden", "", "a=b"])
def test_plain_words_stay(value: str) -> None:
    assert safe_cell(value) == value


def test_every_cell_is_quoted_and_reads_back() -> None:
    text = to_csv(["a", "b"], [['x"y', "two\nlines"], ["=1", ""]]).decode()
    assert text.startswith(BYTE_ORDER_MARK)
    assert list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK)))) == [
        ["a", "b"],
        ['x"y', "two\nlines"],
        ["'=1", ""],
    ]


def test_a_workbook_holds_text_and_no_formula() -> None:
    book = load_workbook(io.BytesIO(to_xlsx(["a"], [[value] for value in (*HOSTILE, "https://evil.example", "007")])))
    cells = [row[0] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells] == [None] * len(cells)
    assert [cell.value for cell in cells][:1] == HOSTILE[:1]
