"""The nodes of a whole province in a hub's database: all of Jawa Tengah, 8,563 villages, in states as on a bad day."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from loadtests.seed import DAY_MS, Writer

VILLAGES_OF_PROVINCE = 8_563
"""Kepmendagri 300.2.2-2138/2025: 7,810 desa and 753 kelurahan in Jawa Tengah."""
REGENCIES, SUBDISTRICTS, VILLAGES = 35, 17, 15
"""About as many of each in the next larger one, as the province has them."""
STALE_SHARE, DEAD_SHARE, NEVER_SHARE, LOST_SHARE = 0.01, 0.03, 0.01, 0.005


@dataclass(frozen=True, kw_only=True)
class Province:
    """How many nodes, from when on, and from which seed."""

    nodes: int
    now_ms: int
    random: Random


def villages(count: int) -> Iterator[str]:
    """Yield village codes: those of the regency that the hub is for stand among them."""
    found = 0
    for regency in range(1, REGENCIES + 1):
        for subdistrict in range(1, SUBDISTRICTS + 1):
            for village in range(VILLAGES):
                if found == count:
                    return
                found += 1
                yield f"33.{regency:02d}.{subdistrict:02d}.{2001 + village}"


def fill_province(writer: Writer, province: Province) -> None:
    """Write the nodes with what the hub knows of them."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for village in villages(province.nodes):
        for table, row in _rows(village, province):
            tables.setdefault(table, []).append(row)
    for table in ("node", "node_certificate", "intake_tally", "presence"):
        writer.write(table, tables[table])


def _rows(village: str, province: Province) -> Iterator[tuple[str, dict[str, Any]]]:
    random, now, name = province.random, province.now_ms, f"{village.replace('.', '')}-01"
    accepted = random.randrange(400)
    yield (
        "node",
        {
            "node_id": name,
            "village": village,
            "serial": 1,
            "signing_key": random.randbytes(32),
            "signing_kid": random.randbytes(16),
            "sealing_key": random.randbytes(32),
            "status": "active",
            "program": "1.0",
            "enrolled_at": now - 90 * DAY_MS,
            "mail_cursor": 12,
            "free_numbers": 140,
            "lease_notice": 0,
        },
    )
    yield (
        "node_certificate",
        {
            "serial": random.randbytes(16).hex(),
            "node_id": name,
            "public_key": random.randbytes(32),
            "trust": random.randbytes(32),
            "issued_at": now - 30 * DAY_MS,
            "expires_at": now + random.randrange(20, 60) * DAY_MS,
        },
    )
    yield (
        "intake_tally",
        {
            "node_id": name,
            "received": accepted,
            "accepted": accepted,
            "duplicate": 0,
            "rejected": 0,
            "quarantined": 0,
        },
    )
    if random.random() >= NEVER_SHARE:
        yield "presence", _presence(name, accepted, province)


def _presence(name: str, accepted: int, province: Province) -> dict[str, Any]:
    random, now = province.random, province.now_ms
    fate = random.random()
    state = "dead" if fate < DEAD_SHARE else "live"
    silent_ms = 900_000 if DEAD_SHARE <= fate < DEAD_SHARE + STALE_SHARE else random.randrange(200_000)
    lost = random.random() < LOST_SHARE
    return {
        "node_id": name,
        "session": now - DAY_MS,
        "state": state,
        "born_at": now - DAY_MS,
        "seen_at": now - silent_ms,
        "claimed_ms": now - silent_ms,
        "program": "1.0",
        "run": b"",
        "last_counter": accepted + (2 if lost else 0),
        "waiting": 0 if lost else random.choice((0, 0, 0, 1, 3)),
        "waiting_bytes": 0,
        "oldest_waiting_s": random.randrange(3_000),
        "disk_free_mb": random.randrange(400, 90_000),
    }
