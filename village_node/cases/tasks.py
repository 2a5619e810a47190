"""What waits for an officer: questions to answer, decisions to hand over, news that the resident should be told.

A task is never stored: it follows from letters, news, receipts and statements, so that it closes by itself when a
colleague, another PC or the hub has done it.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.mailbox import NoticeKind
from protocol.notices import ActKind, CorrectionAsked, Decision
from protocol.receipt import Outcome, ReceiptKind
from village_node.cases.errors import CaseUnknownError
from village_node.cases.tables import CorrectionDraft
from village_node.identity.errors import VaultError
from village_node.identity.hub import load_enrolled
from village_node.identity.mailbox import find_mailbox
from village_node.identity.sessions import Unlocked
from village_node.inbox.errors import MailboxClosedError
from village_node.inbox.letters import LetterRow, Reader, list_letters, open_correction, open_decision, openable
from village_node.inbox.tables import CaseStep, StoredReceipt
from village_node.outbox.acts import ActCommand, is_stated, record_act
from village_node.outbox.service import Sealer
from village_node.outbox.tables import OutboxAct, OutboxItem
from village_node.store.schema import bounded_ms

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
        mailbox = find_mailbox(session, unlocked)
    except VaultError:
        mailbox = None
    if mailbox is None:
        raise MailboxClosedError
    return Reader(enrolled=load_enrolled(session), mailbox=mailbox)


def newest_per_case(letters: Collection[LetterRow]) -> list[LetterRow]:
    """Return the newest letter of each case, in the order in which they came."""
    newest = {letter.bundle: letter for letter in letters}
    return sorted(newest.values(), key=lambda letter: letter.number)


def open_letters(session: Session, bundle: bytes) -> list[LetterRow]:
    """Return the questions about a case that nobody has answered, oldest first; one bundle answers them all."""
    through = answered_through(session, bundle)
    return [each for each in list_letters(session, NoticeKind.CORRECTION, bundle) if each.request > through]


def answered_through(session: Session, bundle: bytes) -> int:
    """Return up to which ledger index the questions about a case are answered; -1 when none is.

    An answer of this PC closes the questions that it was made for, not one that was on its way to us meanwhile. What
    another PC answered closes everything before it: which questions that PC knew is not known here.
    """
    own = session.execute(
        select(OutboxItem.bundle_id, OutboxItem.request, OutboxItem.state).where(OutboxItem.corrects == bundle)
    ).all()
    receipts = session.scalars(select(StoredReceipt).where(StoredReceipt.bundle_id.in_([row.bundle_id for row in own])))
    stored = receipts.all()
    closed = {each.bundle_id for each in stored if each.code == CLOSED_BY_HUB}
    indexes = {each.log_index for each in stored}
    ended = session.scalars(
        select(CaseStep.ledger_index).where(
            CaseStep.bundle_id == bundle, CaseStep.event.in_(ENDS_QUESTION), CaseStep.ledger_index.not_in(indexes)
        )
    )
    ours = [row.request for row in own if row.state != "rejected" or row.bundle_id in closed]
    return max([*ended, *(request for request in ours if request is not None)], default=-1)


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
    """Return the cases with open questions, the longest waiting first."""
    cases = newest_per_case(list_letters(session, NoticeKind.CORRECTION))
    begun = select(CorrectionDraft.bundle_id, CorrectionDraft.draft_id)
    drafts = dict(session.execute(begun.where(CorrectionDraft.officer_id == officer.officer)).all())
    newest = [asked[-1] for asked in (open_letters(session, each.bundle) for each in cases) if asked]
    return [
        CorrectionTask(letter=letter.number, asked=asked, draft_id=drafts.get(letter.bundle, ""))
        for letter, asked in openable(session, newest, reader, open_correction)
        if asked is not None
    ]


def list_decisions(session: Session, reader: Reader) -> list[DecisionTask]:
    """Return the decisions that are not handed over, oldest first."""
    letters = list_letters(session, NoticeKind.DECISION)
    done, times = set(_handed_over(session)), Counter(each.bundle for each in letters)
    waiting = [each for each in newest_per_case(letters) if each.bundle not in done or times[each.bundle] > 1]
    tasks = [
        DecisionTask(letter=letter.number, decision=decision, received_at=letter.received_at)
        for letter, decision in openable(session, waiting, reader, open_decision)
        if decision is not None
    ]
    return [
        each
        for each in tasks
        if is_ours_to_hand_over(each.decision)
        and (each.decision.bundle not in done or not is_handed_over(session, each.decision))
    ]


def is_ours_to_hand_over(decision: Decision) -> bool:
    """Tell whether the village hands the result over; what a national system issues is handed out there."""
    return decision.outcome != Outcome.TRACKED


def is_handed_over(session: Session, decision: Decision) -> bool:
    """Tell whether the result of a decision is with the resident: stated here, or known to the hub.

    A case that was reopened is decided again: what was handed over before does not count for the new decision. Own
    statements are compared with when the letter came, by this PC's clock; what the hub says by the log's time.
    """
    letters = list_letters(session, NoticeKind.DECISION, decision.bundle)
    is_second = len(letters) > 1
    if is_stated(session, decision.bundle, ActKind.HANDED_OVER, letters[-1].received_at if is_second else None):
        return True
    receipts = select(StoredReceipt.log_time).where(
        StoredReceipt.bundle_id == decision.bundle, StoredReceipt.kind == str(ReceiptKind.HANDED_OVER)
    )
    steps = select(CaseStep.at).where(
        CaseStep.bundle_id == decision.bundle, CaseStep.event == str(ReceiptKind.HANDED_OVER)
    )
    known = [*session.scalars(receipts), *session.scalars(steps)]
    return any(not is_second or at >= bounded_ms(decision.decided_at) for at in known)


def hand_over(session: Session, sealer: Sealer, signer: Unlocked, decision: Decision, person: str, note: str) -> bool:
    """State that a resident has the result; return False, and state nothing, when that is known already.

    Raises:
        OfficerNotCertifiedError: the hub has not certified this officer yet.
    """
    if not is_ours_to_hand_over(decision) or is_handed_over(session, decision):
        return False
    command = ActCommand(kind=ActKind.HANDED_OVER, bundle=decision.bundle, person=person, note=note)
    record_act(session, sealer, signer, command)
    return True


def tell(session: Session, sealer: Sealer, signer: Unlocked, bundle: bytes) -> bool:
    """State that the resident was told; return False, and state nothing, when nothing is new since the last time.

    Raises:
        CaseUnknownError: this PC knows no such case.
        OfficerNotCertifiedError: the hub has not certified this officer yet.
    """
    case = session.get(OutboxItem, bundle)
    if (case is None or case.corrects is not None) and not list_letters(session, NoticeKind.DECISION, bundle):
        raise CaseUnknownError
    news = select(func.max(CaseStep.received_at)).where(CaseStep.bundle_id == bundle, CaseStep.event.in_(TELLING))
    if is_stated(session, bundle, ActKind.TOLD, session.scalar(news)):
        return False
    record_act(session, sealer, signer, ActCommand(kind=ActKind.TOLD, bundle=bundle))
    return True


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
    """Return the ids of drafts that are corrections: they have pages of their own."""
    return set(session.scalars(select(CorrectionDraft.draft_id)))


def idle_corrections(session: Session, officer: Unlocked) -> set[str]:
    """Return the drafts of this officer that nobody waits for any more; they can be looked at and deleted."""
    rows = session.scalars(select(CorrectionDraft).where(CorrectionDraft.officer_id == officer.officer))
    return {row.draft_id for row in rows if not open_letters(session, row.bundle_id)}


def _handed_over(session: Session) -> list[bytes]:
    acts = select(OutboxAct.bundle_id).where(OutboxAct.kind == str(ActKind.HANDED_OVER), OutboxAct.state != "refused")
    receipts = select(StoredReceipt.bundle_id).where(StoredReceipt.kind == str(ReceiptKind.HANDED_OVER))
    steps = select(CaseStep.bundle_id).where(CaseStep.event == str(ReceiptKind.HANDED_OVER))
    return [*session.scalars(acts), *session.scalars(receipts), *session.scalars(steps)]
