"""SPEC.md says what the code does: fields, limits, turns, and the bytes of its examples."""

import json
import re

import msgspec
import pytest

from protocol import (
    bundle,
    checkpoint,
    chunks,
    documents,
    enrolment,
    health,
    limits,
    mailbox,
    notices,
    parcel,
    permit,
    receipt,
    renewal,
    requests,
    sealing,
)
from protocol.envelope import Purpose
from protocol.errors import BY_CODE
from protocol.vectors import make
from tests.architecture.source import ROOT

SPEC = (ROOT / "protocol" / "SPEC.md").read_text(encoding="utf-8")
MODULES = (
    bundle,
    checkpoint,
    chunks,
    documents,
    enrolment,
    health,
    mailbox,
    notices,
    parcel,
    permit,
    receipt,
    renewal,
    requests,
    sealing,
)
MESSAGES: dict[str, type[msgspec.Struct]] = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
    if not name.startswith("_")
}


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the tables in a text by what their first cell has between back-ticks."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    return {row[0].strip("`"): row[1:] for row in cells}


def section(title: str) -> str:
    return re.split(r"\n#", SPEC.split(f"\n{title}\n")[1])[0]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_field_of_every_message_is_described(name: str) -> None:
    fields = msgspec.structs.fields(MESSAGES[name])
    assert sorted(rows(section(f"#### `{name}`"))) == sorted(field.encode_name for field in fields)


def test_every_limit_has_its_value() -> None:
    table = rows(section("## 18 Limits"))
    values = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert {name: int(row[0].replace(",", "")) for name, row in table.items()} == values


def test_every_code_has_its_turn() -> None:
    table = rows(section("## 17 Reject codes"))
    assert {code: row[-1] for code, row in table.items()} == {code: str(kind.turn) for code, kind in BY_CODE.items()}


def test_every_reason_of_a_return_is_listed() -> None:
    assert set(rows(section("#### `ReturnReason`"))) == {str(reason) for reason in receipt.ReturnReason}


def test_every_outcome_and_every_kind_of_notice_is_listed() -> None:
    assert set(rows(section("#### `Outcome`"))) == {str(outcome) for outcome in receipt.Outcome}
    assert set(rows(section("#### `NoticeKind`"))) == {str(kind) for kind in mailbox.NoticeKind}


def test_every_purpose_has_its_row() -> None:
    assert set(rows(section("## 4 Signatures"))) == {str(purpose) for purpose in Purpose}


def test_the_ranges_of_chunks_are_those_of_the_code() -> None:
    assert rows(section("#### `Chunk`"))["index"][0] == f"0 … {chunks.MAX_CHUNKS}"
    assert rows(section("#### `DocumentPiece`"))["index"][0] == f"0 … {documents.MAX_PIECES}"


def shown(title: str) -> str:
    """Return the bytes of a worked example, without what is written beside them."""
    block = SPEC.split(f"### {title}")[1].split("```hex\n")[1].split("```")[0]
    return "".join(re.sub(r"\s", "", line.split(";")[0]) for line in block.splitlines())


@pytest.mark.parametrize(
    ("title", "file"),
    [("An envelope", "envelopes.json"), ("A chunk", "chunks.json"), ("An inclusion receipt", "receipts.json")],
)
def test_the_worked_examples_are_golden(title: str, file: str) -> None:
    golden = json.dumps(json.loads(make.read(file)))
    assert f'"{shown(title)}"' in golden
