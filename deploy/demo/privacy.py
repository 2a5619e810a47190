"""Looks for what must not be found: numbers and names of residents where only ids may stand.

Searched are the broker's store (messages and topics), every log, the names of all files, and, because everything there
is sealed, the databases and folders of hub and nodes as well.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

_PIECE = 1 << 20
_KEPT = 200
"""Bytes of the piece before, so that nothing hides on a seam."""


def leaks(directory: Path, canaries: Iterable[str]) -> list[str]:
    """Return one line for each file whose content or name holds a canary; the canary itself is not repeated."""
    wanted = [each.encode() for each in canaries]
    found = []
    for path in sorted(directory.rglob("*")):
        place = path.relative_to(directory)
        if any(each in str(place).encode() for each in wanted):
            found.append(f"a file name in {place.parent}")
        if path.is_file() and not path.is_symlink() and _holds(path, wanted):
            found.append(f"content of {place}")
    return found


def _holds(path: Path, wanted: list[bytes]) -> bool:
    return any(each in piece for piece in _pieces(path) for each in wanted)


def _pieces(path: Path) -> Iterator[bytes]:
    before = b""
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield before + piece
                before = piece[-_KEPT:]
    except FileNotFoundError:
        return  # a file of a running program that is gone meanwhile
