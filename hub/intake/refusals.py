"""Messages that became no bundle verdict: counted, told to the node, and where they are evidence, kept whole."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.context import IntakeContext
from hub.intake.tables import IntakeQuarantine, IntakeRefusal
from hub.intake.verify import Refused, digest_of
from protocol.envelope import Purpose, sign
from protocol.errors import NodeUnknownError
from protocol.ids import NodeId
from protocol.mailbox import Refusal
from protocol.topics import Down, down
from protocol.wire import to_bytes


class RefusalStage:
    """Runs once per batch, inside its transaction."""

    def __init__(self, session: Session, context: IntakeContext, now: datetime) -> None:
        """Take the open transaction and its time."""
        self._session = session
        self._context = context
        self._now = now

    def run(self, refused: Sequence[Refused]) -> list[Outgoing]:
        """Write one row per message and return the signed refusals, to each node that sent it."""
        if not refused:
            return []
        times = Counter(_message_of(item) for item in refused)
        known = set(self._session.scalars(select(IntakeRefusal.message).where(IntakeRefusal.message.in_(list(times)))))
        for message in sorted(known):
            self._session.execute(
                update(IntakeRefusal)
                .where(IntakeRefusal.message == message)
                .values(times=IntakeRefusal.times + times[message])
            )
        first = {_message_of(item): item for item in reversed(refused)}
        fresh = [
            self._row(message, item) | {"times": times[message]}
            for message, item in first.items()
            if message not in known
        ]
        if fresh:
            self._session.execute(insert(IntakeRefusal), fresh)
        told = {(item.node, _message_of(item)): item for item in refused}
        return [self._tell(message, item) for (_, message), item in told.items() if _is_told(item)]

    def _row(self, message: bytes, item: Refused) -> dict[str, object]:
        return {
            "message": message,
            "node_id": str(item.node or ""),
            "topic_kind": str(item.kind or ""),
            "code": item.error.code,
            "refused_at": self._now,
        }

    def _tell(self, message: bytes, item: Refused) -> Outgoing:
        node = NodeId(str(item.node))
        refusal = Refusal(node=node, message=message, code=item.error.code, bundle=item.claimed_bundle)
        envelope = sign(to_bytes(refusal), key=self._context.secrets.message, purpose=Purpose.REFUSAL)
        return Outgoing(down(node, Down.RECEIPT), envelope)


def keep_evidence(session: Session, now: datetime, incoming: Incoming, node: NodeId, about: tuple[bytes, str]) -> None:
    """Put a whole message aside, once; ``about`` is its bundle id and the code."""
    message = digest_of(incoming)
    if session.get(IntakeQuarantine, message) is None:
        bundle, code = about
        session.add(
            IntakeQuarantine(
                message=message, node_id=str(node), bundle_id=bundle, code=code, raw=incoming.payload, kept_at=now
            )
        )
        session.flush()


def _message_of(item: Refused) -> bytes:
    return item.message or digest_of(item.incoming)


def _is_told(item: Refused) -> bool:
    return item.node is not None and not isinstance(item.error, NodeUnknownError)
