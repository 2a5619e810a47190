"""How fast the link is said to be: by what it carried while something was on its way, never by a stick or a pause."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.hub_stand_in import HubStandIn
from tests.node_stand import NodeStand, a_command, a_file
from village_node.outbox import progress, rate
from village_node.outbox.tables import OutboxAttachment
from village_node.sync.rules.pacing import Limits, Window

CHUNK = 48 * 1024


@pytest.fixture
def stand(tmp_path: Path) -> NodeStand:
    return NodeStand(tmp_path)


def carry(stand: NodeStand, seconds: float, *, idle: float = 0) -> int | None:
    """Let one chunk be acknowledged after so many seconds; return the figure."""
    stand.clock.pass_s(seconds)
    with stand.database.session() as session:
        rate.note_carried(session, stand.clock.now(), CHUNK, timedelta(seconds=idle))
        return rate.measured_rate(session, stand.clock.now())


def test_a_pause_between_two_files_does_not_make_the_link_slow(stand: NodeStand) -> None:
    carry(stand, 0)
    assert carry(stand, 6) is None
    figure = carry(stand, 96, idle=90)
    assert figure == CHUNK * 2 * 8 // 12


def test_what_the_hub_says_to_have_tells_nothing_of_the_link(stand: NodeStand) -> None:
    officer = stand.add_officer()
    stand.enrol(HubStandIn(1))
    item = stand.seal(stand.unlock(officer), a_command(a_file(b"\xff\xd8" + bytes(4_000_000))))
    carry(stand, 0)
    stand.clock.pass_s(1)
    with stand.database.session() as session:
        session.execute(update(OutboxAttachment).values(delivered=0))
        progress.record_delivered(session, stand.clock.now(), item.bundle, 0, 80, None)  # it came on a stick
    assert carry(stand, 11) == CHUNK * 8 // 12


def test_idle_time_is_what_nothing_was_on_its_way() -> None:
    window = Window(Limits())
    window.departed(1_000)
    window.acknowledged(7_000, sent_at=1_000)
    window.take_idle()
    window.departed(7_000)
    window.departed(8_000)
    window.acknowledged(13_000, sent_at=7_000)
    window.acknowledged(19_000, sent_at=8_000)
    assert window.take_idle() == 0
    window.departed(90_000)
    window.acknowledged(96_000, sent_at=90_000)
    assert window.take_idle() == 71_000
