"""Documents on their way to the villages: pieces, when a node asks for them.

Rules:
1. Only a document that a notice offered to this node is given to it; another one is refused, as is a piece that a
   document does not have.
2. One mail gets at most ``MAX_PARTS_ASKED`` pieces; the rest is asked for again. Nothing is remembered for good.
3. A piece that went to a node lately does not go again for ``AGAIN``: on a thin line a node writes several mails before
   the first piece is through, and each would bring a copy. In memory only, and bounded.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from hub.dispatch.ahead import AGAIN
from hub.dispatch.post import may_fetch, offered_after
from hub.intake.carrier import Outgoing
from protocol.chunks import plain_chunk
from protocol.documents import DocumentRef, DocumentSealer
from protocol.envelope import Purpose, sign
from protocol.errors import DocumentUnknownError
from protocol.ids import NodeId
from protocol.limits import MAX_PARTS_ASKED
from protocol.mailbox import DocumentRequest, Mail, Refusal
from protocol.topics import Down, down
from protocol.wire import to_bytes

ReadDocument = Callable[[Session, bytes], tuple[DocumentRef, bytes] | None]
"""Returns a document with the key of its pieces; None when there is none (any more)."""


class DocumentPost:
    """Answers what nodes ask for. One per program that sends; not for several threads."""

    def __init__(self, read: ReadDocument, message_key: Ed25519PrivateKey) -> None:
        """Take the function that reads documents, and the key that signs refusals."""
        self._read = read
        self._message_key = message_key
        self._sent: dict[tuple[NodeId, bytes, int], datetime] = {}

    def fetch(self, session: Session, now: datetime, mail: Mail) -> list[Outgoing]:
        """Return the pieces that a mail asks for, and refusals for what this node may not have."""
        allowed = may_fetch(session, mail.node, [asked.document for asked in mail.documents])
        self._forget(now)
        outgoing: list[Outgoing] = []
        budget = MAX_PARTS_ASKED
        for asked in mail.documents:
            found = self._read(session, asked.document) if asked.document in allowed else None
            if found is None or any(each.end > found[0].pieces for each in asked.ranges):
                outgoing.append(self._refuse(mail.node, asked.document))
                continue
            wanted = [index for index in _indexes(asked) if self._is_due(mail.node, asked.document, index, now)]
            for index in wanted[:budget]:
                outgoing.append(_piece(mail.node, found, index))
                self._sent[mail.node, asked.document, index] = now
            budget -= min(budget, len(wanted))
        return outgoing

    def everything_after(self, session: Session, node: NodeId, cursor: int) -> Iterator[Outgoing]:
        """Yield every piece of the documents that notices beyond a cursor offer: for a parcel, which has room."""
        for document in offered_after(session, node, cursor):
            found = self._read(session, document)
            if found is not None:
                yield from (_piece(node, found, index) for index in range(found[0].pieces))

    def asked_in(self, session: Session, mail: Mail) -> Iterator[Outgoing]:
        """Yield what a mail in a parcel asks for, whatever went over the link lately."""
        allowed = may_fetch(session, mail.node, [asked.document for asked in mail.documents])
        for asked in mail.documents:
            found = self._read(session, asked.document) if asked.document in allowed else None
            if found is None:
                yield self._refuse(mail.node, asked.document)
                continue
            yield from (_piece(mail.node, found, index) for index in _indexes(asked) if index < found[0].pieces)

    def _is_due(self, node: NodeId, document: bytes, index: int, now: datetime) -> bool:
        sent = self._sent.get((node, document, index))
        return sent is None or not timedelta(0) <= now - sent < AGAIN

    def _forget(self, now: datetime) -> None:
        """Drop what may go again: what is kept is what one minute sends."""
        self._sent = {key: at for key, at in self._sent.items() if timedelta(0) <= now - at < AGAIN}

    def _refuse(self, node: NodeId, document: bytes) -> Outgoing:
        refusal = to_bytes(Refusal(node=node, message=document, code=DocumentUnknownError.code))
        return Outgoing(down(node, Down.RECEIPT), sign(refusal, key=self._message_key, purpose=Purpose.REFUSAL))


def _indexes(asked: DocumentRequest) -> list[int]:
    """Return the pieces that are asked for, each once, in order."""
    return sorted({index for each in asked.ranges for index in range(each.start, each.end)})


def _piece(node: NodeId, document: tuple[DocumentRef, bytes], index: int) -> Outgoing:
    ref, content = document
    return Outgoing(down(node, Down.PART), DocumentSealer(ref).seal(index, plain_chunk(index, content)))
