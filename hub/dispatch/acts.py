"""Carries officers' verified acts into their cases: a hand-over closes the case, what was told is confirmed.

The act itself, signed and sealed, is kept by intake (``officer_act``): it is the evidence of both.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.casework.errors import CaseNotFoundError
from hub.casework.events import CaseTools
from hub.casework.service import HandOverAct, receive_handover
from hub.intake.tables import Bundle, BundleReceipt
from hub.storage.ports import to_ms
from protocol.errors import ActNotAllowedError, ActUnknownError
from protocol.ids import RegistrationNo
from protocol.notices import Act, ActKind, CaseNews
from protocol.receipt import ReceiptKind


def take_act(session: Session, now: datetime, act: Act, tools: CaseTools) -> None:
    """Do what an officer of the case's village states.

    Raises:
        ActUnknownError: no case began with this bundle.
        ActNotAllowedError: a kind of act that this hub does not know, or nothing to hand over yet.
    """
    if act.kind == ActKind.HANDED_OVER:
        _hand_over(session, now, act, tools)
    elif act.kind == ActKind.TOLD:
        _confirm_told(session, now, act, tools)
    else:
        reason = "kind"
        raise ActNotAllowedError(reason)


def _hand_over(session: Session, now: datetime, act: Act, tools: CaseTools) -> None:
    statement = HandOverAct(officer=str(act.officer), claimed_ms=act.claimed_at)
    try:
        is_done = receive_handover(session, now, act.bundle, statement, tools)
    except CaseNotFoundError:
        raise ActUnknownError from None
    if not is_done and not _was_handed_over(session, act.bundle):
        raise ActNotAllowedError


def _was_handed_over(session: Session, bundle_id: bytes) -> bool:
    """Tell whether the newest decision of a case was handed over; an earlier one's hand-over is no answer."""
    newest = select(func.max(BundleReceipt.ledger_index)).where(BundleReceipt.bundle_id == bundle_id)
    decided = session.scalar(newest.where(BundleReceipt.kind == str(ReceiptKind.DECIDED)))
    handed_over = session.scalar(newest.where(BundleReceipt.kind == str(ReceiptKind.HANDED_OVER)))
    return handed_over is not None and handed_over > (decided or 0)


def _confirm_told(session: Session, now: datetime, act: Act, tools: CaseTools) -> None:
    """Answer that it is noted: the news end the sending at the village."""
    bundle = session.get(Bundle, act.bundle)
    if bundle is None:
        raise ActUnknownError
    news = CaseNews(
        bundle=act.bundle,
        registration_no=RegistrationNo(bundle.registration_no),
        event=str(ActKind.TOLD),
        office=f"village.{bundle.village}",
        at=to_ms(now),
        ledger_index=bundle.ledger_index,
    )
    tools.notify(session, now, news)
