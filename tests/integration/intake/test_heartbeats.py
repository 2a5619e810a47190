"""Heartbeats share a transaction, and are acknowledged behind it."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from hub.intake.beats import HELD_S
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.runner import IntakeRunner, Pace
from hub.storage.errors import StorageError
from protocol.envelope import Purpose, sign
from protocol.health import Health, HealthKind
from protocol.topics import Up, up
from protocol.wire import to_bytes
from tests.hostile import Scene, neighbours
from tests.hubs import SetClock, make_hub


class SlowCarrier:
    """Brings a message a second, and writes down when what was acknowledged."""

    def __init__(self, clock: SetClock, messages: Sequence[Incoming]) -> None:
        self.clock, self.messages = clock, list(messages)
        self.acknowledged: list[tuple[float, int]] = []
        self.rounds = 0

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del most, linger_s, idle_s
        self.rounds += 1
        self.clock.move(1)
        return [self.messages.pop(0)] if self.messages else []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.acknowledged.append((self.rounds, len(messages)))

    def publish(self, messages: Sequence[Outgoing]) -> None:
        assert list(messages) == []


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))


def message(scene: Scene, number: int, kind: Up = Up.HEALTH) -> Incoming:
    village = scene.village
    health = Health(kind=HealthKind.HEARTBEAT, node=village.node, session=1, claimed_at=number, program="t")
    return Incoming(up(village.node, kind), sign(to_bytes(health), key=village.node_key, purpose=Purpose.HEALTH))


def run(scene: Scene, carrier: SlowCarrier, fails: int = 0) -> list[int]:
    """Run some rounds and return how many reports each transaction took."""
    taken: list[int] = []

    def on_health(_: Session, __: datetime, healths: Sequence[Health]) -> list[Outgoing]:
        taken.append(len(healths))
        if len(taken) <= fails:
            raise StorageError("database: no room")
        return []

    context = dataclasses.replace(scene.hub.context, on_health=on_health)
    runner = IntakeRunner(context, carrier, Pace(most=10, linger_s=0), lambda _: None)
    runner.run(lambda: carrier.rounds >= 20)
    return taken


def test_heartbeats_of_five_seconds_are_one_transaction(scene: Scene) -> None:
    carrier = SlowCarrier(scene.hub.clock, [message(scene, number) for number in range(1, 6)])
    assert run(scene, carrier) == [5]
    assert carrier.acknowledged == [(2 + HELD_S, 5)]  # a round later: verified while the one before is committed


def test_they_stay_unacknowledged_while_the_storage_does_not_take_them(scene: Scene) -> None:
    carrier = SlowCarrier(scene.hub.clock, [message(scene, 1)])
    assert run(scene, carrier, fails=2) == [1, 1, 1]
    assert [count for _, count in carrier.acknowledged] == [1]


def test_a_birth_does_not_wait(scene: Scene) -> None:
    carrier = SlowCarrier(scene.hub.clock, [message(scene, 1), message(scene, 2, Up.BIRTH)])
    assert run(scene, carrier) == [1, 1]
    assert [at for at, _ in carrier.acknowledged] == [3, 2 + HELD_S]
