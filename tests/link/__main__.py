"""``make link``: measures, prints the table, and ends with 1 when a bound is broken."""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from loadtests.emulator.tunnel import is_possible
from tests.link import backlog, crowd, flood, idle, outages, thin
from tests.link.table import Row, show

Part = Callable[[Path], list[Row]]

PARTS: Mapping[str, Part] = {
    "thin": thin.measure,
    "outages": outages.measure,
    "backlog": backlog.measure,
    "idle": idle.measure,
    "crowd": crowd.measure,
    "flood": flood.measure,
}


def main() -> int:
    """Measure what was asked for."""
    reader = argparse.ArgumentParser(prog="make link")
    reader.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    given = reader.parse_args()
    why = is_possible()
    emulator = "network namespaces, packets through our own tunnel" if not why else f"TCP relay, because {why}"
    print(f"link emulator: {emulator}; {platform.system()} {platform.release()}, Python {platform.python_version()}")
    broken = 0
    for name in given.only:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"simpul-link-{name}-") as directory:
            rows = PARTS[name](Path(directory))
        print(f"\n{name} ({time.monotonic() - began:.0f} s)\n{show(rows)}", flush=True)
        broken += sum(not row.holds for row in rows)
    print(f"\n{'all bounds hold' if not broken else f'{broken} bounds are BROKEN'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
