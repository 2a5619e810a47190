"""When the disk is called good, scarce, full or broken; a held file is tried again, another failure is not."""

import errno
from collections.abc import Iterable
from pathlib import Path

import pytest

from village_node.store.disk import TRIES, patiently
from village_node.store.space import MEGABYTE, SpaceRules, SpaceState, judge

RULES = SpaceRules()


@pytest.mark.parametrize(
    ("megabytes", "inodes", "error", "state"),
    [
        (5_000, 10_000, 0, SpaceState.GOOD),
        (5_000, None, 0, SpaceState.GOOD),
        (999, 10_000, 0, SpaceState.SCARCE),
        (149, 10_000, 0, SpaceState.FULL),
        (5_000, 199, 0, SpaceState.FULL),
        (0, 0, errno.ENOSPC, SpaceState.FULL),
        (5_000, 10_000, errno.EROFS, SpaceState.BROKEN),
        (5_000, 10_000, errno.EIO, SpaceState.BROKEN),
    ],
)
def test_a_disk_is_judged_by_room_inodes_and_a_write(
    megabytes: int, inodes: int | None, error: int, state: SpaceState
) -> None:
    assert judge(megabytes * MEGABYTE, inodes, error, RULES) is state


class PlayedDisk:
    """Fails so many times, and counts its pauses."""

    def __init__(self, failures: int, number: int) -> None:
        self.failures, self.number, self.pauses = failures, number, 0

    def create(self, path: Path, parts: Iterable[bytes], mode: int) -> int:
        raise NotImplementedError

    def replace(self, source: Path, target: Path) -> None:
        del source, target
        if self.failures:
            self.failures -= 1
            raise OSError(self.number, "held")

    def remove(self, path: Path) -> None:
        raise NotImplementedError

    def read(self, path: Path) -> bytes:
        raise NotImplementedError

    def pause(self, seconds: float) -> None:
        assert seconds < 1
        self.pauses += 1


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY])
def test_a_held_file_is_tried_again(number: int) -> None:
    disk = PlayedDisk(TRIES - 1, number)
    patiently(disk, lambda: disk.replace(Path("a"), Path("b")))
    assert disk.pauses == TRIES - 1


@pytest.mark.parametrize(
    ("failures", "number", "pauses"), [(TRIES, errno.EBUSY, TRIES - 1), (1, errno.ENOSPC, 0), (1, errno.EROFS, 0)]
)
def test_what_stays_held_or_is_full_is_a_failure(failures: int, number: int, pauses: int) -> None:
    disk = PlayedDisk(failures, number)
    with pytest.raises(OSError, match="held"):
        patiently(disk, lambda: disk.replace(Path("a"), Path("b")))
    assert disk.pauses == pauses
