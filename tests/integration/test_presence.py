"""What nodes report, and what the administrator sees of it, on both databases."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

import msgspec
import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.authority.queries import revocations
from hub.calendar.service import current_calendar
from hub.health.planned import excuses
from hub.health.presence import on_health
from hub.health.rules import Ailment, State
from hub.intake.tables import Bundle, BundleReceipt, IntakeRefusal, IntakeTally
from hub.network.queries import NodeCard, newest_bundle, node_card, troubles
from hub.network.wall import Wall, WallFilter, WallNode, wall_nodes, wall_sections
from hub.registry.service import revoke_node
from hub.storage.engine import Database
from protocol.health import Health, HealthKind
from protocol.ids import NodeId, VillageCode
from protocol.receipt import ReceiptKind, Subject
from protocol.wire import to_bytes
from tests.integration.fleet import NOW, REGIONS, HubSide, a_node, decision, fresh_database, later

NODE = NodeId("3314052003-01")
BIRTH, BEAT, DEATH = HealthKind.BIRTH, HealthKind.HEARTBEAT, HealthKind.DEATH


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            a_node(session)
        yield made


def report(kind: HealthKind, session: int = 500, **figures: int) -> Health:
    made = Health(kind=kind, node=NODE, session=session, program="simpul-node 0.2", claimed_at=1, disk_free_mb=9_000)
    return msgspec.structs.replace(made, **figures)


def seen(database: Database, *, seconds: float = 0) -> NodeCard:
    with database.reading() as session:
        now = later(seconds=seconds)
        card = node_card(session, now, NODE, excuses(session, now, current_calendar(session)))
    assert card is not None
    return card


def fleet(session: Session, now: datetime) -> list[WallNode]:
    return wall_nodes(session, now, excuses(session, now, current_calendar(session)), with_revoked=True)


def tell(database: Database, *messages: Health, seconds: float = 0) -> list[bool]:
    with database.session() as session:
        return [not on_health(session, later(seconds=seconds), message).is_ignored for message in messages]


def accept(session: Session, *counters: int, node: NodeId = NODE) -> None:
    """Enter bundles as intake would, as far as these queries look."""
    for counter in counters:
        digest = sha256(f"{node}/{counter}".encode()).digest()
        values = {
            "bundle_id": digest, "node_id": node, "counter": counter, "registration_no": digest.hex()[:20],
            "officer_id": "o", "village": node.village, "service": "D-SKU", "service_version": 1, "received_at": NOW,
            "claimed_ms": 0, "ledger_index": counter, "data_key": b"", "signed": b"", "content_key": b"",
            "state": "whole", "whole_at": None, "flags": "",
        }  # fmt: skip
        session.execute(insert(Bundle).values(values))
    tally = {"received": len(counters), "accepted": len(counters), "duplicate": 0, "rejected": 0, "quarantined": 0}
    session.execute(insert(IntakeTally).values(node_id=node, **tally))


def test_a_node_that_was_never_heard_is_shown_as_such(database: Database) -> None:
    assert (seen(database).state, seen(database).ailments) == (State.NEVER, ())
    assert seen(database, seconds=3_600).ailments == (Ailment.NEVER,)


def test_birth_silence_and_a_heartbeat(database: Database) -> None:
    assert tell(database, report(BIRTH)) == [True]
    assert [seen(database, seconds=silence).state for silence in (0, 700, 1_800)] == [
        State.LIVE,
        State.STALE,
        State.DEAD,
    ]
    tell(database, report(BEAT, claimed_at=2), seconds=120)
    assert seen(database, seconds=120).state is State.LIVE


def test_a_late_will_does_not_darken_a_node_that_is_back(database: Database) -> None:
    tell(database, report(BIRTH, 500), report(BIRTH, 501))
    assert tell(database, report(DEATH, 500)) == [False]
    assert seen(database).state is State.LIVE


def test_the_will_of_this_session_does(database: Database) -> None:
    tell(database, report(BIRTH, 500, waiting=3))
    assert tell(database, report(DEATH, 500), report(BEAT, 500, claimed_at=9)) == [True, False]
    assert (seen(database).state, seen(database).vitals.waiting) == (State.DEAD, 3)


def test_the_newest_figures_are_kept(database: Database) -> None:
    tell(database, report(BIRTH), report(BEAT, claimed_at=2, waiting=2, oldest_waiting_s=20_000, disk_free_mb=100))
    card = seen(database)
    assert card.presence is not None
    assert (card.presence.program, card.vitals.waiting, card.vitals.disk_free_mb) == ("simpul-node 0.2", 2, 100)
    assert card.ailments == (Ailment.WAITING_LONG, Ailment.DISK_LOW)


def test_missing_bundles_are_named(database: Database) -> None:
    tell(database, report(BIRTH, last_counter=119))
    with database.session() as session:
        accept(session, *range(1, 118))
    card = seen(database)
    assert ([str(gap) for gap in card.gaps], card.ailments) == (["118–119"], (Ailment.LOST,))


def test_what_the_node_still_holds_is_not_lost(database: Database) -> None:
    tell(database, report(BIRTH, last_counter=5, waiting=3))
    with database.session() as session:
        accept(session, 1, 3)
    card = seen(database)
    assert ([str(gap) for gap in card.gaps], card.vitals.missing, card.ailments) == (["2", "4–5"], 3, ())


def test_a_rejected_bundle_is_not_missing(database: Database) -> None:
    tell(database, report(BIRTH, last_counter=3))
    subject = Subject(kind=ReceiptKind.REJECTED, bundle=b"b" * 32, node=NODE, counter=2, code="answers_invalid")
    with database.session() as session:
        accept(session, 1)
        row = {"bundle_id": subject.bundle, "node_id": NODE, "kind": "rejected", "ledger_index": 9, "entry": b""}
        session.execute(insert(BundleReceipt).values(salt=b"s" * 32, subject=to_bytes(subject), **row))
    assert [str(gap) for gap in seen(database).gaps] == ["3"]


def test_refusals_of_the_last_day_count(database: Database) -> None:
    tell(database, report(BIRTH))
    with database.session() as session:
        row = {"node_id": NODE, "topic_kind": "chunk", "code": "chunk_auth", "times": 2}
        session.execute(insert(IntakeRefusal).values(message=b"1" * 32, refused_at=NOW, **row))
        session.execute(insert(IntakeRefusal).values(message=b"2" * 32, refused_at=later(days=-2), **row))
    with database.reading() as session:
        assert troubles(session, NOW, NODE).refused == (("chunk_auth", 2),)
    assert (seen(database).vitals.recent_refusals, seen(database).ailments) == (2, (Ailment.REFUSALS,))


def test_the_newest_bundle(database: Database) -> None:
    with database.session() as session:
        accept(session, 1, 2)
        newest = newest_bundle(session, NODE)
    assert newest is not None
    assert (newest.counter, newest.state) == (2, "whole")


def test_the_wall_has_every_village_and_can_show_what_is_not_well(database: Database) -> None:
    with database.session() as session:
        a_node(session, "well", VillageCode("33.14.05.2004"))
        on_health(session, NOW, report(BIRTH, disk_free_mb=1))
        cards = fleet(session, NOW)
    everything = wall_sections(Wall(nodes=cards), REGIONS, WallFilter())
    assert (len(everything), sum(len(section.tiles) for section in everything)) == (20, 208)
    (section,) = wall_sections(Wall(nodes=cards), REGIONS, WallFilter(only_unwell=True))
    assert [tile.code for tile in section.tiles] == ["33.14.05.2003"]


def test_a_revoked_node_leaves_the_wall(database: Database) -> None:
    with database.session() as session:
        revoke_node(session, NODE, decision())
        cards = fleet(session, later(days=1))
    assert [card.state for card in cards] == [State.REVOKED]
    with database.reading() as session:
        assert wall_nodes(session, NOW, excuses(session, NOW, current_calendar(session))) == []


def test_revoked_certificates_are_listed_until_they_expire(database: Database) -> None:
    hub = HubSide(database)
    hub.enrol("second")
    with database.session() as session:
        assert revocations(session, NOW) == []
        revoke_node(session, NodeId("3314052003-02"), decision())
        assert [each.revoked_at for each in revocations(session, NOW)] == [NOW]
        assert revocations(session, later(days=91)) == []
