"""Who locks several rows locks the ledger's head first: no two transactions wait for each other."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.dispatch.post import Standings, announce
from hub.ledger.service import take_turn
from hub.registry.service import certify_officer, note_mail, request_officers, revoke_node, revoke_officer
from hub.storage.engine import Database
from protocol.ids import NodeId
from protocol.mailbox import NoticeKind
from tests.integration.fleet import NOW, a_key, a_node, an_officer, decision, fresh_database

NODE = NodeId("3314052003-01")
OFFICER = an_officer().officer
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

CHANGES: dict[str, Callable[[Session], object]] = {
    "revoke node": lambda session: revoke_node(session, NODE, decision()),
    "revoke officer": lambda session: revoke_officer(session, OFFICER, decision()),
    "tell all nodes": lambda session: announce(session, NOW, Standings(NoticeKind.CALENDAR, {"": b"days"})),
    "certify officer": lambda session: certify_officer(session, OFFICER, decision(), a_key("message")),
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            a_node(session)
            request_officers(session, NODE, [an_officer()], NOW)
        yield made


def wait_until_blocked(database: Database) -> None:
    """Wait until the other transaction waits for a lock; SQLite lets it wait for its beginning."""
    if database.engine.dialect.name != "postgresql":
        return
    pause = Event()
    for _ in range(500):
        with database.reading() as session:
            if session.scalar(WAITING):
                return
        pause.wait(0.01)
    pytest.fail("it does not wait")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_decision_waits_with_empty_hands(database: Database, change: Callable[[Session], object]) -> None:
    def decide() -> None:
        with database.session() as session:
            change(session)

    with ThreadPoolExecutor(1) as pool:
        with database.session() as session:  # as intake: the head first, then the node
            take_turn(session)
            waiting = pool.submit(decide)
            wait_until_blocked(database)
            note_mail(session, NODE, cursor=1, free_numbers=1)
        waiting.result(timeout=20)
