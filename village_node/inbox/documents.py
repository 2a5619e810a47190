"""Documents from the hub: which are offered, which pieces are here, and the folder that the sealed pieces lie in.

Rules:
1. Pieces are kept as they came, sealed with a key that only the sealed decision tells: who copies the disk has nothing.
2. A piece is durable on the disk before its row is written; a file that no row names is written over.
3. Without the key nobody can tell a good piece from a forged one. So each is checked when the document is opened; those
   that do not open are dropped and fetched again.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from protocol.documents import DocumentRef, DocumentSealer
from protocol.errors import ChunkAuthError
from village_node.inbox.errors import DocumentNotHereError
from village_node.inbox.tables import FetchedPiece, OfferedDocument
from village_node.store.disk import SYSTEM_DISK, Disk, patiently, sync_folder, write_durably
from village_node.store.errors import StorageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetching:
    """A document of which pieces are lacking."""

    document: bytes
    pieces: int
    missing: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A document after the look at all its pieces: whole, or with the pieces that have to be fetched again."""

    content: bytes
    bad: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the content may be shown."""
        return not self.bad


class DocumentFolder:
    """The folder of sealed pieces. Names are random names and numbers."""

    def __init__(self, directory: Path, disk: Disk = SYSTEM_DISK) -> None:
        """Take the folder; it is made when it is not there."""
        self._directory, self._disk = directory, disk
        directory.mkdir(parents=True, exist_ok=True)

    def put(self, document: bytes, position: int, box: bytes) -> None:
        """Write a piece durably.

        Raises:
            StorageError: the disk does not take it.
        """
        folder = self._directory / document.hex()
        try:
            if not folder.exists():
                folder.mkdir()
                sync_folder(self._directory)
            write_durably(folder / f"{position}.sealed", [box], disk=self._disk)
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None

    def get(self, document: bytes, position: int) -> bytes:
        """Return a piece as it came.

        Raises:
            StorageError: the file is gone or cannot be read.
        """
        path = self._directory / document.hex() / f"{position}.sealed"
        try:
            return patiently(self._disk, lambda: self._disk.read(path))
        except OSError as error:
            raise StorageError(f"errno {error.errno}") from None


def offer_document(session: Session, now: datetime, document: bytes, pieces: int) -> bool:
    """Note that the hub has a document for this node; return False when that is known."""
    row = session.get(OfferedDocument, document)
    if row is not None:
        return False
    session.add(OfferedDocument(document=document, pieces=pieces, offered_at=now))
    session.flush()
    return True


def note_piece(session: Session, now: datetime, document: bytes, position: int) -> None:
    """Note a piece that lies in the folder; one that is noted already stays."""
    if session.get(FetchedPiece, (document, position)) is None:
        session.add(FetchedPiece(document=document, position=position, fetched_at=now))
        session.flush()


def list_fetching(session: Session) -> list[Fetching]:
    """Return the documents of which pieces are lacking, oldest offer first."""
    here: dict[bytes, set[int]] = {}
    counted = select(FetchedPiece.document, func.count().label("here")).group_by(FetchedPiece.document).subquery()
    query = (
        select(OfferedDocument)
        .outerjoin(counted, counted.c.document == OfferedDocument.document)
        .where(func.coalesce(counted.c.here, 0) < OfferedDocument.pieces)
        .order_by(OfferedDocument.offered_at, OfferedDocument.document)
    )
    rows = session.scalars(query).all()
    pieces = select(FetchedPiece).where(FetchedPiece.document.in_([row.document for row in rows]))
    for piece in session.scalars(pieces):
        here.setdefault(piece.document, set()).add(piece.position)
    return [
        Fetching(
            document=row.document,
            pieces=row.pieces,
            missing=tuple(index for index in range(row.pieces) if index not in here.get(row.document, set())),
        )
        for row in rows
    ]


def pieces_here(session: Session, document: bytes) -> int:
    """Return how many pieces of a document are here."""
    return session.scalar(select(func.count()).where(FetchedPiece.document == document)) or 0


def open_document(session: Session, folder: DocumentFolder, ref: DocumentRef) -> Opened:
    """Return the document, or the pieces that do not open (rule 3).

    Raises:
        DocumentNotHereError: pieces are lacking.
    """
    here = pieces_here(session, ref.document)
    if here < ref.pieces:
        raise DocumentNotHereError(here, ref.pieces)
    sealer, plain, bad = DocumentSealer(ref), bytearray(), []
    for position in range(ref.pieces):
        try:
            plain += sealer.open(position, folder.get(ref.document, position))
        except (ChunkAuthError, StorageError):
            bad.append(position)
    content = bytes(plain)
    if not bad and not sealer.is_whole(content):  # each piece is right, the whole is not: nothing of it is kept
        bad = list(range(ref.pieces))
    return Opened(content=b"" if bad else content, bad=tuple(bad))


def drop_pieces(session: Session, document: bytes, positions: tuple[int, ...]) -> None:
    """Forget pieces, so that they are fetched again; their files are written over."""
    session.execute(delete(FetchedPiece).where(FetchedPiece.document == document, FetchedPiece.position.in_(positions)))
