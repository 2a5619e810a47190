"""A village with nothing to send: what a day of it costs on the wire, everything included."""

import os
import time
from pathlib import Path

from tests.link.site import open_site, wait
from tests.link.table import Row, at_most, told

PERIOD_S = 300
"""Heartbeats and beacons come once in this time: whole periods are measured."""
PERIODS = 6 if os.environ.get("LONG", "") == "1" else 2
DAY_S = 86_400
BOUND_MB = 1.0
MAILS, MAIL_BYTES = 24, 1_500
"""Mail goes once an hour; an hour is not waited for."""


def measure(directory: Path) -> list[Row]:
    """Return the rows, with the settings as they are shipped."""
    with open_site(directory) as site:
        wait(lambda: site.events("mqtt.up"), "no link", 30)
        greeted = site.link.figures()
        time.sleep(20)
        before = site.link.figures()
        time.sleep(PERIODS * PERIOD_S)
        used = site.link.figures().since(before)
        connecting = before.since(greeted)
    day = used.sent / (PERIODS * PERIOD_S) * DAY_S + MAILS * MAIL_BYTES
    return [
        told(f"measured for {PERIODS * PERIOD_S / 60:.0f} minutes: up", float(used.up.sent), "B"),
        told("  down", float(used.down.sent), "B"),
        told("  packets", float(used.up.packets + used.down.packets)),
        told("after a connect, once (birth, mail, notices)", float(connecting.sent), "B"),
        at_most("idle traffic of a day, IP, TCP and TLS included", day / 1e6, BOUND_MB, "MB"),
    ]
