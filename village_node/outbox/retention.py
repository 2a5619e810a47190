"""When the sealed files of an item may be deleted here, and nothing sooner.

Rules:
1. Only the files of an item that is whole at the hub, when a verified backup of the hub covers the ledger entry that
   says so: until then this PC holds the only second copy (protocol §6, promise P10).
2. Besides, a month after it became whole: a hub that comes back from a backup may still ask.
3. The row is marked first, in a transaction; the files go after the commit. A crash between the two leaves files that
   the next run deletes; never a row that believes in files that are gone.
4. The item, its message, its receipts and its label stay: number, slip and evidence are not storage.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.receipt import ReceiptKind
from village_node.inbox.backup import backed_up_entries
from village_node.inbox.tables import StoredReceipt
from village_node.outbox.tables import OutboxAttachment, OutboxItem
from village_node.store.engine import Database
from village_node.store.files import SealedFiles

KEPT_AFTER = timedelta(days=30)


def delete_backed_up(database: Database, files: SealedFiles, now: datetime) -> int:
    """Delete the files that need not be kept, and return of how many items.

    Raises:
        StorageError: the database does not take the marks; nothing was deleted.
    """
    with database.session() as session:
        marked = _mark(session, now)
    with database.reading() as session:
        gone = session.scalars(select(OutboxItem.bundle_id).where(OutboxItem.files_deleted_at.is_not(None))).all()
    for bundle in gone:  # rule 3: also those that a crash left behind
        files.discard(bundle)
    return marked


def deletable(session: Session, now: datetime) -> list[bytes]:
    """Return the items whose files may be deleted (rules 1 and 2)."""
    whole = (
        select(StoredReceipt.bundle_id, func.max(StoredReceipt.log_index).label("last"))
        .where(StoredReceipt.kind == ReceiptKind.WHOLE, StoredReceipt.received_at <= now - KEPT_AFTER)
        .group_by(StoredReceipt.bundle_id)
        .subquery()
    )
    query = (
        select(OutboxItem.bundle_id)
        .join(whole, whole.c.bundle_id == OutboxItem.bundle_id)
        .where(
            OutboxItem.state == "whole",
            OutboxItem.files_deleted_at.is_(None),
            whole.c.last < backed_up_entries(session),
            select(OutboxAttachment.bundle_id).where(OutboxAttachment.bundle_id == OutboxItem.bundle_id).exists(),
        )
    )
    return list(session.scalars(query))


def _mark(session: Session, now: datetime) -> int:
    found = deletable(session, now)
    for bundle in found:
        session.get_one(OutboxItem, bundle).files_deleted_at = now
    return len(found)
