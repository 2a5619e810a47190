"""Gives hostile items to a parser and says where it crashes, is slow, or is greedy. Runs as a process of its own."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.simpul_verify import Refuted
from protocol.errors import ProtocolError
from tests.fuzz.corpus import items, samples
from village_node.register.spreadsheet import FileError

MOST_CPU_S = 1.0
MOST_MEMORY_KIB = 64 * 1024
ANSWERS = (ProtocolError, FileError, Refuted)
"""How a parser says no."""


@dataclass(frozen=True)
class Harm:
    """What one item did to a parser."""

    target: str
    what: str
    item: str
    """The first bytes, in hex; the corpus makes the whole again."""


def probe(target: str, parse: Callable[[bytes], object], raw: bytes) -> Harm | None:
    """Parse one item and look what it cost (P13)."""
    memory, began = _peak_kib(), time.process_time()
    try:
        parse(raw)
    except ANSWERS:
        pass
    except Exception as error:  # noqa: BLE001  # this is what we look for
        return Harm(target, f"raised {type(error).__name__}", raw[:60].hex())
    if time.process_time() - began > MOST_CPU_S:
        return Harm(target, "took more than a second of CPU", raw[:60].hex())
    if _peak_kib() - memory > MOST_MEMORY_KIB:
        return Harm(target, "took more than 64 MiB", raw[:60].hex())
    return None


def _peak_kib() -> int:
    """Return the peak of this program's own memory; what ``getrusage`` says begins with that of whoever started us."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Probe every target with its corpus and print what was found, as JSON."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415  # the targets need hundreds of modules, the probe none

    genuine = samples()
    harms: list[Harm] = []
    count = 0
    for name, parse in TARGETS.items():
        for raw in items(name, parse, genuine):
            harm = probe(name, parse, raw)
            count += 1
            if harm is not None:
                harms.append(harm)
    json.dump({"items": count, "targets": len(TARGETS), "harms": [asdict(each) for each in harms]}, sys.stdout)


if __name__ == "__main__":
    main()
