"""Makes the corpus: genuine samples (the golden files), damaged in ways that break parsers. One seed, one corpus."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import cbor2

from protocol import codec
from protocol.errors import ProtocolError
from protocol.vectors import make
from protocol.vectors.build import FILES

SEED = 20_261_124
ROUNDS = 230
"""Items of each target."""


def samples() -> list[bytes]:
    """Return every byte string and text of the golden files."""
    found: dict[bytes, None] = {}
    for name in FILES:
        for text in _texts(json.loads(make.read(name))):
            found[text.encode()] = None
            try:
                found[bytes.fromhex(text)] = None
            except ValueError:
                continue
    return list(found)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _flip(raw: bytes, chance: Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(raw: bytes, chance: Random) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def _lengthen(raw: bytes, chance: Random) -> bytes:
    return raw + chance.randbytes(chance.choice((1, 32, 3_000)))


def _claim_length(raw: bytes, chance: Random) -> bytes:
    """Put a head of CBOR that promises far more than follows."""
    place = chance.randrange(len(raw) + 1)
    kind = chance.choice((0x40, 0x60, 0x80, 0xA0))
    head = bytes([kind | 0x1B]) + struct.pack(">Q", chance.choice((2**16, 2**31, 2**40, 2**63, 2**64 - 1)))
    return raw[:place] + head + raw[place:]


def _nest(raw: bytes, chance: Random) -> bytes:
    return chance.choice((b"\x81", b"\xa1\x61a", b"\xd8\x1c", b"\x9f")) * chance.choice((17, 200, 60_000)) + raw


def _odd_value(raw: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(raw) + 1)
    odd = (
        b"\xf9\x7e\x00",  # NaN
        b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",  # infinity
        b"\xc2\x49\x01" + bytes(8),  # a bignum
        b"\xf7",  # undefined
        b"\x63\xed\xa0\x80",  # a surrogate
        b"\xd8\x23\x62\x28\x2b",  # a regular expression
        b"\xc4\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",  # a decimal fraction with a huge exponent
        b"\x5f\x41a\xff",  # indefinite length
        b"\x18\x17",  # not the shortest form
        b"\x00",
        b"\xe2\x80\xae",  # right to left
        b'{"a":1,"a":2}',
        b"=cmd|' /C calc'!A0",
    )
    return raw[:place] + chance.choice(odd) + raw[place + chance.randrange(4) :]


def _repeat(raw: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(raw) + 1)
    return raw + raw[start : start + 400] * chance.choice((1, 7, 90))


def _noise(raw: bytes, chance: Random) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 2, 31, 64, len(raw))))


def _pad(raw: bytes, chance: Random) -> bytes:
    return raw[:64] + chance.choice((b"\x00", b"9", b"\xff", b"\x81", b",", b'"', b"\n")) * 400_000


HARMS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip,
    _cut,
    _lengthen,
    _claim_length,
    _nest,
    _odd_value,
    _repeat,
    _noise,
    _pad,
)


ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**53,
    -(2**53),
    b"",
    "",
    b"\xff" * 32,
    b"x" * 70_000,
    "x" * 70_000,
    "\x00",
    "\u202eNIK",
    "../../etc/passwd",
    [],
    {},
    [[[[[[[[[[]]]]]]]]]],
    list(range(3_000)),
    {"": ""},
)


def rebuilt(raw: bytes, chance: Random) -> bytes:
    """Return well-formed CBOR in which values are others: it passes the codec and meets what lies behind."""
    try:
        value = codec.decode(raw, max_bytes=2**20)
    except ProtocolError:
        return _flip(raw, chance)
    for _ in range(chance.randint(1, 3)):
        value = _changed(value, chance)
    return cbor2.dumps(value, canonical=True)


def _changed(value: Any, chance: Random) -> Any:  # noqa: ANN401  # whatever CBOR can hold
    if isinstance(value, dict) and value and chance.random() < 0.9:  # mostly further down
        key = chance.choice(list(value))
        what = chance.random()
        rest = {name: each for name, each in value.items() if name != key}
        if what < 0.1:  # a field is missing
            return rest
        if what < 0.2:  # a field too much
            return value | {chance.choice(("x", "is_admin", "v")): 1}
        return rest | {key: _changed(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:  # the same
        place = chance.randrange(len(value))
        if chance.random() < 0.3:  # far too often
            return value + [value[place]] * chance.choice((1, 30, 4_000))
        return [*value[:place], _changed(value[place], chance), *value[place + 1 :]]
    if isinstance(value, bytes) and chance.random() < 0.5:  # a coin; CBOR often lies in CBOR
        return rebuilt(value, chance)
    return chance.choice(ODD)


def hostile(chance: Random, genuine: list[bytes]) -> bytes:
    """Return one hostile item: a sample, its values changed, or harmed once to three times."""
    raw = chance.choice(genuine)
    if chance.random() < 0.6:  # more often than not
        return rebuilt(raw, chance)
    for _ in range(chance.randint(1, 3)):
        raw = chance.choice(HARMS)(raw[:500_000], chance)
    return raw


def spreadsheet(chance: Random) -> bytes:
    """Return a hostile table: CSV that is odd, or a zip that is."""
    if chance.random() < 0.5:  # a coin
        cell = chance.choice(("3314990101900001", "=1+1", "\x00", '"', "x" * 200_000, "\u202e", "\ud7ff", "9" * 5_000))
        rows = chance.choice((1, 3, 3_000))
        line = chance.choice((",", ";", "\t", "|")).join(["nik", "nama", cell] * chance.choice((1, 2, 80)))
        raw = f"nik,nama\n{line}\n".encode() + f"{line}\n".encode()[:2_000] * rows
        return hostile(chance, [raw]) if chance.random() < 0.5 else raw.decode().encode("utf-16")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in chance.sample(("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "../x"), 3):
            archive.writestr(name, _xml(chance))
    raw = out.getvalue()
    return raw if chance.random() < 0.5 else _flip(raw, chance)


def _xml(chance: Random) -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return chance.choice(
        (
            f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'.encode(),
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
            b"<a>" * 50_000,
            b'<worksheet><sheetData><row r="99999999999"><c r="ZZZZ1"><v>9e9</v></c></row></sheetData></worksheet>',
            b"\x00" * 3_000_000,
            zlib.compress(b"x"),
        )
    )


def near(parse: Callable[[bytes], object], genuine: list[bytes]) -> list[bytes]:
    """Return the samples that a parser accepts; else those that it refuses for more than their form."""
    depths = {raw: _depth(parse, raw) for raw in genuine}
    deepest = max(depths.values())
    return [raw for raw, depth in depths.items() if depth == deepest]


def _depth(parse: Callable[[bytes], object], raw: bytes) -> int:
    try:
        parse(raw)
    except ProtocolError as error:
        return 0 if error.code in {"malformed", "too_large"} else 1
    except Exception:  # noqa: BLE001  # judged when its turn comes
        return 0
    return 2


def items(name: str, parse: Callable[[bytes], object], genuine: list[bytes]) -> Iterator[bytes]:
    """Yield the hostile items of one target, always the same."""
    chance = Random(f"{SEED} {name}")
    fitting = near(parse, genuine)
    for _ in range(ROUNDS):
        if name == "register":
            yield spreadsheet(chance)
        else:
            yield hostile(chance, fitting if chance.random() < 0.8 else genuine)  # mostly its own
