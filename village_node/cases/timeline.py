"""The chain of a case out of the local tables."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.receipt import ReceiptKind
from village_node.cases.chain import FAR, Link, Origin, ordered
from village_node.identity.officers import list_officers
from village_node.inbox.news import list_steps
from village_node.inbox.tables import StoredReceipt
from village_node.outbox.acts import list_acts
from village_node.outbox.tables import OutboxItem

QUIET = frozenset({"routed", "proposed", "agreed", "disagreed", "declined"})
"""News about how offices work among themselves: no step of the chain."""


ENDED = frozenset({"decided", "handed_over", "rejected", "withdrawn"})
"""Steps after which no time runs any more, unless a later step promises a day anew."""


def chain_of(session: Session, bundle: bytes) -> list[Link]:
    """Return the chain of the case of a first bundle."""
    names = {str(row.officer): row.name for row in list_officers(session)}
    links = [
        *_own(session, bundle, names),
        *(_receipt(row, "", 0) for row in _receipts(session, bundle)),
        *_news(session, bundle),
        *_corrections(session, bundle, names),
    ]
    return ordered([*links, *_acts(session, bundle, names, links)])


def first_bundle(session: Session, bundle: bytes) -> bytes:
    """Return the first bundle of the case that a bundle belongs to."""
    return session.scalar(select(OutboxItem.corrects).where(OutboxItem.bundle_id == bundle)) or bundle


def due_on(chain: list[Link]) -> Link | None:
    """Return the newest step that says until when the office promised."""
    return next((link for link in reversed(chain) if link.due_on is not None), None)


class Promise(StrEnum):
    """What becomes of a promised day."""

    RUNNING = "running"
    PAUSED = "paused"  # the day moves on with each day of waiting
    OVER = "over"


def promise_of(chain: Sequence[Link], promised: Link) -> Promise:
    """Return whether the time of the step that promised a day still runs."""
    after = [link.word for link in chain[chain.index(promised) :]]
    if ENDED & set(after):
        return Promise.OVER
    clock = [word for word in after if word in {"paused", "resumed"}]
    return Promise.PAUSED if clock[-1:] == ["paused"] else Promise.RUNNING


def _own(session: Session, bundle: bytes, names: dict[str, str]) -> Iterator[Link]:
    item = session.get(OutboxItem, bundle)
    if item is None:
        return
    yield Link(
        word="saved", origin=Origin.NODE, at=item.sealed_at, officer=names.get(item.officer_id, ""), place=(-2, 0)
    )
    if item.last_sent_at is not None:
        yield Link(word="sent", origin=Origin.NODE, at=item.last_sent_at, attempt=item.attempts, place=(-1, 0))
    if item.carried_at is not None:
        yield Link(word="carried", origin=Origin.NODE, at=item.carried_at, place=(-1, 1))


def _receipts(session: Session, bundle: bytes) -> list[StoredReceipt]:
    query = select(StoredReceipt).where(StoredReceipt.bundle_id == bundle).order_by(StoredReceipt.log_index)
    return list(session.scalars(query))


def _receipt(row: StoredReceipt, prefix: str, correction: int) -> Link:
    return Link(
        word=f"{prefix}{row.kind}",
        origin=Origin.RECEIPT,
        at=row.log_time,
        log_index=row.log_index,
        received_at=row.received_at,
        office=row.office,
        code=row.code,
        correction=correction,
        place=(row.log_index, 0),
    )


def _news(session: Session, bundle: bytes) -> Iterator[Link]:
    taken = select(StoredReceipt.log_index).join(OutboxItem, OutboxItem.bundle_id == StoredReceipt.bundle_id)
    own = set(session.scalars(taken.where(OutboxItem.corrects == bundle)))
    for step in list_steps(session, bundle):
        if step.event not in QUIET and step.ledger_index not in own:  # the receipt of our own correction says it
            yield Link(
                word=step.event,
                origin=Origin.NEWS,
                at=step.at,
                log_index=step.ledger_index,
                received_at=step.received_at,
                office=step.office,
                stage=step.stage,
                code=step.code,
                due_on=step.due_on,
                days_left=step.days_left,
                amount_rp=step.amount_rp,
                payment_code=step.payment_code,
                place=(step.ledger_index, 0),
            )


def _corrections(session: Session, bundle: bytes, names: dict[str, str]) -> Iterator[Link]:
    query = select(OutboxItem).where(OutboxItem.corrects == bundle).order_by(OutboxItem.counter)
    for item in session.scalars(query):
        asked = FAR if item.request is None else item.request
        officer = names.get(item.officer_id, "")
        receipts = [_receipt(row, "correction_", item.counter) for row in _receipts(session, item.bundle_id)]
        # Before its first receipt, wherever the hub's own steps stand meanwhile.
        place = min([receipt.place[0] - 1 for receipt in receipts], default=asked)
        yield Link(
            word="correction_saved",
            origin=Origin.NODE,
            at=item.sealed_at,
            officer=officer,
            correction=item.counter,
            place=(max(place, asked), 1),
        )
        if item.last_sent_at is not None and not receipts:
            yield Link(
                word="correction_sent",
                origin=Origin.NODE,
                at=item.last_sent_at,
                attempt=item.attempts,
                correction=item.counter,
                place=(max(place, asked), 2),
            )
        yield from receipts


def _acts(session: Session, bundle: bytes, names: dict[str, str], links: list[Link]) -> Iterator[Link]:
    known = [(link.received_at, link.place[0]) for link in links if link.received_at is not None]
    over = [link.place[0] for link in links if link.word == str(ReceiptKind.HANDED_OVER)]
    for act in list_acts(session, bundle):
        if act.kind == ReceiptKind.HANDED_OVER and over:
            place = (over[0], -1)
        else:
            place = (_newest_before(known, act.made_at), 3)
        yield Link(
            word=f"said_{act.kind}",
            origin=Origin.NODE,
            at=act.made_at,
            officer=names.get(act.officer, ""),
            code=act.code,
            place=place,
        )


def _newest_before(known: list[tuple[datetime, int]], at: datetime) -> int:
    return max((index for received, index in known if received <= at), default=FAR)
