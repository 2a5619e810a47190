"""Every fault of the thin line has tests, and the table of them is true."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "faults" / "CASES.md"
ROW = re.compile(r"^\| ([AB]\d\d) \|.*\| (.*) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/.]+\.py)(?:::(\w+))?`")
LISTED = {f"A{number:02d}" for number in range(1, 32)} - {"A20", "A26"} | {f"B{number:02d}" for number in range(1, 19)}


def rows() -> dict[str, list[tuple[str, str]]]:
    return {case: NAMED.findall(tests) for case, tests in ROW.findall(CASES.read_text(encoding="utf-8"))}


def test_every_case_of_the_list_is_in_the_table() -> None:
    assert set(rows()) == LISTED


def test_every_test_that_the_table_names_is_there() -> None:
    missing = [
        f"{case}: {path}::{name}"
        for case, tests in rows().items()
        for path, name in tests
        if not (ROOT / path).is_file() or (name and f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []
    assert all(rows().values())
