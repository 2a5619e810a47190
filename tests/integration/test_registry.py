"""The registry on both databases: names and numbers are given once, every change is in the ledger."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from hub.ledger.service import ledger_size
from hub.ledger.tables import LedgerEntry
from hub.registry.errors import RegistryError, RegistryRule
from hub.registry.queries import load_leases, officer_states, openings
from hub.registry.rules import EventKind, NodeStatus, OfficerStatus, RegistrySubject
from hub.registry.service import (
    approve_officer,
    certify_officer,
    holds_number,
    lease_numbers,
    load_node,
    load_nodes,
    officers_by_kid,
    request_officers,
    revoke_node,
    revoke_officer,
)
from hub.storage.engine import Database
from protocol.envelope import Purpose, one_key, verify
from protocol.ids import HubId, NodeId, RegistrationNo, VillageCode, key_id
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import NumberLease, OfficerCertificate
from protocol.receipt import Entry, commitment
from protocol.wire import from_bytes
from tests.integration.fleet import NOW, a_key, a_node, an_officer, decision, fresh_database

NODE = NodeId("3314052003-01")
HUB_KEY = a_key("message")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        yield made


def rule_of(error: pytest.ExceptionInfo[RegistryError]) -> RegistryRule:
    return error.value.rule


def test_nodes_of_a_village_are_counted(database: Database) -> None:
    with database.session() as session:
        names = [a_node(session, seed).node_id for seed in ("a", "b")]
        names.append(a_node(session, "c", VillageCode("33.14.05.2004")).node_id)
    assert names == ["3314052003-01", "3314052003-02", "3314052004-01"]


def test_a_revoked_name_does_not_come_back(database: Database) -> None:
    with database.session() as session:
        a_node(session, "a")
        revoke_node(session, NODE, decision())
        assert a_node(session, "b").node_id == "3314052003-02"
        found = load_nodes(session, {NODE, NodeId("3314052003-02"), NodeId("3314052003-09")})
    assert {name: node.is_active for name, node in found.items()} == {NODE: False, "3314052003-02": True}


def test_one_key_is_one_node(database: Database) -> None:
    with database.session() as session:
        a_node(session, "a")
        with pytest.raises(RegistryError) as error:
            a_node(session, "a", VillageCode("33.14.05.2004"))
    assert rule_of(error) is RegistryRule.KEY_TAKEN


def test_two_nodes_of_a_village_enrolled_at_once_get_two_names(database: Database) -> None:
    def enrol(seed: str) -> NodeId:
        with database.session() as session:
            return a_node(session, seed).node_id

    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(enrol, "abcdefgh"))
    assert sorted(names) == [f"3314052003-{serial:02d}" for serial in range(1, 9)]


def test_a_revoked_node_is_revoked_once(database: Database) -> None:
    with database.session() as session:
        a_node(session)
        revoke_node(session, NODE, decision())
        with pytest.raises(RegistryError) as error:
            revoke_node(session, NODE, decision())
        record = load_node(session, NODE)
    assert rule_of(error) is RegistryRule.NODE_REVOKED
    assert record is not None
    assert (record.status, record.revoked_at) == (NodeStatus.REVOKED, NOW)


def test_an_officer_is_asked_for_approved_and_certified(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        a_node(session)
        assert request_officers(session, NODE, [asked], NOW).added == (asked.officer,)
        assert officers_by_kid(session, NODE) == {}
        approve_officer(session, asked.officer, "dewi")
        raw = certify_officer(session, asked.officer, decision(), HUB_KEY)
        record = officers_by_kid(session, NODE)[key_id(asked.public_key)]
    assert (record.officer_id, record.status) == (asked.officer, OfficerStatus.ACTIVE)
    payload = verify(
        raw, purpose=Purpose.OFFICER, find_key=one_key(HUB_KEY.public_key()), max_bytes=MAX_MAIL_BYTES
    ).payload
    certificate = from_bytes(payload, OfficerCertificate, max_bytes=MAX_MAIL_BYTES)
    assert (certificate.officer, certificate.node, certificate.public_key) == (asked.officer, NODE, asked.public_key)


def test_certifying_again_gives_the_same_bytes_and_no_entry(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        a_node(session)
        request_officers(session, NODE, [asked, asked], NOW)
        first = certify_officer(session, asked.officer, decision(), HUB_KEY)
        size = ledger_size(session)
        assert certify_officer(session, asked.officer, decision(seed="other"), HUB_KEY) == first
        assert ledger_size(session) == size


def test_a_key_that_is_known_is_refused_for_another_officer(database: Database) -> None:
    asked, other = an_officer("siti"), an_officer("joko")
    thief = type(other)(officer=other.officer, name="Joko", public_key=asked.public_key)
    with database.session() as session:
        a_node(session)
        request_officers(session, NODE, [asked], NOW)
        found = request_officers(session, NODE, [asked, thief, other], NOW)
    assert (found.added, found.refused) == ((other.officer,), (thief.officer,))


def test_a_node_that_floods_with_officers_is_not_heard(database: Database) -> None:
    with database.session() as session:
        a_node(session)
        found = request_officers(session, NODE, [an_officer(str(count)) for count in range(25)], NOW)
    assert (len(found.added), len(found.refused)) == (20, 5)


def test_a_revoked_officer_is_known_as_revoked(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        a_node(session)
        request_officers(session, NODE, [asked], NOW)
        certify_officer(session, asked.officer, decision(), HUB_KEY)
        revoke_officer(session, asked.officer, decision())
        states = officer_states(session, {key_id(asked.public_key), b"\0" * 16})
        with pytest.raises(RegistryError) as error:
            certify_officer(session, asked.officer, decision(), HUB_KEY)
    assert states == {key_id(asked.public_key): OfficerStatus.REVOKED}
    assert rule_of(error) is RegistryRule.OFFICER_REVOKED


def test_no_officer_is_certified_at_a_revoked_node(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        a_node(session)
        request_officers(session, NODE, [asked], NOW)
        revoke_node(session, NODE, decision())
        with pytest.raises(RegistryError) as error:
            certify_officer(session, asked.officer, decision(), HUB_KEY)
    assert rule_of(error) is RegistryRule.NODE_REVOKED


def test_numbers_of_a_year_follow_each_other(database: Database) -> None:
    with database.session() as session:
        a_node(session, "a")
        other = a_node(session, "b").node_id
        leases = [lease_numbers(session, NODE, 2026, 200), lease_numbers(session, other, 2026, 50)]
        leases.append(lease_numbers(session, NODE, 2027, 10))
        held = load_leases(session, [NODE])[NODE]
    assert [(lease.year, lease.first, lease.last) for lease in leases] == [
        (2026, 1, 200),
        (2026, 201, 250),
        (2027, 1, 10),
    ]
    assert [lease.block for lease in held] == [leases[0], leases[2]]


def test_no_number_is_leased_twice(database: Database) -> None:
    def lease(_: int) -> NumberLease:
        with database.session() as session:
            return lease_numbers(session, NODE, 2026, 25)

    with database.session() as session:
        a_node(session)
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lease, range(24)))
    numbers = [number for block in blocks for number in range(block.first, block.last + 1)]
    assert sorted(numbers) == list(range(1, 601))


def test_a_number_is_held_by_its_node_only(database: Database) -> None:
    number = RegistrationNo.build(HubId("3314"), 2026, 7)
    with database.session() as session:
        a_node(session, "a")
        other = a_node(session, "b").node_id
        lease_numbers(session, NODE, 2026, 7)
        assert [holds_number(session, node, number) for node in (NODE, other)] == [True, False]


def test_a_year_runs_out_of_numbers(database: Database) -> None:
    with database.session() as session:
        a_node(session)
        lease_numbers(session, NODE, 2026, 9_999_900)
        with pytest.raises(RegistryError) as error:
            lease_numbers(session, NODE, 2026, 100)
    assert rule_of(error) is RegistryRule.NUMBERS_USED_UP


def test_every_change_is_a_ledger_entry_that_its_opening_opens(database: Database) -> None:
    asked = an_officer()
    with database.session() as session:
        a_node(session)
        request_officers(session, NODE, [asked], NOW)
        certify_officer(session, asked.officer, decision(), HUB_KEY)
        revoke_officer(session, asked.officer, decision())
        revoke_node(session, NODE, decision(by="dewi"))
        bodies = {row.index: row.body for row in session.scalars(select(LedgerEntry))}
        opened = list(openings(session))
    entries = [from_bytes(bodies[each.ledger_index], Entry, max_bytes=4_000) for each in opened]
    assert [entry.kind for entry in entries] == [
        EventKind.NODE_ENROLLED,
        EventKind.OFFICER_CERTIFIED,
        EventKind.OFFICER_REVOKED,
        EventKind.NODE_REVOKED,
    ]
    assert [commitment(each.salt, each.subject) for each in opened] == [entry.commitment for entry in entries]
    subject = from_bytes(opened[-1].subject, RegistrySubject, max_bytes=4_000)
    assert (subject.node, subject.by) == (NODE, "dewi")


def test_a_change_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    with database.session() as session:
        a_node(session)
        session.rollback()
    with database.reading() as session:
        assert (ledger_size(session), load_node(session, NODE)) == (0, None)
