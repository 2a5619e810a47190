"""C03, B15: a node that is revoked while it is connected is out within a minute, on each broker; measured."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.authority.eviction import LONGEST, ROUNDS, cut_sessions, find_cut
from hub.authority.takeover import Broker, TakeOver, connect_packet, take_over
from hub.registry.service import Decision, revoke_node
from hub.registry.suspension import suspend_node
from hub.storage.engine import Database
from hub.storage.ports import SystemRandomness
from protocol.ids import NodeId, VillageCode
from tests.brokers import RealBroker, eventually
from tests.integration.conftest import LEAVER, NODE, Connect
from tests.integration.fleet import a_node, fresh_database

LEAVER_NODE = NodeId(LEAVER)
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            assert a_node(session, village=VillageCode("33.14.01.2003")).node_id == LEAVER
        yield made


def decision(now: datetime) -> Decision:
    return Decision(now=now, by="budi", randomness=SystemRandomness(), reason="lost")


def revoke(database: Database, now: datetime) -> None:
    with database.session() as session:
        revoke_node(session, LEAVER_NODE, decision(now))


class Scripted:
    """A take-over that ends as the test says."""

    def __init__(self, *outcomes: TakeOver) -> None:
        self.outcomes = list(outcomes)

    def __call__(self, _: NodeId) -> TakeOver:
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def rounds(database: Database, take: Scripted, *seconds: float) -> list[float]:
    """Return the seconds after the revocation at which a round was gone."""
    return [each for each in seconds if cut_sessions(database, START + timedelta(seconds=each), take)]


def test_a_node_in_service_is_left_alone(database: Database) -> None:
    assert rounds(database, Scripted(TakeOver.CUT), 0, 60) == []


def test_the_rounds_go_on_until_the_broker_must_have_read_the_list(database: Database) -> None:
    revoke(database, START)
    wanted = [each.total_seconds() for each in ROUNDS]
    assert rounds(database, Scripted(TakeOver.CUT), *range(90)) == wanted
    assert wanted[-1] < 60


def test_a_worker_that_was_dead_catches_up(database: Database) -> None:
    revoke(database, START)
    assert rounds(database, Scripted(TakeOver.CUT), *range(600, 620)) == [600, 601, 602, 603, 604]


def test_a_broker_that_is_away_is_tried_again_and_confirms_nothing(database: Database) -> None:
    revoke(database, START)
    take = Scripted(TakeOver.UNREACHABLE, TakeOver.UNREACHABLE, TakeOver.CUT)
    assert rounds(database, take, 0, 1, 4) == [0]
    with database.reading() as session:
        assert find_cut(session, LEAVER_NODE) is None
    assert rounds(database, take, 5, 9, 10) == [5, 10]
    with database.reading() as session:
        assert find_cut(session, LEAVER_NODE) == START + timedelta(seconds=10)
    assert rounds(database, Scripted(TakeOver.UNREACHABLE), LONGEST.total_seconds() + 1) == []


def test_a_suspension_cuts_and_a_later_revocation_cuts_again(database: Database) -> None:
    with database.session() as session:
        suspend_node(session, LEAVER_NODE, decision(START))
    take = Scripted(TakeOver.CUT)
    assert len(rounds(database, take, *range(60))) == len(ROUNDS)
    revoke(database, START + timedelta(seconds=100))
    assert rounds(database, take, 100, 101) == [100]


def test_the_packet_is_a_clean_connect_of_mqtt_3_1_1() -> None:
    assert connect_packet("a") == bytes.fromhex("100d00044d5154540402000a000161")


@pytest.mark.broker
def test_c03_a_connected_node_is_out_within_a_minute(broker: RealBroker, connect: Connect) -> None:
    """What the worker does in its rounds, with the broker's own way to learn of the revocation beside it."""
    leaver, node = connect(LEAVER), connect(NODE)
    options = broker.connect_options("hub-worker")
    target = Broker(hosts=(options.host,), port=options.port)
    files = broker.pki.files
    began = time.monotonic()
    first = take_over(LEAVER_NODE, files, target, now=datetime.now(UTC), entropy=os.urandom)
    assert first is TakeOver.CUT
    assert eventually(lambda: leaver.disconnects > 0, within_s=5)
    broker.shut_out(LEAVER)
    time.sleep(0.5)  # it may have come back meanwhile
    second = take_over(LEAVER_NODE, files, target, now=datetime.now(UTC), entropy=os.urandom)
    assert second is (TakeOver.REFUSED if broker.kind == "embedded" else TakeOver.CUT)
    assert eventually(lambda: not leaver.paho.is_connected(), within_s=10)
    took = time.monotonic() - began
    for _ in range(30):
        assert not leaver.paho.is_connected()
        time.sleep(0.1)
    assert node.disconnects == 0
    assert took < 60
    assert not any((files.keys.private).glob("cut-*"))
