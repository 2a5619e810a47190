"""What must fit together on this disk: rows and files of drafts and of sealed items, counters, numbers.

Each fault is one line with ids, never a person's word; the list is empty when all is well (fault A17: after each kill).
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from village_node.drafts.folder import DraftFolder
from village_node.drafts.tables import DraftFile
from village_node.outbox.numbers import gap_faults, list_blocks
from village_node.outbox.progress import known_bundles
from village_node.outbox.tables import OutboxHead, OutboxItem
from village_node.store.files import SealedFiles

SHOWN_GAPS = 20


def find_faults(session: Session, files: SealedFiles, folder: DraftFolder) -> list[str]:
    """Return what does not fit together."""
    return [
        *_sealed_faults(session, files),
        *_draft_faults(session, folder),
        *_chain_faults(session),
        *gap_faults(list_blocks(session)),
    ]


def _sealed_faults(session: Session, files: SealedFiles) -> list[str]:
    return [
        f"sealed file {bundle.hex()}/{position}"
        for bundle, position in known_bundles(session)
        if files.damaged(bundle, position)
    ]


def _draft_faults(session: Session, folder: DraftFolder) -> list[str]:
    rows = session.execute(select(DraftFile.draft_id, DraftFile.file_id))
    return [
        f"draft file {row.draft_id}/{row.file_id}" for row in rows if not folder.is_there(row.draft_id, row.file_id)
    ]


def _chain_faults(session: Session) -> list[str]:
    """Find counters without an item: somebody removed a row, or the data came back from an old copy (fault A15)."""
    counters = set(session.scalars(select(OutboxItem.counter)))
    head = session.get(OutboxHead, 1)
    last = head.counter if head is not None else 0
    missing = [f"item of counter {each}" for each in range(1, last + 1) if each not in counters][:SHOWN_GAPS]
    beyond = [f"item beyond the head {each}" for each in sorted(counters) if each > last][:SHOWN_GAPS]
    return missing + beyond
