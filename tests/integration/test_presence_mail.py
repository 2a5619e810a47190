"""What a node's mail leads to: cursor, leases, officers, proofs; on both databases."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy.orm import Session

from hub.authority.certification import certify_approved
from hub.dispatch.ahead import SentAhead
from hub.intake.carrier import Outgoing
from hub.ledger.service import root_at
from hub.network.mail import answer_mail, record_mail
from hub.registry.queries import load_node
from hub.registry.service import approve_officer, lease_numbers, revoke_node
from hub.storage.engine import Database
from protocol import merkle
from protocol.envelope import Purpose, one_key
from protocol.ids import NodeId
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import (
    Control,
    Mail,
    Notice,
    NoticeKind,
    NumberLease,
    OfficerRequest,
    ProofRequest,
    verify_from_hub,
    verify_notice,
)
from protocol.wire import from_bytes
from tests.integration.fleet import NOW, Chance, a_key, a_node, an_officer, decision, fresh_database, later

NODE = NodeId("3314052003-01")
HUB_KEY = a_key("message")
FIND_KEY = one_key(HUB_KEY.public_key())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            a_node(session)
            lease_numbers(session, NODE, 2026, 200)
        yield made


def mail(
    cursor: int = 0,
    free_numbers: int = 200,
    officers: Sequence[OfficerRequest] = (),
    proof: ProofRequest | None = None,
) -> Mail:
    return Mail(node=NODE, cursor=cursor, free_numbers=free_numbers, officers=list(officers), proof=proof)


def answers(session: Session, message: Mail) -> list[Outgoing]:
    return answer_mail(session, NOW, message, message_key=HUB_KEY, ahead=SentAhead())


def notices(session: Session, message: Mail) -> list[Notice]:
    return [verify_notice(each.payload, node=NODE, find_key=FIND_KEY) for each in answers(session, message)]


def test_a_node_with_enough_numbers_gets_nothing(database: Database) -> None:
    with database.session() as session:
        assert answers(session, mail()) == []


def test_numbers_are_leased_before_they_end(database: Database) -> None:
    with database.session() as session:
        (notice,) = notices(session, mail(free_numbers=59))
    lease = from_bytes(notice.body, NumberLease, max_bytes=MAX_MAIL_BYTES)
    assert (notice.number, notice.kind) == (1, NoticeKind.LEASE)
    assert (lease.year, lease.first, lease.last) == (2026, 201, 400)


def test_no_second_lease_before_the_first_is_acknowledged(database: Database) -> None:
    with database.session() as session:
        assert [record_mail(session, NOW, mail(free_numbers=0)).leased is None for _ in range(3)] == [False, True, True]
        assert record_mail(session, NOW, mail(cursor=1, free_numbers=0)).leased is not None


def test_a_new_year_brings_new_numbers(database: Database) -> None:
    with database.session() as session:
        leased = record_mail(session, later(days=305), mail(free_numbers=150)).leased
    assert leased == NumberLease(year=2027, first=1, last=200)


def test_a_node_that_always_says_it_has_none_stops_getting_more(database: Database) -> None:
    with database.session() as session:
        leased = [record_mail(session, NOW, mail(cursor=count, free_numbers=0)).leased for count in range(12)]
    assert [each is not None for each in leased] == [True] * 9 + [False] * 3


def test_a_revoked_node_gets_no_numbers(database: Database) -> None:
    with database.session() as session:
        revoke_node(session, NODE, decision())
        assert record_mail(session, NOW, mail(free_numbers=0)).leased is None


def test_the_cursor_is_taken_as_the_node_says_it(database: Database) -> None:
    with database.session() as session:
        for cursor in (7, 3):
            record_mail(session, NOW, mail(cursor=cursor, free_numbers=90))
        record = load_node(session, NODE)
    assert record is not None
    assert (record.mail_cursor, record.free_numbers) == (3, 90)


def test_what_lies_beyond_the_cursor_is_sent_again(database: Database) -> None:
    with database.session() as session:
        first = answers(session, mail(free_numbers=0))
        assert answers(session, mail(free_numbers=0)) == first
        assert answers(session, mail(cursor=1)) == []


def test_an_officer_waits_for_a_person_and_is_certified_by_mail(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        assert record_mail(session, NOW, mail(officers=[asked])).officers == (asked.officer,)
    assert certify_approved(database, NOW, HUB_KEY, Chance("certify")) == ()
    with database.session() as session:
        approve_officer(session, asked.officer, "dewi")
    assert certify_approved(database, NOW, HUB_KEY, Chance("certify")) == (asked.officer,)
    assert certify_approved(database, NOW, HUB_KEY, Chance("again")) == ()
    with database.session() as session:
        (notice,) = notices(session, mail(officers=[asked]))
    assert notice.kind == NoticeKind.OFFICER


def test_two_checkpoints_are_proved_to_belong_together(database: Database) -> None:
    with database.session() as session:
        for seed in "abcd":
            a_node(session, seed)
        (sent,) = answers(session, mail(proof=ProofRequest(old_size=2, new_size=5)))
        roots = [root_at(session, size) for size in (2, 5)]
    payload = verify_from_hub(sent.payload, purpose=Purpose.CONTROL, find_key=FIND_KEY)
    control = from_bytes(payload, Control, max_bytes=MAX_MAIL_BYTES)
    merkle.check_consistency((2, roots[0]), (5, roots[1]), control.path)
    assert sent.topic.endswith("/down/control")


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (1, 99)])
def test_sizes_that_the_log_never_had_get_no_answer(database: Database, old: int, new: int) -> None:
    with database.session() as session:
        assert answers(session, mail(proof=ProofRequest(old_size=old, new_size=new))) == []
