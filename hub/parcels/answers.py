"""What goes back on the stick: the answers of intake, then the mailbox beyond the node's cursor, then documents.

Receipts, needs, refusals and proofs are the bytes that intake would have published. Notices are taken from the mailbox
at the end, all of them beyond the cursor that the newest mail of the parcel says: a stick has room, and the next one
may come in a month. For the same reason documents go whole with the notices that offer them, unasked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import structlog
from sqlalchemy.orm import Session

from hub.dispatch.documents import DocumentPost
from hub.dispatch.service import pending_notices
from hub.dispatch.tables import NoticeRow
from hub.intake.carrier import Outgoing
from hub.intake.reading import payload_of
from hub.registry.queries import load_node
from protocol.envelope import one_key
from protocol.errors import ParcelError, ProtocolError
from protocol.ids import NodeId
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.mailbox import Mail, Refusal, verify_mail
from protocol.parcel import Frame, Reader, frame_bytes, read_frames
from protocol.receipt import Receipt, ReceiptKind, Subject
from protocol.topics import Down, Up
from protocol.wire import from_bytes

log = structlog.get_logger()

Render = Callable[[NoticeRow], Outgoing]
"""Makes the message that carries a notice: signed, the same bytes each time."""

LATER = frozenset({str(Down.MAIL), str(Down.PART)})
"""What is written at the end, in full."""

FIRST_FRAMES = 50
"""A node writes its mail first."""

NOTICES_AT_ONCE = 200

MOST_CODES = 8
"""Kinds of refusals that are listed: the column has room for eight of 40 letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What an answers file says: bundles that arrived, and refusals by code."""

    accepted: int
    rejected: int
    codes: str


def frames_of(messages: Iterable[Outgoing], node: NodeId, *, skip: frozenset[str] = LATER) -> Iterator[bytes]:
    """Yield the frames of those messages that go to this node."""
    for message in messages:
        subtree, _, kind = message.topic.rpartition("/down/")
        if kind not in skip and subtree.endswith(f"/{node}"):
            yield frame_bytes(Frame(kind=kind, payload=message.payload))


def closing_frames(
    session: Session, node: NodeId, mails: Iterable[Mail], documents: DocumentPost, render: Render
) -> Iterator[bytes]:
    """Yield the mailbox beyond the cursor of the newest mail, and the documents that it offers or that were asked."""
    mails = list(mails)
    if not mails:
        return
    cursor = max(mail.cursor for mail in mails)
    nothing: frozenset[str] = frozenset()
    after = cursor
    while rows := pending_notices(session, node, after, NOTICES_AT_ONCE):
        yield from frames_of((render(row) for row in rows), node, skip=nothing)
        after = rows[-1].number
    for mail in mails:
        yield from frames_of(documents.asked_in(session, mail), node, skip=nothing)
    yield from frames_of(documents.everything_after(session, node, cursor), node, skip=nothing)


def mails_in(session: Session, node: NodeId, source: Reader) -> list[Mail]:
    """Return the mails at the beginning of a parcel that this node signed."""
    record = load_node(session, node)
    if record is None:
        return []
    payloads: list[bytes] = []
    try:
        payloads.extend(frame.payload for frame in islice(read_frames(source), FIRST_FRAMES) if frame.kind == Up.MAIL)
    except ParcelError:
        log.info("parcel.cut", node=str(node))  # what came before counts
    found = []
    for payload in payloads:
        try:
            found.append(verify_mail(payload, node=node, find_key=one_key(record.signing_key)))
        except ProtocolError:
            continue  # its refusal is in the answers already
    return found


def count(source: Reader) -> Tally:
    """Count what an answers file says, each bundle once however often it was in the parcel."""
    arrived: set[bytes] = set()
    refused: dict[bytes, str] = {}
    for frame in read_frames(source):
        if frame.kind != Down.RECEIPT:
            continue
        if frame.payload[:1] == b"\xd2":
            refusal = from_bytes(payload_of(frame.payload), Refusal, max_bytes=MAX_RECEIPT_BYTES)
            refused[refusal.message] = refusal.code
            continue
        receipt = from_bytes(frame.payload, Receipt, max_bytes=MAX_RECEIPT_BYTES)
        subject = from_bytes(receipt.subject, Subject, max_bytes=MAX_RECEIPT_BYTES)
        if subject.kind is ReceiptKind.REJECTED:
            refused[subject.message or subject.bundle] = subject.code
        elif subject.kind is ReceiptKind.ARRIVED:
            arrived.add(subject.bundle)
    codes = Counter(refused.values()).most_common(MOST_CODES)
    return Tally(
        accepted=len(arrived),
        rejected=len(refused),
        codes=" ".join(f"{code}:{number}" for code, number in codes),
    )
