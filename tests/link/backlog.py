"""A month offline: 500 bundles in the outbox of a real node. What it holds in memory, and how it drains by itself."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import psutil
from sqlalchemy import select

from deploy.demo.cast import PIN
from hub.registry.service import lease_numbers
from hub.storage.engine import Database as HubDatabase
from loadtests.emulator.shape import Profile
from loadtests.forms import fill_form
from protocol.catalogue import Service
from protocol.ids import NodeId, OfficerId
from tests.link.pdf import pdf_of
from tests.link.site import THIN, Site, open_site, wait
from tests.link.table import Row, at_least, at_most, told
from village_node.app import open_node
from village_node.identity.hub import store_lease
from village_node.identity.officers import unlock
from village_node.identity.tables import Officer
from village_node.outbox.service import FileToSeal, SealCommand, seal_draft
from village_node.settings import Settings

BUNDLES, DAYS = 500, 30
IS_LONG = os.environ.get("LONG", "") == "1"
WEAK = Profile(rate_bps=512_000, delay_s=0.35, loss=0.01)
"""What a village has when its mobile link comes back; with LONG=1 it is the thin line of the issue."""
LARGE, SMALL = 120_000, 3_000
LARGE_EVERY = 20
NODE_MB = 130.0
DRAIN_S = 3_600.0
MEGABYTE = 2**20


def measure(directory: Path) -> list[Row]:
    """Return the rows."""
    with open_site(directory) as site:
        site.pc.program.stop()
        site.link.cut()
        _fill(site)
        site.pc.start()
        with _memory(site) as resident:
            time.sleep(20)
            offline_mb = max(resident)
            site.link.shape(THIN if IS_LONG else WEAK)
            site.link.restore()
            took = wait(lambda: len(site.receipt_times("whole")) >= BUNDLES, "it does not drain", DRAIN_S)
        order = _in_order(site)
        sealed, hub = site.sealed_bytes(), site.hub.evidence()
        received = len(set(hub.numbers()))
        asked = hub.tally().duplicate
    rate = (THIN if IS_LONG else WEAK).rate_bps
    return [
        told(f"{BUNDLES} bundles of {DAYS} days, sealed", sealed / 1e6, "MB"),
        at_most("node with all of them queued, offline", offline_mb, NODE_MB, "MB"),
        at_most("  while it drains, at most", max(resident), NODE_MB, "MB"),
        at_least("bundles at the hub, each once, nobody acted", float(received), float(BUNDLES), ""),
        told(f"drained over {rate / 1e3:.0f} kbit/s in", took / 60, "min"),
        told("  bytes of the outbox per second, of the link", sealed * 8 / took / rate, "%"),
        at_least("oldest first: neighbours received in the order of sealing", order, 0.95, "%"),
        told("forms asked about again", float(asked)),
    ]


def _fill(site: Site) -> None:
    """Seal 500 applications of 30 days with the node's own code, after the hub leased enough numbers."""
    node = NodeId(site.network.node_evidence[0].node_id())
    context = open_node(Settings(data_dir=site.pc.data_dir)).context
    database = HubDatabase(f"sqlite:///{site.hub.directory / 'data' / 'hub.db'}")
    now = context.clock.now()
    with database.session() as session:
        lease = lease_numbers(session, node, now.year, BUNDLES)
    with context.database.session() as session:
        store_lease(session, now, lease)
        officer = session.scalars(select(Officer.officer_id)).first() or ""
    unlocked = unlock(context.database, context.clock, context.randomness, OfficerId(officer), PIN)
    random = Random(5)
    for number in range(BUNDLES):
        past = _Past(now - timedelta(days=DAYS) * (BUNDLES - number) / BUNDLES)
        sealer = replace(context.sealer, clock=past)
        with context.database.session() as session:
            seal_draft(session, sealer, unlocked, _command(site.service, random, number))
    context.database.dispose()


def _command(service: Service, random: Random, number: int) -> SealCommand:
    form = fill_form(service, random)
    content = pdf_of(random.randbytes(LARGE if number % LARGE_EVERY == 0 else SMALL))
    files = [
        FileToSeal(requirement=each.key, name="s.pdf", media_type="application/pdf", read=lambda: content)
        for each in form.requirements
    ]
    return SealCommand(
        service=service,
        applicant=form.applicant,
        answers=form.answers,
        handed_in=[each.key for each in form.requirements],
        attachments=files,
    )


class _Past:
    """A clock that stands at one moment of the month."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def now_ms(self) -> int:
        return int(self._at.timestamp() * 1_000)

    def elapsed_ms(self) -> int:
        return self.now_ms()


def _in_order(site: Site) -> float:
    """Return the share of neighbours in the outbox whose forms the hub received in the order of sealing."""
    rows = site.hub.evidence().rows("SELECT counter FROM bundle ORDER BY ledger_index")
    counters = [int(str(counter)) for (counter,) in rows]
    return sum(first < second for first, second in pairwise(counters)) / (len(counters) - 1)


@contextmanager
def _memory(site: Site) -> Iterator[list[float]]:
    """Watch the resident memory of the node's process, in MB."""
    seen, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            process = site.pc.program.process
            if process is not None:
                seen.append(psutil.Process(process.pid).memory_info().rss / MEGABYTE)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
