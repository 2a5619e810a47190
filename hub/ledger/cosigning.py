"""Outside witnesses: what each one is sent, and the cosignatures that come back.

Rules:
1. A witness gets the newest checkpoint with the proof from the one that it signed last; it answers with its line, or
   with the size that it saw last when that is another one than the hub believes.
2. A line is kept only after it was verified; the hub's own word about a witness counts for nothing.
3. Network and database are never held together: what is sent is read in one transaction, what came is kept in another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.ledger.service import consistency, ledger_size, newest_checkpoint
from hub.ledger.tables import LedgerCosignature, LedgerWitness
from protocol.cosignature import WitnessKey, request_bytes, verify_cosignature


class WitnessState(StrEnum):
    """How it stands with a witness."""

    COSIGNED = "cosigned"  # it signed the newest checkpoint that it was sent
    BEHIND = "behind"  # it saw another size last than the hub believed; sent again from there
    REFUSED = "refused"  # it does not accept the checkpoint: somebody has to look, at once
    SILENT = "silent"  # no answer


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessRow:
    """A witness as it stands, for people."""

    name: str
    state: WitnessState
    size: int
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """What a witness is sent."""

    size: int
    text: str
    body: bytes


def next_push(session: Session, witness: WitnessKey) -> Push | None:
    """Return what this witness lacks; None when it signed the newest checkpoint.

    Raises:
        LedgerCorruptError: the tiles do not add up.
    """
    newest = newest_checkpoint(session)
    row = session.get(LedgerWitness, witness.name)
    old = 0 if row is None else row.size
    if newest is None or newest.size <= old:
        return None
    proof = consistency(session, old, newest.size) if old else []
    return Push(size=newest.size, text=newest.text, body=request_bytes(old, proof, newest.text))


def keep_cosignature(session: Session, now: datetime, witness: WitnessKey, push: Push, line: str) -> None:
    """Keep a witness's line under the checkpoint that it was sent.

    Raises:
        ProtocolError: not this witness's signature over this checkpoint; nothing is kept.
    """
    line = line.rstrip("\n")
    verify_cosignature(push.text, line, witness)
    session.merge(LedgerCosignature(size=push.size, witness=witness.name, line=line))
    note_witness(session, now, witness, WitnessState.COSIGNED, push.size)


def note_size(session: Session, now: datetime, witness: WitnessKey, size: int) -> bool:
    """Take the size that a witness says that it saw last; say whether the log ever had so many entries."""
    is_ours = 0 <= size <= ledger_size(session)
    state = WitnessState.BEHIND if is_ours else WitnessState.REFUSED
    note_witness(session, now, witness, state, size if is_ours else None)
    return is_ours


def note_witness(
    session: Session, now: datetime, witness: WitnessKey, state: WitnessState, size: int | None = None
) -> None:
    """Write down how it stands with a witness, and since when."""
    row = session.get(LedgerWitness, witness.name)
    if row is None:
        row = LedgerWitness(name=witness.name, state=str(state), size=0, since=now)
        session.add(row)
    if row.state != state:
        row.state, row.since = str(state), now
    row.size = row.size if size is None else size
    session.flush()


def cosigned_text(session: Session) -> str | None:
    """Return the newest checkpoint with the lines of the witnesses that signed it; None before the first."""
    newest = newest_checkpoint(session)
    if newest is None:
        return None
    query = select(LedgerCosignature.line).where(LedgerCosignature.size == newest.size)
    lines = session.scalars(query.order_by(LedgerCosignature.witness)).all()
    return newest.text + "".join(f"{line}\n" for line in lines)


def witness_rows(session: Session) -> Sequence[WitnessRow]:
    """Return how it stands with all witnesses that were ever asked."""
    rows = session.scalars(select(LedgerWitness).order_by(LedgerWitness.name))
    return [WitnessRow(name=row.name, state=WitnessState(row.state), size=row.size, since=row.since) for row in rows]


def cosigned_size(session: Session) -> int:
    """Return the size of the largest checkpoint that any witness signed; 0 before the first."""
    return int(session.scalar(select(func.coalesce(func.max(LedgerCosignature.size), 0))) or 0)
