"""One damaged row, file or full disk stops what depends on it, and nothing else."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.intake.context import Stores
from hub.intake.runner import IntakeRunner, Pace
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeTally
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.errors import BlobError
from loadtests.village import Made
from tests.hostile import SERVICE, Scene, neighbours
from tests.hubs import bundle_of, chunks_of, make_hub
from tests.integration.intake.test_runner import ListCarrier


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return neighbours(make_hub(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}"))


class FullBlobStore(FileBlobStore):
    """A disk that is full for the first files."""

    failures = 1

    def put_parts(self, parts: Iterable[bytes]) -> bytes:
        if self.failures:
            self.failures -= 1
            raise BlobError("blob: cannot be written")
        return super().put_parts(parts)


def a_runner(scene: Scene, carrier: ListCarrier, **stores: object) -> IntakeRunner:
    changed = dataclasses.replace(scene.hub.context.stores, **stores)  # type: ignore[arg-type]  # names of its fields
    assert isinstance(changed, Stores)
    context = dataclasses.replace(scene.hub.context, stores=changed)
    return IntakeRunner(context, carrier, Pace(most=10, linger_s=0), lambda _: pytest.fail("it waits"))


def damage_key(scene: Scene, made: Made) -> None:
    with scene.hub.database.session() as session:
        session.execute(update(Bundle).where(Bundle.bundle_id == made.bundle).values(content_key=b"\x00" * 60))


def states(scene: Scene) -> dict[bytes, str]:
    with scene.hub.database.reading() as session:
        return {row.bundle_id: row.state for row in session.scalars(select(Bundle))}


def test_a_damaged_row_stops_its_own_bundle_alone(scene: Scene) -> None:
    runner = a_runner(scene, carrier := ListCarrier())
    damaged, good = (scene.village.seal_application(SERVICE) for _ in range(2))
    runner.step([bundle_of(scene.village, damaged)])
    damage_key(scene, damaged)

    batch = [*chunks_of(scene.village, damaged), bundle_of(scene.village, good), *chunks_of(scene.village, good)]
    runner.step(batch)

    assert carrier.acknowledged[1:] == batch
    assert states(scene) == {damaged.bundle: "arrived", good.bundle: "whole"}


def test_an_attachment_that_cannot_be_joined_does_not_end_the_process(scene: Scene) -> None:
    runner = a_runner(scene, ListCarrier())
    damaged, good = (scene.village.seal_application(SERVICE) for _ in range(2))
    for made in (damaged, good):
        scene.hub.receive(bundle_of(scene.village, made), *chunks_of(scene.village, made))
    damage_key(scene, damaged)

    runner.sweep()

    assert states(scene) == {damaged.bundle: "arrived", good.bundle: "whole"}


def test_a_full_disk_at_joining_is_made_up_for_by_the_next_sweep(scene: Scene, tmp_path: Path) -> None:
    carrier = ListCarrier()
    runner = a_runner(scene, carrier, blobs=FullBlobStore(tmp_path / "blobs"))
    made = scene.village.seal_application(SERVICE)

    runner.step([bundle_of(scene.village, made), *chunks_of(scene.village, made)])
    runner.sweep()

    assert states(scene) == {made.bundle: "whole"}
    assert len(carrier.acknowledged) == 1 + len(made.chunks)


def test_an_unreachable_database_at_start_is_waited_for(scene: Scene) -> None:
    nobody_listens = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    runner = a_runner(scene, ListCarrier(), database=nobody_listens)

    runner.sweep()  # raises nothing: the loop goes on, and the next sweep tries again


def test_what_is_put_aside_is_counted(scene: Scene) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    context = dataclasses.replace(scene.hub.context, open_cases=stumble)
    runner = IntakeRunner(context, ListCarrier(), Pace(most=10, linger_s=0), lambda _: None)
    runner.step([bundle_of(scene.village, scene.village.seal_application(SERVICE))])

    with scene.hub.database.reading() as session:
        assert session.scalars(select(IntakeQuarantine.code)).one() == "put_aside"
        tally = session.scalars(select(IntakeTally)).one()
        assert (tally.received, tally.quarantined) == (1, 1)
