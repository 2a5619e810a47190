"""Looks at a case: each leaves a ledger entry that names who looked, in the transaction that reads (fault F37)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.errors import CaseNotFoundError, MoveRefusedError
from hub.casework.events import CaseTools, Happening, write_event
from hub.casework.page import CasePage, build_page
from hub.casework.rules import CaseRule, EventKind, is_reason
from hub.casework.scope import load_case
from hub.intake.reading import list_attachments, read_attachment
from hub.intake.tables import BundleReceipt
from hub.storage.blobs import BlobStore
from protocol.limits import MAX_INTEGER
from protocol.receipt import ReceiptKind


@dataclass(frozen=True, kw_only=True, slots=True)
class FileView:
    """One attachment, ready to be sent into a sandbox."""

    name: str
    media_type: str
    content: bytes


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
    return build_page(session, actor, case, tools, is_revealed=False)


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
    return build_page(session, actor, case, tools, is_revealed=True)


def note_file_view(
    session: Session, now: datetime, actor: Actor, case_id: str, position: int, tools: CaseTools
) -> bytes:
    """Note that a file is opened, and return the bundle id to read it by; reading is slow and comes after the commit.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
    """
    case = load_case(session, actor, case_id)
    write_event(session, now, actor, case, Happening(kind=EventKind.FILE_VIEWED, names=(str(position),)), tools)
    return case.bundle_id


def read_file(session: Session, bundle_id: bytes, position: int, tools: CaseTools, blobs: BlobStore) -> FileView:
    """Return one attachment.

    Raises:
        CaseNotFoundError: the bundle has no such file, or it is not here yet.
    """
    files = {file.position: file for file in list_attachments(session, tools.keyring, bundle_id)}
    file = files.get(position)
    if file is None or not file.is_here:
        raise CaseNotFoundError
    content = read_attachment(session, tools.keyring, blobs, bundle_id, position)
    return FileView(name=file.name, media_type=file.media_type, content=content)


def read_receipt(session: Session, actor: Actor, case_id: str, ledger_index: int) -> bytes:
    """Return the bytes of a receipt of this case.

    Raises:
        CaseNotFoundError: no such case in scope, no such receipt, or not signed yet.
    """
    case = load_case(session, actor, case_id)
    wanted = select(BundleReceipt.raw).where(
        BundleReceipt.bundle_id == case.bundle_id,
        BundleReceipt.kind != str(ReceiptKind.REJECTED),
        BundleReceipt.ledger_index == ledger_index,
    )
    raw = session.scalar(wanted) if ledger_index <= MAX_INTEGER else None
    if raw is None:
        raise CaseNotFoundError
    return raw
