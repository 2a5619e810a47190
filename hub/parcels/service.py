"""Taking a parcel in, finding it again, and what becomes of its row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.parcels.errors import ParcelNotFoundError, ParcelRefusedError, ParcelRule
from hub.parcels.spool import Spool
from hub.parcels.tables import Parcel
from hub.registry.queries import load_node
from hub.storage.engine import Database
from hub.storage.errors import StorageError
from protocol.errors import ParcelError
from protocol.ids import HubId
from protocol.parcel import Direction, ParcelHeader, read_header

KEPT = timedelta(days=30)
"""Answers stay so long: the stick may be forgotten in a drawer."""

QUEUED, DONE, FAILED = "queued", "done", "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelLine:
    """One parcel as screens and the command line show it."""

    parcel_id: str
    node_id: str
    brought_by: str
    brought_at: datetime
    state: str
    percent: int
    messages: int
    accepted: int
    rejected: int
    codes: tuple[tuple[str, int], ...]
    code: str
    """Why reading ended early; empty when it did not."""
    done_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """Who brings a parcel, when, and under which id it is kept."""

    parcel_id: str
    by: str
    at: datetime


def take_parcel(database: Database, spool: Spool, hub: HubId, source: IO[bytes], brought: Brought) -> None:
    """Copy a file into the spool and queue it; a file that is no parcel for this hub leaves nothing behind.

    Raises:
        ParcelRefusedError: no parcel, for another hub, of an unknown node, or too large.
        StorageError: disk or database does not take it.
    """
    size = spool.take(brought.parcel_id, source)
    try:
        with spool.parcel(brought.parcel_id).open("rb") as file, database.session() as session:
            header = _check(session, file, hub, size)
            session.add(
                Parcel(
                    parcel_id=brought.parcel_id,
                    node_id=str(header.node),
                    brought_by=brought.by,
                    brought_at=brought.at,
                    size=size,
                    state=QUEUED,
                    position=0,
                    answers=0,
                    messages=0,
                    accepted=0,
                    rejected=0,
                    codes="",
                    code="",
                )
            )
    except (ParcelRefusedError, StorageError):
        spool.drop(brought.parcel_id)
        raise


def _check(session: Session, file: IO[bytes], hub: HubId, size: int) -> ParcelHeader:
    if not size:
        raise ParcelRefusedError(ParcelRule.EMPTY)
    try:
        header = read_header(file)
    except ParcelError:
        raise ParcelRefusedError(ParcelRule.NO_PARCEL) from None
    if header.direction is not Direction.UP:
        raise ParcelRefusedError(ParcelRule.WRONG_WAY)
    if header.hub != hub:
        raise ParcelRefusedError(ParcelRule.OTHER_HUB)
    if load_node(session, header.node) is None:
        raise ParcelRefusedError(ParcelRule.NODE_UNKNOWN)
    return header


def recent(session: Session, limit: int = 20) -> list[ParcelLine]:
    """Return the parcels that came lately, newest first."""
    wanted = select(Parcel).order_by(Parcel.brought_at.desc(), Parcel.parcel_id.desc()).limit(limit)
    return [_line(row) for row in session.scalars(wanted)]


def find(session: Session, parcel_id: str) -> ParcelLine:
    """Return one parcel.

    Raises:
        ParcelNotFoundError: there is none of this id.
    """
    row = session.get(Parcel, parcel_id)
    if row is None:
        raise ParcelNotFoundError
    return _line(row)


def next_queued(session: Session) -> Parcel | None:
    """Return the parcel that waits longest."""
    wanted = select(Parcel).where(Parcel.state == QUEUED).order_by(Parcel.brought_at, Parcel.parcel_id).limit(1)
    return session.scalar(wanted)


def forget_old(database: Database, spool: Spool, now: datetime) -> int:
    """Remove the files of parcels that were answered long ago, and return how many; their rows stay."""
    with database.reading() as session:
        old = session.scalars(select(Parcel.parcel_id).where(Parcel.done_at < now - KEPT)).all()
    for parcel_id in old:
        spool.drop(parcel_id)
    return len(old)


def _line(row: Parcel) -> ParcelLine:
    pairs = [pair.rpartition(":") for pair in row.codes.split()]
    return ParcelLine(
        parcel_id=row.parcel_id,
        node_id=row.node_id,
        brought_by=row.brought_by,
        brought_at=row.brought_at,
        state=row.state,
        percent=100 if row.done_at is not None else min(99, row.position * 100 // max(1, row.size)),
        messages=row.messages,
        accepted=row.accepted,
        rejected=row.rejected,
        codes=tuple((code, int(count)) for code, _, count in pairs),
        code=row.code,
        done_at=row.done_at,
    )
