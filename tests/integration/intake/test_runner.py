"""The loop around the batch: what it acknowledges, and what it does when the machine or a message fails."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.reading import AcceptedBundle
from hub.intake.runner import DiskFailedError, IntakeRunner, Pace
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeRefusal
from hub.storage.errors import StorageError
from hub.storage.single import single_instance
from protocol.envelope import Purpose, one_key
from protocol.mailbox import Refusal, verify_from_hub
from protocol.wire import from_bytes
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import bundle_of, make_hub

OpenCases = Callable[[Session, datetime, Sequence[AcceptedBundle]], None]


class ListCarrier:
    """Gives its batches once, and writes down what happens."""

    def __init__(self) -> None:
        self.acknowledged: list[Incoming] = []
        self.published: list[Outgoing] = []

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del most, linger_s, idle_s
        return []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.acknowledged += messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        self.published += messages


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))


@pytest.fixture
def carrier() -> ListCarrier:
    return ListCarrier()


def a_runner(scene: Scene, carrier: ListCarrier, open_cases: OpenCases, waits: list[float]) -> IntakeRunner:
    context = dataclasses.replace(scene.hub.context, open_cases=open_cases)
    return IntakeRunner(context, carrier, Pace(most=10, linger_s=0), waits.append)


def storage_error(text: str) -> StorageError:
    error = StorageError("database: OperationalError")
    error.__cause__ = OperationalError("INSERT", None, Exception(text))
    return error


def test_a_full_disk_pauses_and_the_same_batch_is_taken_afterwards(scene: Scene, carrier: ListCarrier) -> None:
    waits: list[float] = []
    failures: Iterator[StorageError] = iter([storage_error("database or disk is full")] * 4)

    def full_for_a_while(*_: object) -> None:
        error = next(failures, None)
        if error is not None:
            assert not carrier.acknowledged
            raise error

    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    a_runner(scene, carrier, full_for_a_while, waits).step([message])

    assert carrier.acknowledged == [message]
    assert waits == [0.2, 1.0, 5.0, 5.0]


def test_an_io_error_ends_the_process_without_acknowledging(scene: Scene, carrier: ListCarrier) -> None:
    def fail(*_: object) -> None:
        raise storage_error("disk I/O error")

    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    with pytest.raises(DiskFailedError):
        a_runner(scene, carrier, fail, []).step([message])

    assert carrier.acknowledged == []
    assert carrier.published == []


def test_a_message_that_breaks_the_code_is_put_aside_and_the_rest_goes_on(scene: Scene, carrier: ListCarrier) -> None:
    made = [scene.village.seal_application(SERVICE) for _ in range(3)]
    poison = made[1].bundle

    def stumble(_: Session, __: datetime, accepted: Sequence[AcceptedBundle]) -> None:
        if any(item.bundle_id == poison for item in accepted):
            raise ZeroDivisionError

    a_runner(scene, carrier, stumble, []).step([bundle_of(scene.village, item) for item in made])

    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bundle)) == 2
        assert session.scalars(select(IntakeQuarantine.code)).one() == "put_aside"
        assert session.scalars(select(IntakeRefusal.code)).one() == "put_aside"
    assert len(carrier.acknowledged) == len(made)
    told = [message.payload for message in carrier.published if message.payload[:1] == b"\xd2"]
    key = one_key(scene.hub.context.secrets.message.public_key())
    (payload,) = (verify_from_hub(raw, purpose=Purpose.REFUSAL, find_key=key) for raw in told)
    refusal = from_bytes(payload, Refusal, max_bytes=1_000)
    assert (refusal.code, refusal.message) == ("put_aside", sha256(made[1].message).digest())


def test_a_stop_during_a_pause_leaves_the_batch_unacknowledged(scene: Scene, carrier: ListCarrier) -> None:
    def fail(*_: object) -> None:
        raise storage_error("database is locked")

    stops = iter([False, True])
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    a_runner(scene, carrier, fail, []).step([message], lambda: next(stops))

    assert carrier.acknowledged == []


def test_a_collision_with_another_transaction_is_tried_again(scene: Scene, carrier: ListCarrier) -> None:
    failures = iter([IntegrityError("INSERT", None, Exception("UNIQUE"))] * 2)

    def collide(*_: object) -> None:
        error = next(failures, None)
        if error is not None:
            raise error

    waits: list[float] = []
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    a_runner(scene, carrier, collide, waits).step([message])

    assert carrier.acknowledged == [message]
    with scene.hub.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IntakeQuarantine)) == 0


def test_a_second_intake_on_the_same_data_refuses_to_start(tmp_path: Path) -> None:
    with (
        single_instance(tmp_path / "intake.lock"),
        pytest.raises(StorageError, match="another process"),
        single_instance(tmp_path / "intake.lock"),
    ):
        pass
