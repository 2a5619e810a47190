"""Reads the QR code of a PDF as a scanner would, from a picture without noise: no correction of errors (ISO 18004).

Only what the paper of this project uses: versions 1 to 40, one segment of letters and digits. The tables of blocks and
of alignment patterns are segno's, the reading is ours.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Protocol, cast

from PIL import Image
from pypdf import PdfReader
from segno import consts

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_FORMAT_MASK = 0b101010000010010
_FORMAT_PLACES = [(8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)] + [(row, 8) for row in (7, 5, 4, 3, 2, 1, 0)]
_LEVELS = {1: "L", 0: "M", 3: "Q", 2: "H"}
_ALPHANUMERIC = 0b0010
_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda row, column: (row + column) % 2,
    lambda row, _: row % 2,
    lambda _, column: column % 3,
    lambda row, column: (row + column) % 3,
    lambda row, column: (row // 2 + column // 3) % 2,
    lambda row, column: row * column % 2 + row * column % 3,
    lambda row, column: (row * column % 2 + row * column % 3) % 2,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2,
)

Grid = list[list[int]]


class _Blocks(Protocol):
    """Blocks of one size, as segno lists them."""

    num_data: int
    num_blocks: int


def qr_of(pdf: bytes) -> str:
    """Return the text of the QR code that a PDF shows.

    Raises:
        ValueError: there is none, or it is none of ours.
    """
    for page in PdfReader(BytesIO(pdf)).pages:
        for found in page.images:
            if found.image is not None and found.image.width == found.image.height:
                return read_qr(found.image)
    raise ValueError("no QR code")


def read_qr(picture: Image.Image) -> str:
    """Return the text of a code that is drawn with one point per square."""
    grid = _grid(picture.convert("1"))
    version = (len(grid) - 17) // 4
    stated = 0
    for row, column in _FORMAT_PLACES:
        stated = stated << 1 | grid[row][column]
    stated ^= _FORMAT_MASK
    level = getattr(consts, f"ERROR_LEVEL_{_LEVELS[stated >> 13]}")
    codewords = _codewords(grid, version, stated >> 10 & 7)
    blocks = cast("dict[int, dict[int, tuple[_Blocks, ...]]]", consts.ECC)[version][level]
    return _text(_in_order(codewords, [(each.num_data, each.num_blocks) for each in blocks]), version)


def _grid(picture: Image.Image) -> Grid:
    """Return the squares without the quiet zone: 1 is dark."""
    dark = picture.point(lambda value: 0 if value else 255)
    left, top, right, bottom = dark.getbbox() or (0, 0, 0, 0)
    return [[int(bool(dark.getpixel((x, y)))) for x in range(left, right)] for y in range(top, bottom)]


def _is_pattern(row: int, column: int, version: int) -> bool:
    """Say whether a square carries no data: finders with format, timing, alignment, version."""
    size, places = 17 + 4 * version, consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    if 6 in (row, column) or (row < 9 and (column < 9 or column >= size - 8)) or (row >= size - 8 and column < 9):
        return True
    if version >= 7 and (min(row, column) < 6 and max(row, column) >= size - 11):
        return True
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    return any(
        abs(row - at) <= 2 and abs(column - by) <= 2 for at in places for by in places if (at, by) not in corners
    )


def _codewords(grid: Grid, version: int, mask: int) -> bytes:
    """Walk up and down in columns of two, from the right."""
    size, bits = len(grid), list[int]()
    columns = [*range(size - 1, 6, -2), 5, 3, 1]
    for place, right in enumerate(columns):
        rows = range(size - 1, -1, -1) if place % 2 == 0 else range(size)
        for row in rows:
            for column in (right, right - 1):
                if not _is_pattern(row, column, version):
                    bits.append(grid[row][column] ^ int(_MASKS[mask](row, column) == 0))
    usable = len(bits) // 8 * 8
    return bytes(int("".join(map(str, bits[start : start + 8])), 2) for start in range(0, usable, 8))


def _in_order(codewords: bytes, blocks: list[tuple[int, int]]) -> bytes:
    """Put the blocks, which are written letter by letter in turn, one behind the other."""
    sizes = [size for size, count in blocks for _ in range(count)]
    dealt, read = [bytearray() for _ in sizes], iter(codewords)
    for turn in range(max(sizes)):
        for block, size in zip(dealt, sizes, strict=True):
            if turn < size:
                block.append(next(read))
    return b"".join(bytes(block) for block in dealt)


def _text(data: bytes, version: int) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    if int(bits[:4], 2) != _ALPHANUMERIC:
        raise ValueError("not letters and digits")
    digits = 9 if version < 10 else 11 if version < 27 else 13
    count, at, letters = int(bits[4 : 4 + digits], 2), 4 + digits, list[str]()
    while len(letters) < count - 1:
        letters += [_LETTERS[int(bits[at : at + 11], 2) // 45], _LETTERS[int(bits[at : at + 11], 2) % 45]]
        at += 11
    if len(letters) < count:
        letters.append(_LETTERS[int(bits[at : at + 6], 2)])
    return "".join(letters)
