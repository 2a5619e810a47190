"""20 s of link, 40 s of nothing, again and again: what it costs until the scans are there."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.link.site import CHUNK, THIN, Site, open_site, wait
from tests.link.table import Row, at_most, told

UP_S, DOWN_S = 20.0, 40.0
IS_LONG = os.environ.get("LONG", "") == "1"
SCANS = 2_700_000 if IS_LONG else 600_000
"""About 30 minutes, or 7."""
LONGEST_S = 2_700.0 if IS_LONG else 1_200.0
HEADERS = 52
WASTE = 0.05


def measure(directory: Path) -> list[Row]:
    """Return the rows: one village hands in over a link that comes and goes. Nothing else is lost."""
    with open_site(directory) as site:
        site.link.cut()
        site.pc.program.stop()
        site.pc.start()
        officer = site.pc.officer()
        officer.sign_in()
        officer.submit(site.application(scans=SCANS))
        site.pc.program.stop()
        site.link.shape(replace(THIN, loss=0.0))
        before, began = site.link.figures(), time.monotonic()
        with _weather(site) as outages:
            site.pc.start()
            wait(lambda: site.receipt_times("whole"), "it never becomes whole", LONGEST_S)
        took, carried = time.monotonic() - began, site.link.figures().since(before).up
        useful = site.sealed_bytes()
    used = carried.sent - carried.refused
    wasted = used - carried.packets * HEADERS - useful
    allowed = WASTE * useful + len(outages) * CHUNK
    return [
        told(f"{useful / 1e6:.2f} MB whole after", took / 60, "min"),
        told("outages of 40 s meanwhile", float(len(outages))),
        told("bytes of the village that used the link, headers too", used / 1e3, "kB"),
        told("  offered while it was down, beside these", carried.refused / 1e3, "kB"),
        told("  of these packet headers", carried.packets * HEADERS / 1e3, "kB"),
        at_most("wasted: all but headers and the sealed bytes themselves", wasted / 1e3, allowed / 1e3, "kB"),
        told("  per outage", wasted / max(1, len(outages)) / 1e3, "kB"),
        told("  share of the useful bytes", wasted / useful, "%"),
    ]


@contextmanager
def _weather(site: Site) -> Iterator[list[float]]:
    """Let the link come and go; the list grows with each outage."""
    outages: list[float] = []
    over = threading.Event()

    def blow() -> None:
        site.link.restore()
        while not over.wait(UP_S):
            site.link.cut()
            outages.append(time.monotonic())
            if over.wait(DOWN_S):
                break
            site.link.restore()

    weather = threading.Thread(target=blow)
    weather.start()
    try:
        yield outages
    finally:
        over.set()
        weather.join()
        site.link.restore()
