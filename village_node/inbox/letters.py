"""Letters: notices with personal content, sealed to the node's mailbox key.

Synchronisation keeps them as they came. While an officer is signed in, ``read_new_letters`` opens the new ones once and
writes down what they are about (bundle, number of the question): no more, since the disk must tell nothing. Their
content is opened again each time somebody looks at it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.errors import ProtocolError
from protocol.mailbox import Notice, NoticeKind, verify_notice
from protocol.notices import CorrectionAsked, Decision, read_correction, read_decision
from protocol.sealing import BodyContext
from village_node.identity.hub import Enrolled
from village_node.identity.mailbox import Mailbox
from village_node.inbox.documents import offer_document
from village_node.inbox.errors import LetterUnknownError, LetterUnreadableError
from village_node.inbox.flags import FlagRaised, raise_flag
from village_node.inbox.tables import Letter, StoredNotice

MOST_AT_ONCE = 200
"""Letters opened in one go: 10 ms; the rest is opened at the next look."""

log = structlog.get_logger()

Content = TypeVar("Content", CorrectionAsked, Decision)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who may open letters: the node's trust and the mailbox that an officer's sign-in opened."""

    enrolled: Enrolled
    mailbox: Mailbox


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterRow:
    """A letter that was opened once."""

    number: int
    bundle: bytes
    request: int
    """Ledger index of the question; -1 for a decision."""
    received_at: datetime


def store_letter(session: Session, now: datetime, notice: Notice) -> None:
    """Note that a letter came; its bytes are in the notice."""
    session.add(Letter(number=notice.number, kind=str(notice.kind), state="sealed", received_at=now))


def count_sealed(session: Session) -> int:
    """Return how many letters nobody has opened yet."""
    return len(session.scalars(select(Letter.number).where(Letter.state == "sealed")).all())


def read_new_letters(session: Session, now: datetime, reader: Reader) -> int:
    """Open what is new and write down what it is about; return how many letters that were.

    A letter that does not open is marked and flagged: it must not stop those behind it.
    """
    rows = session.scalars(select(Letter).where(Letter.state == "sealed").order_by(Letter.number).limit(MOST_AT_ONCE))
    found = rows.all()
    for row in found:
        try:
            _index(session, now, row, reader)
        except LetterUnreadableError:
            row.state = "unreadable"
            raise_flag(session, now, FlagRaised(code="letter_unreadable", evidence=_raw(session, row.number)))
    return len(found)


def list_letters(session: Session, kind: NoticeKind, bundle: bytes | None = None) -> list[LetterRow]:
    """Return the opened letters of a kind, of one case or of all, in the order in which they came."""
    query = select(Letter).where(Letter.kind == str(kind), Letter.state == "read").order_by(Letter.number)
    if bundle is not None:
        query = query.where(Letter.bundle_id == bundle)
    return [
        LetterRow(
            number=row.number,
            bundle=row.bundle_id or b"",
            request=-1 if row.request is None else row.request,
            received_at=row.received_at,
        )
        for row in session.scalars(query)
    ]


def open_correction(session: Session, number: int, reader: Reader) -> CorrectionAsked:
    """Return what an office asks.

    Raises:
        LetterUnknownError: no such letter.
        LetterUnreadableError: it does not open.
    """
    return _open(session, number, NoticeKind.CORRECTION, reader, read_correction)


def open_decision(session: Session, number: int, reader: Reader) -> Decision:
    """Return what was decided.

    Raises:
        LetterUnknownError: no such letter.
        LetterUnreadableError: it does not open.
    """
    return _open(session, number, NoticeKind.DECISION, reader, read_decision)


def openable(
    session: Session, letters: Iterable[LetterRow], reader: Reader, open_one: Callable[[Session, int, Reader], Content]
) -> Iterator[tuple[LetterRow, Content | None]]:
    """Yield each letter with its content; None when it does not open any more: it must not hide the others."""
    for letter in letters:
        try:
            yield letter, open_one(session, letter.number, reader)
        except LetterUnreadableError:
            log.error("letter.unreadable", number=letter.number)
            yield letter, None


def _index(session: Session, now: datetime, row: Letter, reader: Reader) -> None:
    if row.kind == NoticeKind.CORRECTION:
        asked = open_correction(session, row.number, reader)
        row.bundle_id, row.request = asked.bundle, asked.request
    else:
        decision = open_decision(session, row.number, reader)
        row.bundle_id = decision.bundle
        if decision.document is not None:  # a hub that did not offer it by itself
            offer_document(session, now, decision.document.document, decision.document.pieces)
    row.state = "read"


def _open(session: Session, number: int, kind: NoticeKind, reader: Reader, read: Callable[[bytes], Content]) -> Content:
    letter = session.get(Letter, number)
    if letter is None or letter.kind != kind:
        raise LetterUnknownError
    enrolled = reader.enrolled
    context = BodyContext(hub=enrolled.hub, node=enrolled.node, kind=str(kind))
    try:
        notice = verify_notice(_raw(session, number), node=enrolled.node, find_key=enrolled.find_message_key)
        return read(reader.mailbox.open(notice.body, context))
    except ProtocolError as error:
        raise LetterUnreadableError(error.code) from None


def _raw(session: Session, number: int) -> bytes:
    return session.get_one(StoredNotice, number).raw
