"""How far a verified backup of the hub reaches: what it covers may be deleted here, and nothing else."""

from datetime import datetime

from sqlalchemy.orm import Session

from protocol.limits import MAX_NOTICE_BODY_BYTES
from protocol.notices import BackedUp
from protocol.wire import from_bytes
from village_node.inbox.tables import KnownBackup


def store_backup(session: Session, now: datetime, body: bytes) -> None:
    """Keep what a ``backup`` notice says; one that says less than the last changes nothing.

    Raises:
        ProtocolError: not such a body.
    """
    told = from_bytes(body, BackedUp, max_bytes=MAX_NOTICE_BODY_BYTES)
    row = session.get(KnownBackup, 1)
    if row is None:
        session.add(KnownBackup(id=1, through=told.through, noted_at=now))
    elif told.through > row.through:
        row.through, row.noted_at = told.through, now


def backed_up_entries(session: Session) -> int:
    """Return how many entries of the ledger are covered; 0 until the hub has said so."""
    row = session.get(KnownBackup, 1)
    return 0 if row is None else row.through


def backup_noted_at(session: Session) -> datetime | None:
    """Return when the hub last told of a newer verified backup, by this PC's clock."""
    row = session.get(KnownBackup, 1)
    return None if row is None else row.noted_at
