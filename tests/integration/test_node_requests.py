"""Remote requests and broadcasts at the hub: asked once, the first answer counts, and is confirmed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.dispatch.tables import NoticeRow
from hub.network.requests import (
    REQUEST_LIFE,
    AnswerOpener,
    AskingError,
    AskingRule,
    RequestLine,
    Words,
    answer_body,
    ask_node,
    broadcast,
    requests_of,
    take_answers,
)
from hub.registry.service import revoke_node
from hub.storage.engine import Database
from protocol.ids import NodeId, VillageCode, key_id
from protocol.mailbox import NoticeKind
from protocol.requests import ANSWER_KIND, RequestAction, RequestAnswer, RequestOutcome, read_request
from protocol.sealing import BodyContext, seal_body
from tests.integration.fleet import HUB, NOW, a_node, decision, fresh_database, later

NODE, NEIGHBOUR = NodeId("3314052003-01"), NodeId("3314052004-01")
NAME, OTHER = "01KB000000000000000000000A", "01KB000000000000000000000B"
KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
OPENER = AnswerOpener(hub=HUB, keys={key_id(KEY.public_key().public_bytes_raw()): KEY})
DONE = RequestAnswer(request=NAME, outcome=RequestOutcome.DONE)
WORDS = Words(broadcast_id=NAME, scope="", text="Formulir baru", until=later(days=1), by="budi")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            for name in ("33.14.05.2003", "33.14.05.2004"):
                a_node(session, name, VillageCode(name))
            ask_node(session, NOW, NAME, NODE, RequestAction.SUPPORT_FILE, "budi")
        yield made


def sealed(plain: bytes, node: NodeId = NODE) -> bytes:
    return seal_body(plain, KEY.public_key(), BodyContext(hub=HUB, node=node, kind=ANSWER_KIND))


def answered(session: Session, *answers: RequestAnswer, node: NodeId = NODE) -> RequestLine:
    take_answers(session, NOW, node, answers, OPENER)
    return requests_of(session, NODE)[0]


def told(session: Session) -> list[bool]:
    wanted = select(NoticeRow.body).where(NoticeRow.kind == str(NoticeKind.REQUEST)).order_by(NoticeRow.id)
    return [read_request(body).is_closed for body in session.scalars(wanted)]


def test_what_a_node_brings_is_opened_and_confirmed_once(database: Database) -> None:
    answer = RequestAnswer(request=NAME, outcome=RequestOutcome.DONE, body=sealed(b"figures"))
    with database.session() as session:
        assert answered(session, answer, answer).outcome == "done"
        assert answered(session, answer).has_body
        assert answer_body(session, NODE, NAME) == b"figures"
        assert answer_body(session, NEIGHBOUR, NAME) is None
        assert told(session) == [False, True]


def test_the_first_answer_counts(database: Database) -> None:
    refused = RequestAnswer(request=NAME, outcome=RequestOutcome.REFUSED, code="by_officer")
    with database.session() as session:
        assert answered(session, refused, DONE).outcome == "refused"


@pytest.mark.parametrize(
    "body",
    [b"no box", sealed(b"of another node", NEIGHBOUR), sealed(bytes(30_001))],
    ids=["no-box", "another-nodes", "too-large"],
)
def test_a_body_that_does_not_open_is_seen_as_failed(database: Database, body: bytes) -> None:
    with database.session() as session:
        line = answered(session, RequestAnswer(request=NAME, outcome=RequestOutcome.DONE, body=body))
        assert (line.outcome, line.code, line.has_body) == ("failed", "unreadable", False)


def test_a_neighbour_answers_nothing(database: Database) -> None:
    with database.session() as session:
        assert answered(session, DONE, node=NEIGHBOUR).outcome == ""
        assert answered(session, RequestAnswer(request=OTHER, outcome=RequestOutcome.DONE)).outcome == ""
        assert told(session) == [False]


def test_the_same_is_not_asked_twice_at_once(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(AskingError) as refused:
            ask_node(session, NOW, OTHER, NODE, RequestAction.SUPPORT_FILE, "dewi")
        assert refused.value.rule is AskingRule.STILL_OPEN
        ask_node(session, NOW + REQUEST_LIFE, OTHER, NODE, RequestAction.SUPPORT_FILE, "dewi")


def test_a_revoked_node_is_asked_nothing(database: Database) -> None:
    with database.session() as session:
        revoke_node(session, NODE, decision())
        with pytest.raises(AskingError) as refused:
            ask_node(session, NOW, OTHER, NODE, RequestAction.RESYNC, "budi")
        assert refused.value.rule is AskingRule.NODE_GONE


@pytest.mark.parametrize(("scope", "count"), [("", 2), ("33.14.05.2004", 1)])
def test_a_broadcast_reaches_its_scope(database: Database, scope: str, count: int) -> None:
    with database.session() as session:
        assert broadcast(session, NOW, replace(WORDS, scope=scope)) == count


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WORDS, text=" "),
        replace(WORDS, text="x" * 501),
        replace(WORDS, until=NOW),
        replace(WORDS, until=NOW + timedelta(days=31)),
    ],
)
def test_a_broadcast_without_text_or_end_is_not_sent(database: Database, wrong: Words) -> None:
    with database.session() as session, pytest.raises(AskingError):
        broadcast(session, NOW, wrong)
