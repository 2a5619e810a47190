"""Broadcasts to offices and requests to nodes: asked by an administrator, carried as notices, answered in mail.

Rules:
1. One open request of a kind per node: a second click asks nothing new.
2. The first answer counts. Every answer to a request of this node is confirmed by a notice, once; an answer that names
   no request of this node changes nothing, whoever sent it.
3. An answer that does not open, or comes after its time, is kept with its code: the administrator sees what happened.
4. What a node brings is foreign: it is kept as bytes, offered for download alone, and never drawn as a page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.dispatch.service import write_notice
from hub.health.planned import tell_scope
from hub.network.requests_tables import Broadcast, NodeRequest
from hub.registry.queries import load_node
from hub.storage.ports import to_ms
from protocol.errors import ProtocolError
from protocol.ids import HubId, NodeId
from protocol.limits import MAX_ANSWER_BYTES
from protocol.mailbox import NoticeKind
from protocol.requests import (
    ANSWER_KIND,
    MAX_BROADCAST_TEXT,
    BroadcastNotice,
    RemoteRequest,
    RequestAction,
    RequestAnswer,
    RequestOutcome,
)
from protocol.sealing import BodyContext, open_body
from protocol.wire import to_bytes

REQUEST_LIFE = timedelta(days=3)
"""An office that was away over a weekend still answers."""

LONGEST_BROADCAST = timedelta(days=30)
UNREADABLE = "unreadable"

log = structlog.get_logger()


class AskingRule(StrEnum):
    """Why something is not asked or said."""

    NODE_GONE = "node_gone"
    STILL_OPEN = "still_open"
    TEXT = "text"
    UNTIL = "until"


class AskingError(Exception):
    """Something that is not asked or said, with its rule."""

    def __init__(self, rule: AskingRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLine:
    """One request on a page."""

    request_id: str
    node_id: NodeId
    action: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    outcome: str
    code: str
    answered_at: datetime | None
    has_body: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BroadcastLine:
    """One broadcast on a page."""

    scope: str
    text: str
    until: datetime
    written_by: str
    written_at: datetime
    nodes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A broadcast as an administrator enters it."""

    broadcast_id: str
    scope: str
    text: str
    until: datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerOpener:
    """Opens what nodes seal to this hub."""

    hub: HubId
    keys: Mapping[bytes, X25519PrivateKey]

    def open(self, node: NodeId, sealed: bytes) -> bytes | None:
        """Return what was sealed, or None when no key of this hub opens it."""
        context = BodyContext(hub=self.hub, node=node, kind=ANSWER_KIND)
        for key in self.keys.values():
            try:
                plain = open_body(sealed, key, context)
            except ProtocolError:
                continue
            return plain if len(plain) <= MAX_ANSWER_BYTES else None
        return None


def ask_node(session: Session, now: datetime, request_id: str, node: NodeId, action: RequestAction, by: str) -> None:
    """Ask a node for something.

    Raises:
        AskingError: there is no such active node, or the same is asked already (rule 1).
    """
    record = load_node(session, node)
    if record is None or not record.is_active:
        raise AskingError(AskingRule.NODE_GONE)
    same = (NodeRequest.node_id == str(node), NodeRequest.action == action.value, NodeRequest.outcome == "")
    if session.scalar(select(NodeRequest.request_id).where(*same, NodeRequest.expires_at > now).limit(1)) is not None:
        raise AskingError(AskingRule.STILL_OPEN)
    row = NodeRequest(
        request_id=request_id,
        node_id=str(node),
        action=action.value,
        asked_by=by,
        asked_at=now,
        expires_at=now + REQUEST_LIFE,
        outcome="",
        code="",
    )
    session.add(row)
    session.flush()
    _tell(session, now, row, is_closed=False)


def take_answers(
    session: Session, now: datetime, node: NodeId, answers: Iterable[RequestAnswer], opener: AnswerOpener
) -> None:
    """Keep the answers of a node's mail (rules 2 and 3)."""
    for answer in answers:
        row = session.get(NodeRequest, answer.request, with_for_update=True)
        if row is None or row.node_id != str(node):
            log.warning("request.answer_unknown", node=str(node))
            continue
        if row.outcome:
            continue
        body = opener.open(node, answer.body) if answer.body else None
        is_readable = body is not None or not answer.body
        row.outcome = (answer.outcome if is_readable else RequestOutcome.FAILED).value
        row.code = answer.code if is_readable else UNREADABLE
        row.body, row.answered_at = body, now
        session.flush()
        _tell(session, now, row, is_closed=True)


def broadcast(session: Session, now: datetime, words: Words) -> int:
    """Send a text to the offices of a scope, and return to how many nodes.

    Raises:
        AskingError: no text, too long a text, or a time that is over or too far away.
    """
    if not 0 < len(words.text.strip()) <= MAX_BROADCAST_TEXT:
        raise AskingError(AskingRule.TEXT)
    if not now < words.until <= now + LONGEST_BROADCAST:
        raise AskingError(AskingRule.UNTIL)
    notice = BroadcastNotice(broadcast=words.broadcast_id, text=words.text.strip(), until=to_ms(words.until))
    count = tell_scope(session, now, words.scope, (NoticeKind.BROADCAST, to_bytes(notice)))
    session.add(
        Broadcast(
            broadcast_id=words.broadcast_id,
            scope=words.scope,
            text=notice.text,
            until=words.until,
            written_by=words.by,
            written_at=now,
            nodes=count,
        )
    )
    session.flush()
    return count


def requests_of(session: Session, node: NodeId, limit: int = 20) -> list[RequestLine]:
    """Return the newest requests to a node."""
    wanted = select(NodeRequest).where(NodeRequest.node_id == str(node)).order_by(NodeRequest.asked_at.desc())
    return [_line(row) for row in session.scalars(wanted.limit(limit))]


def answer_body(session: Session, node: NodeId, request_id: str) -> bytes | None:
    """Return what a node brought for a request of it."""
    row = session.get(NodeRequest, request_id)
    return row.body if row is not None and row.node_id == str(node) else None


def broadcasts(session: Session, limit: int = 20) -> list[BroadcastLine]:
    """Return the newest broadcasts."""
    rows = session.scalars(select(Broadcast).order_by(Broadcast.written_at.desc()).limit(limit))
    return [
        BroadcastLine(
            scope=row.scope,
            text=row.text,
            until=row.until,
            written_by=row.written_by,
            written_at=row.written_at,
            nodes=row.nodes,
        )
        for row in rows
    ]


def _tell(session: Session, now: datetime, row: NodeRequest, *, is_closed: bool) -> None:
    request = RemoteRequest(
        request=row.request_id,
        action=row.action,
        asked_at=to_ms(row.asked_at),
        expires_at=to_ms(row.expires_at),
        is_closed=is_closed,
    )
    write_notice(session, now, NodeId(row.node_id), NoticeKind.REQUEST, to_bytes(request))


def _line(row: NodeRequest) -> RequestLine:
    return RequestLine(
        request_id=row.request_id,
        node_id=NodeId(row.node_id),
        action=row.action,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        outcome=row.outcome,
        code=row.code,
        answered_at=row.answered_at,
        has_body=row.body is not None,
    )
