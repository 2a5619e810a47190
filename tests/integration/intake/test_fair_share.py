"""The loop with more messages than one village may send: refused unread, told, acknowledged; the others get through."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.fairness import TOLD_PER_MINUTE, Quota
from hub.intake.runner import IntakeRunner, Pace
from hub.intake.tables import Bundle, IntakeRefusal
from protocol.topics import Down, Up, down, up
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import bundle_of, make_hub

BURST = 5
FLOOD = 200


class OneDelivery:
    """Hands everything out at once, then nothing."""

    def __init__(self, messages: Sequence[Incoming]) -> None:
        self._messages = list(messages)
        self.acknowledged: list[Incoming] = []
        self.published: list[Outgoing] = []

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del linger_s, idle_s
        handed, self._messages = self._messages[:most], self._messages[most:]
        return handed

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.acknowledged += messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))


def test_who_floods_is_refused_and_the_neighbour_is_received(scene: Scene) -> None:
    flood = [Incoming(up(scene.village.node, Up.BUNDLE), b"%d" % number) for number in range(FLOOD)]
    form = bundle_of(scene.neighbour, scene.neighbour.seal_application(SERVICE))
    carrier = OneDelivery([*flood, form])
    quota = Quota(messages_per_s=0.001, burst=BURST, mb_per_day=100, line=BURST)
    runner = IntakeRunner(scene.hub.context, carrier, Pace(most=BURST + 2, linger_s=0, quota=quota), lambda _: None)
    runner.run(lambda: len(carrier.acknowledged) > FLOOD)

    refusals = down(scene.village.node, Down.RECEIPT)
    assert sum(message.topic == refusals for message in carrier.published) == TOLD_PER_MINUTE + BURST
    assert len(carrier.acknowledged) == FLOOD + 1
    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bundle)) == 1
        quotas = select(func.count()).where(IntakeRefusal.code == "quota")
        assert session.scalar(quotas) == TOLD_PER_MINUTE
