"""Suspending a node at once, and letting it in again by two persons, on both databases."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from hub.authority.queries import revocations
from hub.authority.tables import NodeCertificate
from hub.dispatch.post import Standings, announce
from hub.dispatch.service import pending_notices
from hub.registry.errors import RegistryError, RegistryRule
from hub.registry.queries import openings
from hub.registry.rules import EventKind, NodeStatus, RegistrySubject
from hub.registry.service import load_node, revoke_node
from hub.registry.suspension import ask_to_resume, resume_node, suspend_node
from hub.storage.engine import Database
from protocol.ids import NodeId
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import NoticeKind
from protocol.wire import from_bytes
from tests.integration.fleet import NOW, a_node, decision, fresh_database, later

NODE = NodeId("3314052003-01")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            a_node(session)
        yield made


def test_a_rule_suspends_without_a_person_and_once(database: Database) -> None:
    with database.session() as session:
        assert suspend_node(session, NODE, decision(by=""))
        assert not suspend_node(session, NODE, decision(by=""))
    with database.reading() as session:
        node = load_node(session, NODE)
        kinds = [from_bytes(each.subject, RegistrySubject, max_bytes=MAX_MAIL_BYTES).kind for each in openings(session)]
    assert node is not None
    assert (node.status, node.is_active, node.suspended_at) == (NodeStatus.SUSPENDED, False, NOW)
    assert kinds == [EventKind.NODE_ENROLLED, EventKind.NODE_SUSPENDED]


def test_two_persons_let_a_suspended_node_in_again(database: Database) -> None:
    with database.session() as session:
        suspend_node(session, NODE, decision())
        ask_to_resume(session, NOW, NODE, "budi")
        resume_node(session, NODE, decision(by="dewi"))
        node = load_node(session, NODE)
        entry = list(openings(session))[-1]
    assert node is not None
    assert (node.status, node.suspended_at, node.resume_asked_by) == (NodeStatus.ACTIVE, None, "")
    subject = from_bytes(entry.subject, RegistrySubject, max_bytes=MAX_MAIL_BYTES)
    assert (subject.kind, subject.by, subject.asked_by) == (EventKind.NODE_RESUMED, "dewi", "budi")


def asked_by_the_same_person(session: Session) -> None:
    ask_to_resume(session, NOW, NODE, "dewi")
    resume_node(session, NODE, decision(by="dewi"))


def by_a_rule(session: Session) -> None:
    ask_to_resume(session, NOW, NODE, "budi")
    resume_node(session, NODE, decision(by=""))


def asked_before_a_new_suspension(session: Session) -> None:
    ask_to_resume(session, NOW, NODE, "budi")
    resume_node(session, NODE, decision(by="dewi"))
    suspend_node(session, NODE, decision())
    resume_node(session, NODE, decision(by="dewi"))


def after_a_revocation(session: Session) -> None:
    revoke_node(session, NODE, decision())
    ask_to_resume(session, NOW, NODE, "budi")


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        (lambda session: resume_node(session, NODE, decision(by="dewi")), RegistryRule.RESUME_NOT_ASKED),
        (asked_by_the_same_person, RegistryRule.SAME_PERSON),
        (by_a_rule, RegistryRule.SAME_PERSON),
        (asked_before_a_new_suspension, RegistryRule.RESUME_NOT_ASKED),
        (after_a_revocation, RegistryRule.NODE_REVOKED),
    ],
)
def test_who_may_not_let_a_node_in(database: Database, step: Callable[[Session], None], rule: RegistryRule) -> None:
    with database.session() as session:
        suspend_node(session, NODE, decision())
    with pytest.raises(RegistryError) as caught, database.session() as session:
        step(session)
    assert caught.value.rule is rule


def test_only_a_suspended_node_is_resumed(database: Database) -> None:
    with pytest.raises(RegistryError) as caught, database.session() as session:
        ask_to_resume(session, NOW, NODE, "budi")
    assert caught.value.rule is RegistryRule.NODE_NOT_SUSPENDED


def test_its_certificate_is_on_the_list_only_while_it_is_suspended(database: Database) -> None:
    with database.session() as session:
        row = NodeCertificate(
            serial="ab",
            node_id=str(NODE),
            public_key=bytes(32),
            trust=bytes(32),
            issued_at=NOW,
            expires_at=later(days=1),
        )
        session.add(row)
        suspend_node(session, NODE, decision())
        during = [each.serial for each in revocations(session, NOW)]
        ask_to_resume(session, NOW, NODE, "budi")
        resume_node(session, NODE, decision(by="dewi"))
        session.flush()
        after = revocations(session, NOW)
    assert (during, after) == ([0xAB], [])


def test_what_is_told_meanwhile_waits_in_its_mailbox(database: Database) -> None:
    with database.session() as session:
        suspend_node(session, NODE, decision())
        announce(session, NOW, Standings(NoticeKind.CALENDAR, {"calendar": b"days"}))
        told = [row.kind for row in pending_notices(session, NODE, 0)]
        revoke_node(session, NODE, decision())
        announce(session, NOW, Standings(NoticeKind.CALENDAR, {"calendar": b"other days"}))
        assert [row.kind for row in pending_notices(session, NODE, 0)] == told == [NoticeKind.CALENDAR]
