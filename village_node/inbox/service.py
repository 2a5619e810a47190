"""Keep what came from the hub. Everything here is idempotent: storing it twice changes nothing.

What is given is verified already (``protocol.receipt``, ``protocol.mailbox``); the caller commits.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.errors import ProtocolError
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import Notice, NoticeKind, NumberLease
from protocol.receipt import VerifiedReceipt
from protocol.wire import from_bytes
from village_node.catalogue.service import store_services
from village_node.identity.certificates import read_certificate, store_certificates
from village_node.identity.hub import Enrolled, store_lease
from village_node.inbox.tables import Flag, StoredNotice, StoredReceipt
from village_node.store.schema import from_ms

LATEST_MS = 253_402_300_799_000
"""The end of the year 9999: a hub time beyond is cut to it, since Python has no later date."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagRaised:
    """Something that should not happen did."""

    code: str
    about: bytes = b""
    evidence: bytes = b""


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
            log_time=from_ms(min(receipt.entry.time, LATEST_MS)),
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
            hub_time=from_ms(max(0, min(notice.time, LATEST_MS))),
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
        apply(session, now, enrolled, notice.body)
    except ProtocolError as error:
        log.warning("notice.unreadable", number=notice.number, kind=str(notice.kind), code=error.code)
        raise_flag(session, now, FlagRaised(code="notice_unreadable", evidence=raw))
    return True


def raise_flag(session: Session, now: datetime, raised: FlagRaised) -> None:
    """Count a flag; the first evidence is kept."""
    flag = session.scalars(select(Flag).where(Flag.code == raised.code, Flag.about == raised.about)).first()
    if flag is None:
        session.add(
            Flag(
                code=raised.code,
                about=raised.about,
                times=1,
                first_at=now,
                last_at=now,
                evidence=raised.evidence,
            )
        )
        session.flush()
    else:
        flag.times += 1
        flag.last_at = now


def _apply_lease(session: Session, now: datetime, _: Enrolled, body: bytes) -> None:
    store_lease(session, now, from_bytes(body, NumberLease, max_bytes=MAX_MAIL_BYTES))


def _apply_officer(session: Session, now: datetime, enrolled: Enrolled, body: bytes) -> None:
    store_certificates(session, now, [read_certificate(body, enrolled.node, enrolled.find_message_key)])


def _apply_service(session: Session, now: datetime, _: Enrolled, body: bytes) -> None:
    store_services(session, now, [body])


def _apply_nothing(session: Session, now: datetime, enrolled: Enrolled, body: bytes) -> None:
    """Leave a receipt to ``store_receipt``: the engine verifies it and asks for that as a step of its own."""
    del session, now, enrolled, body


APPLY: Mapping[str, Callable[[Session, datetime, Enrolled, bytes], None]] = {
    NoticeKind.RECEIPT: _apply_nothing,
    NoticeKind.LEASE: _apply_lease,
    NoticeKind.OFFICER: _apply_officer,
    NoticeKind.CATALOGUE: _apply_service,
}
