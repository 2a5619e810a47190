"""The wall of a large fleet: what the database leaves out as surely well is well by the rules too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import insert

from hub.calendar.service import current_calendar
from hub.health.planned import excuses
from hub.health.rules import State
from hub.network import wall
from hub.network.wall import WallFilter, read_wall, unwell_first, wall_nodes, wall_sections
from hub.storage.engine import Database
from hub.storage.metadata import load_metadata
from hub.storage.ports import to_ms
from loadtests.province import Province, fill_province
from tests.integration.fleet import NOW, REGIONS, fresh_database

TABLES = load_metadata().tables
NODES = 900


class RowWriter:
    """Writes the rows of a load test through the hub's own tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, table: str, rows: list[dict[str, object]]) -> None:
        made = [{name: self._value(name, value) for name, value in row.items()} for row in rows]
        with self._database.session() as session:
            session.execute(insert(TABLES[table]), made)

    @staticmethod
    def _value(name: str, value: object) -> object:
        is_time = name.endswith("_at") and name != "claimed_at" and isinstance(value, int)
        return datetime.fromtimestamp(int(str(value)) / 1_000, tz=UTC) if is_time else value


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
