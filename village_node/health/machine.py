"""Reads the figures of this PC: memory, disk, power. The same on Linux and Windows; what a system hides is unknown.

psutil reads them; a PC without battery has none, and one whose battery cannot be read is no reason to be silent.
"""

from dataclasses import dataclass
from pathlib import Path

import psutil

from village_node.store.errors import StorageError

MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The figures of one moment; None where the system does not say."""

    ram_free_mb: int
    disk_free_mb: int
    disk_total_mb: int
    battery_percent: int | None = None
    on_mains: bool | None = None


def read_machine(data_dir: Path) -> Machine:
    """Return the figures of now; the disk is the one on which the data lies.

    Raises:
        StorageError: the disk cannot be asked.
    """
    try:
        disk = psutil.disk_usage(str(data_dir))
    except OSError as error:
        raise StorageError(f"disk: {type(error).__name__}") from error
    percent, on_mains = _power()
    return Machine(
        ram_free_mb=psutil.virtual_memory().available // MEGABYTE,
        disk_free_mb=disk.free // MEGABYTE,
        disk_total_mb=disk.total // MEGABYTE,
        battery_percent=percent,
        on_mains=on_mains,
    )


def _power() -> tuple[int | None, bool | None]:
    """Return the charge of battery or UPS and whether the wall gives power."""
    try:
        battery = psutil.sensors_battery()
    except (OSError, AttributeError, NotImplementedError, ValueError):
        return None, None  # psutil has no such function on some systems, and some drivers write nonsense
    if battery is None:
        return None, None
    return min(100, max(0, round(battery.percent))), battery.power_plugged
