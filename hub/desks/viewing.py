"""Looks at a case: each leaves a ledger entry that names who looked, in the transaction that reads (fault F37).

The bytes that a village sent never leave the hub by these pages: people see pictures that the hub has drawn of them.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.attachments.sandbox import LARGE_SIDE, SIDE, Preview, preview
from hub.attachments.service import FilePlace
from hub.casework.corrections import bundles_of
from hub.casework.errors import CaseNotFoundError, MoveRefusedError
from hub.casework.events import CaseTools, Happening, write_event
from hub.casework.rules import CaseRule, EventKind, is_reason
from hub.casework.scope import load_case
from hub.desks.page import CasePage, build_page
from hub.intake.context import Stores
from hub.intake.reading import read_attachment
from hub.intake.tables import BundleAttachment, BundleReceipt
from protocol.limits import MAX_INTEGER
from protocol.receipt import ReceiptKind


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAsked:
    """Which file of which case, and how somebody wants to see it."""

    case_id: str
    bundle: int
    """0 is the application, corrections follow."""
    position: int
    page: int = 1
    is_large: bool = False

    @property
    def name(self) -> str:
        """The file as an event names it."""
        return f"{self.bundle}.{self.position}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A look at unmasked personal data."""

    case_id: str
    reason: str


def view_case(session: Session, now: datetime, actor: Actor, case_id: str, tools: CaseTools) -> CasePage:
    """Return the masked page and note the look.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
    """
    case = load_case(session, actor, case_id)
    write_event(session, now, actor, case, Happening(kind=EventKind.VIEWED), tools)
    session.flush()
    return build_page(session, now, actor, case, tools, is_revealed=False)


def reveal_case(session: Session, now: datetime, actor: Actor, look: Look, tools: CaseTools) -> CasePage:
    """Return the page with all personal data, and note the look with its reason.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        MoveRefusedError: no reason was given.
    """
    case = load_case(session, actor, look.case_id)
    if not is_reason(look.reason):
        raise MoveRefusedError(CaseRule.REASON_NEEDED)
    write_event(session, now, actor, case, Happening(kind=EventKind.REVEALED, note=look.reason), tools)
    session.flush()
    return build_page(session, now, actor, case, tools, is_revealed=True)


def find_file(session: Session, actor: Actor, asked: FileAsked) -> FilePlace:
    """Return where a file of a case is kept.

    Raises:
        CaseNotFoundError: no such case in the actor's scope, no such file, or it is not here yet.
    """
    case = load_case(session, actor, asked.case_id)
    bundles = bundles_of(session, case.case_id)
    if asked.bundle >= len(bundles) or asked.position > MAX_INTEGER:
        raise CaseNotFoundError
    row = session.get(BundleAttachment, (bundles[asked.bundle], asked.position))
    if row is None or (row.blob is None and row.chunks > 0):
        raise CaseNotFoundError
    return FilePlace(bundles[asked.bundle], asked.position)


def note_file_view(session: Session, now: datetime, actor: Actor, asked: FileAsked, tools: CaseTools) -> None:
    """Note that a file is opened; drawing is slow and comes after the commit.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
    """
    case = load_case(session, actor, asked.case_id)
    write_event(session, now, actor, case, Happening(kind=EventKind.FILE_VIEWED, names=(asked.name,)), tools)


def draw_file(stores: Stores, place: FilePlace, asked: FileAsked) -> Preview:
    """Return a picture of a file that was checked.

    Raises:
        BlobError: the file is damaged.
        PreviewError: no picture of it can be had, or it has no such page.
    """
    with stores.database.reading() as session:
        content = read_attachment(session, stores.keyring, stores.blobs, place.bundle_id, place.position)
    return preview(content, asked.page, LARGE_SIDE if asked.is_large else SIDE)


def read_receipt(session: Session, actor: Actor, case_id: str, ledger_index: int) -> bytes:
    """Return the bytes of a receipt of this case.

    Raises:
        CaseNotFoundError: no such case in scope, no such receipt, or not signed yet.
    """
    case = load_case(session, actor, case_id)
    wanted = select(BundleReceipt.raw).where(
        BundleReceipt.bundle_id.in_(bundles_of(session, case.case_id)),
        BundleReceipt.kind != str(ReceiptKind.REJECTED),
        BundleReceipt.ledger_index == ledger_index,
    )
    raw = session.scalar(wanted) if ledger_index <= MAX_INTEGER else None
    if raw is None:
        raise CaseNotFoundError
    return raw
