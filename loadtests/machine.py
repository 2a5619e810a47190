"""What a measurement says about its machine, and what processes cost on it: read from the kernel, Linux only."""

import os
import platform
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SYNCS = 30
_PROC = Path("/proc")


def facts(directory: Path) -> dict[str, object]:
    """Return what every result names: processor, Python, how busy the machine is, and how fast its disk syncs."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_before": round(os.getloadavg()[0], 1),
        "sync_8k_us": _sync_us(directory),
    }


def cpu_s(pid: int) -> float:
    """Return the processor time of a process in seconds; 0 when it is gone."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process in MB; 0 when it is gone."""
    try:
        status = (_PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(found[0].split()[1]) / 1024 if found else 0.0


def family(root: int) -> dict[int, str]:
    """Return the ids and commands of a process and of all below it."""
    parents: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            parents.setdefault(_parent(entry), []).append(int(entry.name))
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        found[pid] = _command(pid)
        waiting += parents.get(pid, [])
    return found


def cpu_of(processes: Mapping[int, str]) -> dict[int, float]:
    """Return the processor time of each process so far."""
    return {pid: cpu_s(pid) for pid in processes}


def _parent(entry: Path) -> int:
    try:
        stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[1])


def _command(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def _sync_us(directory: Path) -> int:
    file, times = directory / "sync.probe", []
    with file.open("wb") as handle:
        for _ in range(_SYNCS):
            handle.write(bytes(8_192))
            handle.flush()
            start = time.perf_counter()
            os.fdatasync(handle.fileno())
            times.append(time.perf_counter() - start)
    file.unlink()
    return round(statistics.median(times) * 1e6)
