"""Whether this disk still takes what an officer is about to write: asked before the resident has told the story.

Rules:
1. Three questions, worst answer first: does a small file get written durably (read-only, failing disk, no inode left)?
   Are there bytes and inodes for one whole application? Are there enough for a week?
2. One application may bring 60 MB of files, which lie here twice for a moment (draft and sealed): below 150 MB nothing
   new is begun. What is begun already may go on; it is refused only when the disk itself refuses.
3. A good answer is believed for a while, a bad one is asked again at once: freed space counts without a restart.
"""

import os
import shutil
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from village_node.store.disk import SYSTEM_DISK, Disk, write_durably
from village_node.store.errors import DomainError
from village_node.store.ports import Clock

MEGABYTE = 2**20
PROBE = "space.probe"
PROBE_BYTES = 4_096


class SpaceState(StrEnum):
    """How the disk is."""

    GOOD = "good"
    SCARCE = "scarce"  # a week or less: tell, do not block
    FULL = "full"  # not enough for one whole application
    BROKEN = "broken"  # read-only, failing, or held by another program


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceRules:
    """Where the states begin. Bytes and inodes."""

    block_bytes: int = 150 * MEGABYTE
    warn_bytes: int = 1_000 * MEGABYTE
    """A week of a busy village: 100 applications with 3 MB of scans, three times."""
    block_inodes: int = 200
    believe_ms: int = 15_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """What was found. ``free_inodes`` is None where a file system does not count them."""

    state: SpaceState
    free_bytes: int
    free_inodes: int | None
    errno: int = 0

    @property
    def may_begin(self) -> bool:
        """Whether a new application may be begun."""
        return self.state in {SpaceState.GOOD, SpaceState.SCARCE}


class NoSpaceError(DomainError):
    """No new application while the disk takes nothing more."""

    code = "no_space"


def judge(free_bytes: int, free_inodes: int | None, errno: int, rules: SpaceRules) -> SpaceState:
    """Return the state for these figures (rules 1, 2); ``errno`` is that of the write that was tried, 0 when well."""
    if free_bytes < rules.block_bytes or (free_inodes is not None and free_inodes < rules.block_inodes):
        return SpaceState.FULL
    if errno:
        return SpaceState.BROKEN
    return SpaceState.SCARCE if free_bytes < rules.warn_bytes else SpaceState.GOOD


def measure(directory: Path, rules: SpaceRules | None = None, disk: Disk = SYSTEM_DISK) -> Space:
    """Look at the disk that this folder lies on, and write a small file to it."""
    rules = rules or SpaceRules()
    errno = _try_to_write(directory, disk)
    try:
        free_bytes, free_inodes = shutil.disk_usage(directory).free, _free_inodes(directory)
    except OSError as error:
        return Space(state=SpaceState.BROKEN, free_bytes=0, free_inodes=None, errno=error.errno or errno)
    state = judge(free_bytes, free_inodes, errno, rules)
    return Space(state=state, free_bytes=free_bytes, free_inodes=free_inodes, errno=errno)


class SpaceWatch:
    """Remembers the last answer for the pages of one program; safe for several threads (rule 3)."""

    def __init__(
        self, directory: Path, clock: Clock, rules: SpaceRules | None = None, disk: Disk = SYSTEM_DISK
    ) -> None:
        """Take the data folder; nothing is measured yet."""
        self._directory, self._clock, self._disk = directory, clock, disk
        self._rules = rules or SpaceRules()
        self._lock = threading.Lock()
        self._last: Space | None = None
        self._at_ms = 0

    def look(self) -> Space:
        """Return how the disk is now."""
        with self._lock:
            now = self._clock.elapsed_ms()
            last = self._last
            if last is None or not last.may_begin or now - self._at_ms >= self._rules.believe_ms:
                last = measure(self._directory, self._rules, self._disk)
                self._last, self._at_ms = last, now
            return last


def _try_to_write(directory: Path, disk: Disk) -> int:
    probe = directory / PROBE
    try:
        write_durably(probe, [bytes(PROBE_BYTES)], disk=disk)
        disk.remove(probe)
    except OSError as error:
        return error.errno or -1
    return 0


def _free_inodes(directory: Path) -> int | None:
    if os.name == "nt":
        return None
    found = os.statvfs(directory)
    return found.f_favail if found.f_files else None
