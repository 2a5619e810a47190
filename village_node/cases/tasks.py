"""What waits for an officer: questions to answer, decisions to hand over, news that the resident should be told.

A task is never stored: it follows from letters, news, receipts and statements, so that it closes by itself when a
colleague, another PC or the hub has done it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.mailbox import NoticeKind
from protocol.notices import ActKind, CorrectionAsked, Decision
from protocol.receipt import ReceiptKind
from village_node.cases.tables import CorrectionDraft
from village_node.identity.errors import VaultError
from village_node.identity.hub import load_enrolled
from village_node.identity.mailbox import find_mailbox_key
from village_node.identity.sessions import Unlocked
from village_node.inbox.errors import MailboxClosedError
from village_node.inbox.letters import LetterRow, Reader, list_letters, open_correction, open_decision
from village_node.inbox.news import newest_index
from village_node.inbox.tables import CaseStep, StoredReceipt
from village_node.outbox.tables import OutboxAct, OutboxItem

ENDS_QUESTION = ("corrected", "withdrawn", "decided")
"""News after which a question is no longer open."""

TELLING = ("assessed", "decided", "withdrawn", "tracked")
"""News that the resident should hear."""

CLOSED_BY_HUB = "correction_closed"


@dataclass(frozen=True, kw_only=True)
class CorrectionTask:
    """A question that nobody has answered yet."""

    letter: int
    asked: CorrectionAsked
    draft_id: str
    """The draft that this officer began; empty when there is none."""


@dataclass(frozen=True, kw_only=True)
class DecisionTask:
    """A decision whose result is not with the resident yet."""

    letter: int
    decision: Decision
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class TellTask:
    """News that the resident should hear."""

    bundle: bytes
    event: str
    registration_no: str
    at: datetime


def find_reader(session: Session, unlocked: Unlocked) -> Reader:
    """Return what opens letters for this officer.

    Raises:
        MailboxClosedError: no colleague has wrapped the mailbox key for this officer yet.
        NotEnrolledError: this node has no hub yet.
    """
    try:
        key = find_mailbox_key(session, unlocked)
    except VaultError:
        key = None
    if key is None:
        raise MailboxClosedError
    return Reader(enrolled=load_enrolled(session), key=key)


def newest_per_case(letters: Collection[LetterRow]) -> list[LetterRow]:
    """Return the newest letter of each case, in the order in which they came."""
    newest = {letter.bundle: letter for letter in letters}
    return sorted(newest.values(), key=lambda letter: letter.number)


def is_answered(session: Session, bundle: bytes, request: int) -> bool:
    """Tell whether a question was answered: by a bundle of this PC that is not refused, or by anybody, says the hub."""
    sent = select(OutboxItem.bundle_id).where(
        OutboxItem.corrects == bundle, OutboxItem.request == request, OutboxItem.state != "rejected"
    )
    if session.scalars(sent.limit(1)).first() is not None or newest_index(session, bundle, ENDS_QUESTION) > request:
        return True
    closed = (
        select(StoredReceipt.digest)
        .join(OutboxItem, OutboxItem.bundle_id == StoredReceipt.bundle_id)
        .where(OutboxItem.corrects == bundle, OutboxItem.request == request, StoredReceipt.code == CLOSED_BY_HUB)
    )
    return session.scalars(closed.limit(1)).first() is not None


def newest_correction_item(session: Session, bundle: bytes) -> bytes | None:
    """Return the bundle of this PC's answer to the newest question about a case; None while it is open or elsewhere."""
    asked = list_letters(session, NoticeKind.CORRECTION, bundle)[-1:]
    query = (
        select(OutboxItem.bundle_id)
        .where(OutboxItem.corrects == bundle, OutboxItem.state != "rejected")
        .order_by(OutboxItem.counter.desc())
        .limit(1)
    )
    if asked:
        query = query.where(OutboxItem.request == asked[0].request)
    return session.scalar(query)


def list_corrections(session: Session, officer: Unlocked, reader: Reader) -> list[CorrectionTask]:
    """Return the open questions, oldest first."""
    letters = newest_per_case(list_letters(session, NoticeKind.CORRECTION))
    drafts = dict(
        session.execute(
            select(CorrectionDraft.letter, CorrectionDraft.draft_id).where(
                CorrectionDraft.officer_id == officer.officer
            )
        ).all()
    )
    return [
        CorrectionTask(
            letter=each.number,
            asked=open_correction(session, each.number, reader),
            draft_id=drafts.get(each.number, ""),
        )
        for each in letters
        if not is_answered(session, each.bundle, each.request)
    ]


def list_decisions(session: Session, reader: Reader) -> list[DecisionTask]:
    """Return the decisions that are not handed over, oldest first."""
    letters = newest_per_case(list_letters(session, NoticeKind.DECISION))
    done = set(_handed_over(session))
    return [
        DecisionTask(
            letter=each.number,
            decision=open_decision(session, each.number, reader),
            received_at=each.received_at,
        )
        for each in letters
        if each.bundle not in done
    ]


def list_telling(session: Session) -> list[TellTask]:
    """Return the news that nobody said to have told the resident, oldest first; of each case the newest alone."""
    steps = session.scalars(select(CaseStep).where(CaseStep.event.in_(TELLING)).order_by(CaseStep.ledger_index))
    newest = {step.bundle_id: step for step in steps}
    told = dict(
        session.execute(
            select(OutboxAct.bundle_id, func.max(OutboxAct.made_at))
            .where(OutboxAct.state != "refused")
            .group_by(OutboxAct.bundle_id)
        ).all()
    )
    handed_over = set(_handed_over(session))
    numbers = dict(
        session.execute(
            select(OutboxItem.bundle_id, OutboxItem.registration_no).where(OutboxItem.bundle_id.in_(list(newest)))
        ).all()
    )
    return [
        TellTask(bundle=bundle, event=step.event, registration_no=numbers[bundle], at=step.at)
        for bundle, step in newest.items()
        if bundle in numbers and bundle not in handed_over and (bundle not in told or told[bundle] < step.received_at)
    ]


def correction_drafts(session: Session) -> set[str]:
    """Return the ids of drafts that are corrections: no list of applications shows them."""
    return set(session.scalars(select(CorrectionDraft.draft_id)))


def _handed_over(session: Session) -> list[bytes]:
    acts = select(OutboxAct.bundle_id).where(OutboxAct.kind == str(ActKind.HANDED_OVER), OutboxAct.state != "refused")
    receipts = select(StoredReceipt.bundle_id).where(StoredReceipt.kind == str(ReceiptKind.HANDED_OVER))
    steps = select(CaseStep.bundle_id).where(CaseStep.event == str(ReceiptKind.HANDED_OVER))
    return [*session.scalars(acts), *session.scalars(receipts), *session.scalars(steps)]
