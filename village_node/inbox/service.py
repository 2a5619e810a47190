"""Keep what came from the hub. Everything here is idempotent: storing it twice changes nothing.

What is given is verified already (``protocol.receipt``, ``protocol.mailbox``); the caller commits.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.catalogue_check import parse_service
from protocol.documents import DocumentOffer
from protocol.errors import ProtocolError
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import Notice, NoticeKind, NumberLease
from protocol.receipt import VerifiedReceipt
from protocol.wire import from_bytes
from village_node.catalogue.service import store_services
from village_node.identity.certificates import read_certificate, store_certificates
from village_node.identity.hub import Enrolled, load_enrolled, store_lease
from village_node.identity.renewal import read_next, store_next
from village_node.inbox.backup import store_backup
from village_node.inbox.calendar import store_calendar
from village_node.inbox.documents import offer_document
from village_node.inbox.flags import FlagRaised, raise_flag
from village_node.inbox.letters import store_letter
from village_node.inbox.news import store_news
from village_node.inbox.revocations import store_revocations
from village_node.inbox.tables import StoredNotice, StoredReceipt
from village_node.notices.service import store_announcement, store_outage, store_request
from village_node.store.schema import bounded_ms

__all__ = ["FlagRaised", "raise_flag", "read_cursor", "store_notice", "store_receipt"]

log = structlog.get_logger()


def store_receipt(session: Session, now: datetime, bundle: bytes, receipt: VerifiedReceipt) -> bool:
    """Keep a receipt of this bundle byte for byte; return False when it was here already."""
    digest = hashlib.sha256(receipt.raw).digest()
    if session.get(StoredReceipt, digest) is not None:
        return False
    subject = receipt.subject
    session.add(
        StoredReceipt(
            digest=digest,
            bundle_id=bundle,
            kind=str(subject.kind),
            raw=receipt.raw,
            log_index=receipt.index,
            log_time=bounded_ms(receipt.entry.time),
            code=subject.code[:60],
            office=subject.office[:64],
            received_at=now,
        )
    )
    session.flush()
    return True


def read_cursor(session: Session) -> int:
    """Return the number of the last notice that is stored; all before it are stored too."""
    return session.scalar(select(func.max(StoredNotice.number))) or 0


def store_notice(session: Session, now: datetime, enrolled: Enrolled, notice: Notice, raw: bytes) -> bool:
    """Keep the next notice and apply what it carries; return False when it is not the next.

    A body that cannot be read, or a kind that a newer hub invented, is kept all the same, with a flag: one notice must
    not stop those behind it.
    """
    if notice.number != read_cursor(session) + 1:
        return False
    session.add(
        StoredNotice(
            number=notice.number,
            kind=str(notice.kind),
            raw=raw,
            hub_time=bounded_ms(notice.time),
            received_at=now,
        )
    )
    session.flush()
    apply = APPLY.get(notice.kind)
    if apply is None:
        # A newer hub says something that this program has no ear for yet; after an update it can be read again.
        raise_flag(session, now, FlagRaised(code="notice_unknown", evidence=raw))
        return True
    try:
        apply(session, now, enrolled, notice)
    except ProtocolError as error:
        log.warning("notice.unreadable", number=notice.number, kind=str(notice.kind), code=error.code)
        raise_flag(session, now, FlagRaised(code="notice_unreadable", evidence=raw))
    return True


def _apply_lease(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_lease(session, now, from_bytes(notice.body, NumberLease, max_bytes=MAX_MAIL_BYTES))


def _apply_officer(session: Session, now: datetime, enrolled: Enrolled, notice: Notice) -> None:
    store_certificates(session, now, [read_certificate(notice.body, enrolled.node, enrolled.find_message_key)])


def _apply_service(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    parse_service(notice.body)  # at the enrolment one of many may be beyond us; a notice of its own is flagged
    store_services(session, now, [notice.body])


def _apply_news(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_news(session, now, notice)


def _apply_letter(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_letter(session, now, notice)


def _apply_offer(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    offer = from_bytes(notice.body, DocumentOffer, max_bytes=MAX_MAIL_BYTES)
    offer_document(session, now, offer.document, offer.pieces)


def _apply_revocations(session: Session, now: datetime, enrolled: Enrolled, notice: Notice) -> None:
    store_revocations(session, now, enrolled, notice.body)


def _apply_calendar(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_calendar(session, now, notice.body)


def _apply_backup(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_backup(session, now, notice.body)


def _apply_outage(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_outage(session, now, notice.body)


def _apply_announcement(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_announcement(session, now, notice.body)


def _apply_request(session: Session, now: datetime, _: Enrolled, notice: Notice) -> None:
    store_request(session, now, notice.body)


def _apply_certificate(session: Session, now: datetime, enrolled: Enrolled, notice: Notice) -> None:
    del now
    found = read_next(notice.body, replace(enrolled, certificate=load_enrolled(session).certificate))
    if found is not None:
        store_next(session, found)


def _apply_nothing(session: Session, now: datetime, enrolled: Enrolled, notice: Notice) -> None:
    """Leave a receipt to ``store_receipt``: the engine verifies it and asks for that as a step of its own."""
    del session, now, enrolled, notice


APPLY: Mapping[str, Callable[[Session, datetime, Enrolled, Notice], None]] = {
    NoticeKind.RECEIPT: _apply_nothing,
    NoticeKind.LEASE: _apply_lease,
    NoticeKind.OFFICER: _apply_officer,
    NoticeKind.CATALOGUE: _apply_service,
    NoticeKind.CASE: _apply_news,
    NoticeKind.CORRECTION: _apply_letter,
    NoticeKind.DECISION: _apply_letter,
    NoticeKind.DOCUMENT: _apply_offer,
    NoticeKind.REVOCATIONS: _apply_revocations,
    NoticeKind.CALENDAR: _apply_calendar,
    NoticeKind.BACKUP: _apply_backup,
    NoticeKind.CERTIFICATE: _apply_certificate,
    NoticeKind.MAINTENANCE: _apply_outage,
    NoticeKind.BROADCAST: _apply_announcement,
    NoticeKind.REQUEST: _apply_request,
}
