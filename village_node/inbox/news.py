"""Steps of cases that the hub tells: kept in the order of their notices, read in the order of the ledger."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.limits import MAX_NOTICE_BODY_BYTES
from protocol.mailbox import Notice
from protocol.notices import ActKind, CaseNews
from protocol.wire import from_bytes
from village_node.inbox.tables import CaseStep
from village_node.store.schema import bounded_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a case."""

    event: str
    office: str
    stage: str
    code: str
    at: datetime
    """Log time."""
    ledger_index: int
    due_on: date | None
    days_left: int | None
    amount_rp: int | None
    payment_code: str
    received_at: datetime


def store_news(session: Session, now: datetime, notice: Notice) -> CaseNews:
    """Keep a step and return it.

    Raises:
        ProtocolError: not such a body.
    """
    news = from_bytes(notice.body, CaseNews, max_bytes=MAX_NOTICE_BODY_BYTES)
    session.add(
        CaseStep(
            number=notice.number,
            bundle_id=news.bundle,
            event=news.event,
            office=news.office,
            stage=news.stage,
            code=news.code,
            at=bounded_ms(news.at),
            ledger_index=news.ledger_index,
            due_on=news.due_on,
            days_left=news.days_left,
            amount_rp=news.amount_rp,
            payment_code=news.payment_code,
            received_at=now,
        )
    )
    return news


def list_steps(session: Session, bundle: bytes) -> list[Step]:
    """Return the steps of the case of a first bundle, in the order of the ledger."""
    query = select(CaseStep).where(CaseStep.bundle_id == bundle).order_by(CaseStep.ledger_index, CaseStep.number)
    return [_step(row) for row in session.scalars(query)]


def newest_told(session: Session, notice: Notice) -> bytes | None:
    """Return the bundle of a stored notice that says that the hub has the village's word ``told``; None for others."""
    step = session.get(CaseStep, notice.number)
    return step.bundle_id if step is not None and step.event == ActKind.TOLD else None


def _step(row: CaseStep) -> Step:
    return Step(
        event=row.event,
        office=row.office,
        stage=row.stage,
        code=row.code,
        at=row.at,
        ledger_index=row.ledger_index,
        due_on=day_of(row.due_on),
        days_left=row.days_left,
        amount_rp=row.amount_rp,
        payment_code=row.payment_code,
        received_at=row.received_at,
    )


def day_of(text: str | None) -> date | None:
    """Return the day that the wire wrote; None when there is none, or no such day."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
