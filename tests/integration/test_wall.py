"""The wall of a large fleet: what the database leaves out as surely well is well by the rules too."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import Executable, delete, insert, update

from hub.authority.tables import NodeCertificate
from hub.calendar.service import current_calendar
from hub.health.planned import excuses
from hub.health.rules import State
from hub.health.tables import Presence
from hub.intake.tables import IntakeRefusal
from hub.network import wall
from hub.network.wall import WallFilter, read_wall, unwell_first, wall_nodes, wall_sections
from hub.registry.tables import Node
from hub.storage.engine import Database
from hub.storage.ports import to_ms
from loadtests.province import Province, fill_province
from tests.integration.fleet import NOW, REGIONS, fresh_database, later
from tests.integration.row_writer import RowWriter

NODES = 900


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        fill_province(RowWriter(made), Province(nodes=NODES, now_ms=to_ms(NOW), random=Random(5)))
        yield made


def pictures(database: Database, wanted: WallFilter) -> tuple[wall.Wall, wall.Wall]:
    """Return the same fleet as the rules judge all of it, and as the database leaves some out."""
    with database.reading() as session:
        here = excuses(session, NOW, current_calendar(session))
        return wall.Wall(nodes=wall_nodes(session, NOW, here)), read_wall(session, NOW, here, wanted)


@pytest.mark.parametrize(
    "wanted", [WallFilter(), WallFilter(only_unwell=True), WallFilter(state=State.DEAD), WallFilter(state=State.LIVE)]
)
def test_both_ways_draw_the_same_map(database: Database, wanted: WallFilter) -> None:
    whole, quick = pictures(database, wanted)
    assert len(quick.nodes) < NODES / 2
    maps = [[(each.code, each.states) for each in wall_sections(one, REGIONS, wanted)] for one in (whole, quick)]
    assert maps[0] == maps[1] != []
    assert unwell_first(whole.nodes, wanted) == unwell_first(quick.nodes, wanted)


def test_whoever_is_left_out_is_well_by_the_rules(database: Database) -> None:
    whole, quick = pictures(database, WallFilter())
    judged = {node.node_id for node in quick.nodes}
    left_out = [node for node in whole.nodes if node.node_id not in judged]
    assert len(left_out) == len(quick.well) > NODES / 2
    assert all(node.state is State.LIVE and not node.ailments for node in left_out)


def test_a_part_of_the_map_has_every_node_of_it(database: Database) -> None:
    _, part = pictures(database, WallFilter(subdistrict="33.01.02"))
    assert ({node.village[:8] for node in part.nodes}, part.well) == ({"33.01.02"}, ())


def test_a_village_that_the_regions_lack_is_on_the_map(database: Database) -> None:
    whole, _ = pictures(database, WallFilter())
    assert "33.01.02" in {section.code for section in wall_sections(whole, REGIONS, WallFilter())}


ONE = "3301012001-01"
OF_ONE = update(Presence).where(Presence.node_id == ONE)
REFUSED = {"message": b"m" * 32, "topic_kind": "chunk", "code": "chunk_auth", "times": 1, "refused_at": NOW}


@pytest.mark.parametrize(
    "change",
    [
        OF_ONE.values(state="dead"),
        OF_ONE.values(seen_at=later(seconds=-660)),
        OF_ONE.values(seen_at=later(minutes=10)),
        OF_ONE.values(last_counter=10_000),
        OF_ONE.values(waiting=1, oldest_waiting_s=14_400),
        OF_ONE.values(disk_free_mb=499),
        delete(Presence).where(Presence.node_id == ONE),
        update(Node).where(Node.node_id == ONE).values(status="suspended"),
        update(NodeCertificate).where(NodeCertificate.node_id == ONE).values(expires_at=later(days=13)),
        insert(IntakeRefusal).values(node_id=ONE, **REFUSED),
    ],
)
def test_each_sign_of_trouble_is_left_to_the_rules(database: Database, change: Executable) -> None:
    well = {"state": "live", "seen_at": NOW, "last_counter": 0, "waiting": 0, "disk_free_mb": 9_000}
    for step, is_judged in ((OF_ONE.values(well), False), (change, True)):
        with database.session() as session:
            session.execute(step)
        assert (ONE in {node.node_id for node in pictures(database, WallFilter())[1].nodes}) is is_judged
