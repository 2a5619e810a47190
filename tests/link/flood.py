"""One village floods the hub with 200 bundles a second, for ever new: what the others feel of it (fault A14)."""

import multiprocessing
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import quantiles

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from loadtests.administrators import Administrators
from loadtests.enrol import Enrolled, enrol
from loadtests.link import VillageLink
from loadtests.processes import LocalHub
from loadtests.village import Made
from protocol.mailbox import NumberLease
from protocol.topics import Up, up
from tests.link.site import wait
from tests.link.table import Row, at_most, told

QUIET = 8
ROUNDS, ROUND_S = 4, 10.0
EVERY_S = 0.8
"""Each quiet village hands in this often: 10 forms a second in all, a busy regency's whole day in an hour."""
FLOOD_PER_S = 200
FLOOD = 3_000
TURNS = int(ROUND_S / EVERY_S)
SERVICE = "D-DOM"
SLOWER = 0.10


@dataclass(frozen=True, kw_only=True)
class _Flood:
    """What the flooding process needs."""

    port: int
    files: tuple[str, str, str]
    client_id: str
    topic: str
    messages: Sequence[bytes]


def measure(directory: Path) -> list[Row]:
    """Return the rows: rounds without and with the flood in turn."""
    hub = LocalHub(directory=directory / "hub")
    hub.ask("init")
    hub.start()
    try:
        administrators = Administrators.employ(hub)
        enrolled = [
            enrol(hub, code, directory / "nodes", administrators=administrators, random=Random(code))
            for code in administrators.villages()[: QUIET + 1]
        ]
        return _compare(hub, enrolled[:QUIET], enrolled[QUIET])
    finally:
        hub.stop()


def _compare(hub: LocalHub, quiet: Sequence[Enrolled], loud: Enrolled) -> list[Row]:
    flood = _prepare(hub, loud)
    links = [VillageLink(each, hub.broker_port) for each in quiet]
    calm: list[list[float]] = []
    loaded: list[float] = []
    try:
        _round(links)  # warm up
        for _ in range(ROUNDS):
            calm.append(_round(links))
            process = multiprocessing.get_context("spawn").Process(target=_flood, args=(flood,))
            process.start()
            time.sleep(1.5)
            loaded += _round(links)
            process.join()
    finally:
        for link in links:
            link.close()
    still = [value for each in calm for value in each]
    before, after, rounds = _p95_ms(still), _p95_ms(loaded), [_p95_ms(each) for each in calm]
    noise = max(rounds) - min(rounds)
    return [
        told(f"receipts of {QUIET} villages without a flood, p95 of {len(still)}", before, "ms"),
        told("  from round to round it differs by (what else runs here)", noise, "ms"),
        at_most(f"  with {FLOOD_PER_S} bundles a second from a ninth", after, before * (1 + SLOWER) + noise, "ms"),
        told("  median without and with", f"{_median_ms(still):.1f} and {_median_ms(loaded):.1f} ms"),
    ]


def _prepare(hub: LocalHub, loud: Enrolled) -> _Flood:
    """Seal the flood beforehand: well-signed bundles under numbers that nobody leased."""
    village = loud.village
    village.numbers = [NumberLease(year=2026, first=900_000, last=900_000 + FLOOD)]
    service = next(each for each in loud.services if each.code == SERVICE)
    return _Flood(
        port=hub.broker_port,
        files=(str(loud.ca_file), str(loud.cert_file), str(loud.key_file)),
        client_id=str(village.node),
        topic=up(village.node, Up.BUNDLE),
        messages=[village.seal_application(service).message for _ in range(FLOOD)],
    )


def _flood(flood: _Flood) -> None:
    """Publish at the flood's rate for one round, from a process of its own."""
    authority, certificate, key = flood.files
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    client = Client(CallbackAPIVersion.VERSION2, flood.client_id, clean_session=False, protocol=MQTTv311)
    client.tls_set_context(context)
    client.max_inflight_messages_set(1_000)
    client.connect("127.0.0.1", flood.port)
    client.loop_start()
    began = time.monotonic()
    for number, message in enumerate(flood.messages):
        time.sleep(max(0.0, began + number / FLOOD_PER_S - time.monotonic()))
        client.publish(flood.topic, message, qos=1)
        if time.monotonic() - began > ROUND_S + 2:
            break
    client.disconnect()
    client.loop_stop()


def _round(links: Sequence[VillageLink]) -> list[float]:
    """Let every quiet village hand in regularly and return how long each waited for its receipt."""
    sealed = [_seal(link, TURNS) for link in links]
    sent: dict[tuple[int, int], float] = {}
    for link in links:
        link.receipts.clear()
    began = time.perf_counter()
    for turn in range(TURNS):
        for place, link in enumerate(links):
            at = began + turn * EVERY_S + place * EVERY_S / len(links)
            time.sleep(max(0.0, at - time.perf_counter()))
            sent[place, turn] = time.perf_counter()
            link.send([sealed[place][turn].message])
    wait(lambda: all(len(link.receipts) >= TURNS for link in links), "receipts are missing", 60)
    return [
        came - sent[place, turn] for place, link in enumerate(links) for turn, (came, _) in enumerate(link.receipts)
    ]


def _seal(link: VillageLink, count: int) -> list[Made]:
    village = link.enrolled.village
    link.lease_numbers(village.counter + count)
    service = next(each for each in link.enrolled.services if each.code == SERVICE)
    return [village.seal_application(service) for _ in range(count)]


def _p95_ms(values: list[float]) -> float:
    return quantiles(values, n=20)[18] * 1_000


def _median_ms(values: list[float]) -> float:
    return quantiles(values, n=2)[0] * 1_000
