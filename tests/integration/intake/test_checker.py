"""Verification in a second process: a help that changes no verdict, and whose loss costs nothing."""

import dataclasses
import os
import signal
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import func, select

from hub.intake.carrier import Incoming, Outgoing
from hub.intake.checker import LEAST, REST, ProcessChecker
from hub.intake.opening import Opener
from hub.intake.runner import IntakeRunner, Pace
from hub.intake.service import process, questions
from hub.intake.tables import Bundle
from hub.storage.bulk import insert_rows
from hub.storage.errors import StorageError
from tests.hostile import SERVICE, Scene
from tests.hubs import bundle_of

COUNT = LEAST + 2


class OnceCarrier:
    """Brings its messages in one go and remembers what was acknowledged."""

    def __init__(self, messages: Sequence[Incoming]) -> None:
        self._waiting = list(messages)
        self.acknowledged: list[Incoming] = []

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:
        del linger_s, idle_s
        came, self._waiting = self._waiting[:most], self._waiting[most:]
        return came

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        self.acknowledged += messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        del messages


@pytest.fixture
def checker(scene: Scene) -> Iterator[ProcessChecker]:
    context = scene.hub.context
    found = ProcessChecker(
        Opener(hub=context.hub, sealing_keys=context.secrets.sealing), context.catalogue.services.values()
    )
    yield found
    found.stop()


def some_bundles(scene: Scene, count: int = COUNT) -> list[Incoming]:
    return [bundle_of(scene.village, scene.village.seal_application(SERVICE)) for _ in range(count)]


def accepted(scene: Scene) -> int:
    with scene.hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Bundle)) or 0


def test_what_holds_is_found_out_beforehand_and_what_does_not_is_left(scene: Scene, checker: ProcessChecker) -> None:
    batch = some_bundles(scene)
    damaged = Incoming(batch[0].topic, batch[0].payload[:-1] + bytes([batch[0].payload[-1] ^ 1]))
    foreign = bundle_of(scene.neighbour, scene.village.seal_application(SERVICE))

    checker.ask(questions(scene.hub.context, [*batch, damaged, foreign]))

    assert set(checker.fetch()) == {message.payload for message in batch}


def test_verdicts_are_the_same_with_and_without_it(scene: Scene, checker: ProcessChecker) -> None:
    batch = some_bundles(scene)
    checker.ask(questions(scene.hub.context, batch))
    proven = checker.fetch()

    outgoing = process(scene.hub.context, batch, proven).outgoing

    assert len(proven) == COUNT
    assert accepted(scene) == COUNT
    assert {str(receipt.subject.kind) for receipt in scene.hub.receipts(outgoing)} == {"arrived"}


def test_what_was_proven_under_another_key_of_the_node_is_not_believed(scene: Scene, checker: ProcessChecker) -> None:
    batch = some_bundles(scene)
    checker.ask(questions(scene.hub.context, batch))
    proven = {
        payload: dataclasses.replace(found, verified=dataclasses.replace(found.verified, node_kid=bytes(8)))
        for payload, found in checker.fetch().items()
    }
    damaged = Incoming(batch[0].topic, b"\x00" + batch[0].payload)
    process(scene.hub.context, [damaged], {damaged.payload: next(iter(proven.values()))})

    assert accepted(scene) == 0


def test_nothing_is_lost_when_it_dies_with_a_batch(scene: Scene, checker: ProcessChecker) -> None:
    batch = some_bundles(scene)
    checker.ask(questions(scene.hub.context, batch))
    os.kill(checker.pid or 0, signal.SIGKILL)
    carrier = OnceCarrier(batch)
    rounds = iter(range(4))

    runner = IntakeRunner(
        scene.hub.context, carrier, Pace(most=COUNT, linger_s=0), lambda _: None, lambda _: False, checker
    )
    runner.run(lambda: next(rounds, None) is None)

    assert carrier.acknowledged == batch
    assert accepted(scene) == COUNT


def test_it_comes_back_after_a_rest(scene: Scene, checker: ProcessChecker) -> None:
    asked = questions(scene.hub.context, some_bundles(scene))
    checker.ask(asked)
    os.kill(checker.pid or 0, signal.SIGKILL)
    assert checker.fetch() == {}

    for _ in range(REST):
        checker.ask(asked)
        assert checker.fetch() == {}
    checker.ask(asked)

    assert len(checker.fetch()) == COUNT


def test_a_batch_is_acknowledged_behind_its_commit(scene: Scene, checker: ProcessChecker) -> None:
    def fail(*_: object) -> None:
        raise StorageError("database: full")

    context = dataclasses.replace(scene.hub.context, open_cases=fail)
    carrier = OnceCarrier(some_bundles(scene))
    rounds = iter(range(6))

    runner = IntakeRunner(context, carrier, Pace(most=COUNT, linger_s=0), lambda _: None, lambda _: False, checker)
    runner.run(lambda: next(rounds, None) is None)

    assert carrier.acknowledged == []


def test_rows_inserted_in_bulk_get_the_defaults_of_their_columns(scene: Scene) -> None:
    message = bundle_of(scene.village, scene.village.seal_application(SERVICE))
    process(scene.hub.context, [message])
    with scene.hub.database.session() as session:
        known = session.scalars(select(Bundle)).one()
        row = {column.key: getattr(known, column.key) for column in Bundle.__table__.columns}
        del row["flags"]
        insert_rows(session, Bundle, [row | {"bundle_id": bytes(32), "counter": 999, "registration_no": "x"}])

    with scene.hub.database.reading() as session:
        copied = session.get_one(Bundle, bytes(32))
        assert (copied.flags, copied.received_at) == ("", known.received_at)
