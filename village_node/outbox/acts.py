"""Officers' later statements about a case: handed over, told. Signed, sealed, and written again until answered.

Rules:
1. A statement has a random name: however often it is sent, it has one effect.
2. It is sealed to the hub; a copy is sealed to the mailbox key, so that the officers of this PC can read whom it names.
3. Only an answer of the hub ends the sending: the receipt ``handed_over``, the news ``told``, or a refusal.
4. A second click, a colleague and the back button state nothing twice: whoever records a statement looks in the same
   transaction whether it was made before (``is_stated``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from protocol.errors import ProtocolError
from protocol.limits import MAX_ACT_BYTES, MAX_ACTS
from protocol.notices import Act, ActKind, sign_act
from protocol.sealing import BodyContext, load_sealing_key, seal_body
from protocol.wire import from_bytes, to_bytes
from village_node.identity.certificates import is_certified
from village_node.identity.errors import VaultError
from village_node.identity.hub import Enrolled, load_enrolled
from village_node.identity.mailbox import Mailbox, public_mailbox_key
from village_node.identity.sessions import Unlocked
from village_node.outbox.errors import OfficerNotCertifiedError
from village_node.outbox.service import Sealer
from village_node.outbox.tables import OutboxAct

ACT_BYTES = 32
FIRST_WAIT_S, LONGEST_WAIT_S = 600, 86_400
"""Ten statements of 2 KB that nobody answers cost 20 KB a day in the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActCommand:
    """What the officer states."""

    kind: ActKind
    bundle: bytes
    person: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ActRow:
    """A statement of an officer of this PC. Whom it names is in ``sealed``."""

    act: bytes
    bundle: bytes
    kind: str
    officer: str
    made_at: datetime
    state: str
    code: str
    sealed: bytes


def record_act(session: Session, sealer: Sealer, unlocked: Unlocked, command: ActCommand) -> bytes:
    """Sign a statement, seal it and put it into the outbox; return its name. The caller commits.

    Raises:
        OfficerNotCertifiedError: the hub has not certified this officer yet.
    """
    if not is_certified(session, unlocked.officer):
        raise OfficerNotCertifiedError
    enrolled, now = load_enrolled(session), sealer.clock.now()
    act = Act(
        kind=str(command.kind),
        act=sealer.randomness.token(ACT_BYTES),
        bundle=command.bundle,
        node=enrolled.node,
        officer=unlocked.officer,
        claimed_at=max(0, int(now.timestamp() * 1_000)),
        person=command.person,
        note=command.note,
    )
    context = _context(enrolled)
    sealed = seal_body(sign_act(act, unlocked.key), load_sealing_key(enrolled.sealing_key), context)
    session.add(
        OutboxAct(
            act=act.act,
            bundle_id=command.bundle,
            kind=act.kind,
            officer_id=str(unlocked.officer),
            made_at=now,
            sealed=sealed,
            digest=hashlib.sha256(sealed).digest(),
            copy=seal_body(to_bytes(act), load_sealing_key(public_mailbox_key(session)), context),
            state="waiting",
            code="",
            attempts=0,
            next_at=now,
        )
    )
    session.flush()
    return act.act


def is_stated(session: Session, bundle: bytes, kind: ActKind, since: datetime | None = None) -> bool:
    """Tell whether an officer of this PC stated it of a case (after ``since``), and the hub did not refuse it."""
    query = select(OutboxAct.act).where(
        OutboxAct.bundle_id == bundle, OutboxAct.kind == str(kind), OutboxAct.state != "refused"
    )
    if since is not None:
        query = query.where(OutboxAct.made_at >= since)
    return session.scalar(query.limit(1)) is not None


def due_acts(session: Session, now: datetime) -> list[bytes]:
    """Return the statements that the next mail carries, oldest first; a clock that was set back delays none."""
    too_far = now + timedelta(seconds=LONGEST_WAIT_S)
    query = (
        select(OutboxAct.sealed)
        .where(OutboxAct.state == "waiting", (OutboxAct.next_at <= now) | (OutboxAct.next_at > too_far))
        .order_by(OutboxAct.made_at)
        .limit(MAX_ACTS)
    )
    return list(session.scalars(query))


def waiting_acts(session: Session) -> list[bytes]:
    """Return every statement that is not answered: what a parcel carries."""
    return list(
        session.scalars(select(OutboxAct.sealed).where(OutboxAct.state == "waiting").order_by(OutboxAct.made_at))
    )


def acts_sent(session: Session, now: datetime, sealed: Sequence[bytes]) -> None:
    """Note that these went, and when they go again if nobody answers."""
    digests = [hashlib.sha256(each).digest() for each in sealed]
    for row in session.scalars(select(OutboxAct).where(OutboxAct.digest.in_(digests))):
        row.next_at = now + timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(row.attempts, 10)))
        row.attempts += 1


def close_acts(session: Session, bundle: bytes, kind: ActKind) -> None:
    """End the sending of the oldest statement of this kind: the hub has answered it (rule 3); answers come in order."""
    oldest = (
        select(OutboxAct.act)
        .where(OutboxAct.bundle_id == bundle, OutboxAct.kind == str(kind), OutboxAct.state == "waiting")
        .order_by(OutboxAct.made_at)
        .limit(1)
    )
    session.execute(update(OutboxAct).where(OutboxAct.act.in_(oldest.scalar_subquery())).values(state="done"))


def refuse_act(session: Session, digest: bytes, code: str) -> None:
    """End the sending of a statement that the hub refused; a digest that names none changes nothing."""
    session.execute(
        update(OutboxAct)
        .where(OutboxAct.digest == digest, OutboxAct.state == "waiting")
        .values(state="refused", code=code[:40])
    )


def list_acts(session: Session, bundle: bytes) -> list[ActRow]:
    """Return the statements about a case, oldest first."""
    rows = session.scalars(select(OutboxAct).where(OutboxAct.bundle_id == bundle).order_by(OutboxAct.made_at))
    return [
        ActRow(
            act=row.act,
            bundle=row.bundle_id,
            kind=row.kind,
            officer=row.officer_id,
            made_at=row.made_at,
            state=row.state,
            code=row.code,
            sealed=row.copy,
        )
        for row in rows
    ]


def open_act(row: ActRow, enrolled: Enrolled, mailbox: Mailbox) -> Act:
    """Return what was stated.

    Raises:
        VaultError: the copy does not open.
    """
    try:
        return from_bytes(mailbox.open(row.sealed, _context(enrolled)), Act, max_bytes=MAX_ACT_BYTES)
    except ProtocolError:
        raise VaultError("act") from None


def _context(enrolled: Enrolled) -> BodyContext:
    return BodyContext(hub=enrolled.hub, node=enrolled.node, kind="act")
