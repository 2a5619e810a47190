"""Templates of documents as data: literal texts with named places, filled once and never read again.

Rules (fault F30):
1. ``{name}`` is a place; only names of ``PLACEHOLDERS`` exist, and any other brace in a template is refused at load.
2. A template is cut into literals and places when it is loaded. What a place is filled with is copied as it is: braces,
   percent signs, markup in it mean nothing, because nothing reads the result for places again.
3. A template that names an unknown place, block or key is refused at load with file, place and reason.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, TypeAlias

import msgspec

from hub.permits.rules import NUMBER_PARTS
from protocol.permit import PermitKind

PLACEHOLDERS = frozenset(
    {
        "address",
        "amount",
        "amount_words",
        "appeal_days",
        "applied_on",
        "basis",
        "capacity",
        "decided_on",
        "due_on",
        "earlier_number",
        "holder",
        "issued_on",
        "legal_basis",
        "nik",
        "number",
        "office",
        "office_head",
        "paid_on",
        "payment_code",
        "place",
        "proof",
        "reasons",
        "regency",
        "registration_no",
        "service",
        "signer",
        "subdistrict",
        "title",
        "validity",
        "village",
    }
)
"""Everything that a template may name; what a document does not have is filled with a dash."""

ABSENT = "–"
_PLACE = re.compile(r"\{([a-z_]+)\}")
_TEXT = Annotated[str, msgspec.Meta(min_length=1, max_length=1_500)]
_LABEL = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parts of a template."""


class Paragraph(_Part, frozen=True, kw_only=True, tag_field="block", tag="text"):
    """A paragraph. A place alone in it may bring several lines: each becomes a paragraph."""

    text: _TEXT
    bold: bool = False
    centred: bool = False


class Items(_Part, frozen=True, kw_only=True, tag_field="block", tag="items"):
    """A numbered list, with a word before it such as ``Menimbang``; a place that brings lines makes an item of each."""

    label: str = ""
    items: Annotated[tuple[_TEXT, ...], msgspec.Meta(min_length=1, max_length=20)]


class Row(_Part, frozen=True, kw_only=True):
    """One line of a table of two columns."""

    label: _LABEL
    text: _TEXT


class Rows(_Part, frozen=True, kw_only=True, tag_field="block", tag="rows"):
    """A table of labels and texts."""

    rows: Annotated[tuple[Row, ...], msgspec.Meta(min_length=1, max_length=20)]


class Answers(_Part, frozen=True, kw_only=True, tag_field="block", tag="answers"):
    """The answers of the application that the service's paper shows, as a table."""


Block: TypeAlias = Paragraph | Items | Rows | Answers


class Template(_Part, frozen=True, kw_only=True):
    """One kind of document."""

    key: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z-]{1,38}\Z")]
    kind: PermitKind | None = None
    """None: a paper without QR code and signature of its own, such as a levy notice."""
    register: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z-]{1,18}\Z")]
    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    width: Annotated[int, msgspec.Meta(ge=1, le=7)]
    """Digits of the serial; a longer serial takes more."""
    heading: _TEXT
    opening: tuple[Block, ...] = ()
    body: Annotated[tuple[Block, ...], msgspec.Meta(min_length=1, max_length=30)]
    footer: str = ""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A block with everything filled in; ``kind`` is the block's."""

    kind: str
    label: str = ""
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    bold: bool = False
    centred: bool = False


def template_faults(template: Template) -> Iterator[tuple[str, str]]:
    """Yield place and reason of everything wrong that the types cannot say (rules 1 and 3)."""
    yield from _pattern_faults(template.pattern)
    yield from _text_faults("$.heading", template.heading)
    yield from _text_faults("$.footer", template.footer)
    for name, blocks in (("opening", template.opening), ("body", template.body)):
        for place, block in enumerate(blocks):
            for text in _texts(block):
                yield from _text_faults(f"$.{name}[{place}]", text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a template's text with its places filled, each value copied as it is (rule 2)."""
    pieces = _PLACE.split(text)  # literal, name, literal, name, … literal
    return "".join(piece if place % 2 == 0 else values.get(piece) or ABSENT for place, piece in enumerate(pieces))


def fill_blocks(
    blocks: tuple[Block, ...], values: Mapping[str, str], answers: tuple[tuple[str, str], ...]
) -> tuple[Filled, ...]:
    """Return the blocks with everything filled in."""
    return tuple(filled for block in blocks for filled in _fill(block, values, answers))


def _fill(block: Block, values: Mapping[str, str], answers: tuple[tuple[str, str], ...]) -> Iterator[Filled]:
    match block:
        case Paragraph():
            for line in fill(block.text, values).split("\n"):
                yield Filled(kind="text", lines=(line,), bold=block.bold, centred=block.centred)
        case Items():
            lines = (line for item in block.items for line in fill(item, values).split("\n"))
            yield Filled(kind="items", label=block.label, lines=tuple(lines))
        case Rows():
            yield Filled(kind="rows", rows=tuple((row.label, fill(row.text, values)) for row in block.rows))
        case Answers():
            if answers:
                yield Filled(kind="rows", rows=answers)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield block.text
        case Items():
            yield from block.items
        case Rows():
            yield from (row.text for row in block.rows)
        case Answers():
            return


def _text_faults(path: str, text: str) -> Iterator[tuple[str, str]]:
    for name in _PLACE.findall(text):
        if name not in PLACEHOLDERS:
            yield path, f"no place {name}"
    if set(_PLACE.sub("", text)) & {"{", "}"}:
        yield path, "a brace outside of a place"


def _pattern_faults(pattern: str) -> Iterator[tuple[str, str]]:
    names = _PLACE.findall(pattern)
    if set(_PLACE.sub("", pattern)) & {"{", "}"} or not set(names) <= NUMBER_PARTS:
        yield "$.pattern", f"may name {', '.join(sorted(NUMBER_PARTS))} and nothing else"
    if not {"serial", "year", "office"} <= set(names):
        yield "$.pattern", "must name serial, office and year: numbers would repeat"
