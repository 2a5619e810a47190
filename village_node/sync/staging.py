"""Parcels from the hub: copied durably into a folder of this PC, then read in by the sync thread, like messages.

Rules:
1. The copy is whole before anybody is told that it was taken; a stick that is pulled out while it is read loses its
   tail alone, and the page says so.
2. Whose parcel it is is looked at first and refused in words; the messages inside prove themselves later.
3. The sync thread is the only one that applies messages. It deletes the copy when all of it is in the store: a power
   cut in between reads it again, which changes nothing.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import ParcelError
from protocol.limits import MAX_PARCEL_BYTES
from protocol.parcel import Direction, Frame, ParcelHeader, Reader, frame_bytes, header_bytes, read_frames, read_header
from protocol.topics import Down
from village_node.identity.hub import Enrolled
from village_node.store.disk import write_durably
from village_node.store.errors import DomainError, StorageError

ENDING = ".parcel"


class ParcelRefusedError(DomainError):
    """Not a parcel for this PC. ``why`` says what is wrong: ``form``, ``direction``, ``node``, ``hub`` or ``empty``."""

    code = "parcel_refused"

    def __init__(self, why: str) -> None:
        """Keep what is wrong."""
        super().__init__(why)
        self.why = why


@dataclass(kw_only=True, slots=True)
class Staged:
    """A parcel that lies ready to be read in."""

    messages: int = 0
    size: int = 0
    is_cut: bool = False
    """The file ended in the middle of a message; what came before it counts."""


class ParcelFolder:
    """The folder of parcels that wait to be read in. Names are ids of our own making."""

    def __init__(self, directory: Path) -> None:
        """Take the folder; it is made when it is not there."""
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def stage(self, source: Reader, enrolled: Enrolled, name: str) -> Staged:
        """Check whose parcel it is and copy it.

        Raises:
            ParcelRefusedError: not a parcel, or not for this PC.
            StorageError: the stick cannot be read, or the disk does not take it.
        """
        staged = Staged()
        try:
            header = _checked_header(source, enrolled)
            staged.size = write_durably(self._directory / f"{name}{ENDING}", _copied(source, header, staged))
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None
        if not staged.messages:
            self.remove(self._directory / f"{name}{ENDING}")
            raise ParcelRefusedError("form" if staged.is_cut else "empty")
        return staged

    def waiting(self) -> list[Path]:
        """Return the parcels that are not read in yet, oldest first."""
        return sorted(self._directory.glob(f"*{ENDING}"))

    def remove(self, path: Path) -> None:
        """Delete a parcel that was read in."""
        path.unlink(missing_ok=True)


def read_messages(path: Path) -> Iterator[tuple[Down, bytes]]:
    """Yield the messages of a staged parcel; a kind of a newer hub is passed over.

    A copy that this PC's disk has damaged ends early: the hub has answered, and answers again.

    Raises:
        StorageError: the file cannot be read now.
    """
    try:
        with path.open("rb") as file, suppress(ParcelError):
            read_header(file)
            for frame in read_frames(file):
                if frame.kind in set(Down):
                    yield Down(frame.kind), frame.payload
    except OSError as error:
        raise StorageError(f"errno {error.errno}") from None


def _checked_header(source: Reader, enrolled: Enrolled) -> ParcelHeader:
    try:
        header = read_header(source)
    except ParcelError:
        raise ParcelRefusedError("form") from None
    if header.hub != enrolled.hub:
        raise ParcelRefusedError("hub")
    if header.node != enrolled.node:
        raise ParcelRefusedError("node")
    if header.direction is not Direction.DOWN:
        raise ParcelRefusedError("direction")
    return header


def _copied(source: Reader, header: ParcelHeader, staged: Staged) -> Iterator[bytes]:
    yield header_bytes(header)
    size = 0
    for frame in _frames(source, staged):
        block = frame_bytes(frame)
        size += len(block)
        if size > MAX_PARCEL_BYTES:
            staged.is_cut = True
            return
        staged.messages += 1
        yield block


def _frames(source: Reader, staged: Staged) -> Iterator[Frame]:
    try:
        yield from read_frames(source)
    except ParcelError:
        staged.is_cut = True
