"""A hub's database with as many cases as a regency has in years: rows as the hub would have written them, seeded.

Written by an outsider, in plain SQL: what is sealed is random bytes, so lists can be measured and no page of a case.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any, Protocol

DAY_MS = 86_400_000
OPEN_SHARE = 0.2
"""Of all cases: the rest is closed. A regency that keeps its promises has far less."""

FRONT = ("front_office", "one-stop")
HEAD = ("head", "one-stop")
Stages = tuple[tuple[str, str, str, str], ...]
"""Key, action, role, office; ``{s}`` is the subdistrict, ``{v}`` the village."""

_ENDING: Stages = (
    ("draft", "draft", *FRONT),
    ("initials", "initials", "division_head", "one-stop"),
    ("decision", "decision", *HEAD),
    ("signature", "signature", *HEAD),
    ("handover", "handover", "village_officer", "village.{v}"),
)
SERVICES: Mapping[str, Stages] = {
    "SIP-BD": (
        ("completeness", "completeness", *FRONT),
        ("health_view", "recommendation", "agency_clerk", "agency.dinkes"),
        *_ENDING,
    ),
    "REKLAME": (
        ("completeness", "completeness", *FRONT),
        ("technical_view", "recommendation", "agency_clerk", "agency.dpupr"),
        ("order_view", "recommendation", "agency_clerk", "agency.satpol-pp"),
        *_ENDING,
    ),
    "PM": (("completeness", "completeness", *FRONT), *_ENDING),
    "KK": (
        ("completeness", "completeness", "front_office", "civil-registry"),
        ("recording", "recording", "front_office", "civil-registry"),
        ("decision", "decision", "head", "civil-registry"),
        ("handover", "handover", "village_officer", "village.{v}"),
    ),
    "PERHELATAN": (
        ("completeness", "completeness", "subdistrict_officer", "subdistrict.{s}"),
        ("draft", "draft", "subdistrict_officer", "subdistrict.{s}"),
        ("decision", "decision", "head", "subdistrict.{s}"),
        ("handover", "handover", "village_officer", "village.{v}"),
    ),
}
VILLAGES = tuple(f"33.14.{s:02d}.{2001 + v}" for s in range(1, 21) for v in range(10))


class Writer(Protocol):
    """Puts rows into one table of a database."""

    def write(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows that all have the same columns."""
        ...


@dataclass(frozen=True, kw_only=True)
class Seed:
    """What is made: so many cases, ending at this time."""

    cases: int
    now_ms: int
    random: Random


def fill(writer: Writer, seed: Seed, batch: int = 2_000) -> None:
    """Write all cases with their stages, clocks and marks."""
    for start in range(0, seed.cases, batch):
        tables: dict[str, list[dict[str, Any]]] = {}
        for number in range(start, min(start + batch, seed.cases)):
            for table, row in rows_of(number, seed):
                tables.setdefault(table, []).append(row)
        for table, rows in tables.items():
            writer.write(table, rows)


def rows_of(number: int, seed: Seed) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and row of everything that one case has, in the order of foreign keys."""
    random = seed.random
    village = random.choice(VILLAGES)
    service = random.choices(tuple(SERVICES), (30, 15, 10, 35, 10))[0]
    received = seed.now_ms - (seed.cases - number) * 3 * 365 * DAY_MS // seed.cases
    places = [
        (key, action, role, office.format(s=village[:8], v=village)) for key, action, role, office in SERVICES[service]
    ]
    is_open = number > seed.cases * (1 - OPEN_SHARE) or random.random() < OPEN_SHARE / 10
    at = random.randrange(len(places)) if is_open else len(places)
    yield from _case_rows(number, (village, service, received), places, at, random)
    yield from _stage_rows(_case_id(number), received, places, at, random)
    yield from _clock_rows(_case_id(number), received, places, at, random)
    for mark in _marks(number, random):
        yield "case_word", {"value": mark, "case_id": _case_id(number)}


def mark_of(word: int) -> bytes:
    """Return a mark as the hub would keep it: equal words, equal marks."""
    return sha256(b"word %d" % word).digest()[:16]


def _case_id(number: int) -> str:
    return f"01SEED{number:020d}"


def _number(number: int) -> str:
    return f"3314-26-{number:07d}-{number % 97:02d}"


def _case_rows(
    number: int, about: tuple[str, str, int], places: list[tuple[str, str, str, str]], at: int, random: Random
) -> Iterable[tuple[str, dict[str, Any]]]:
    village, service, received = about
    bundle_id, is_closed = sha256(b"bundle %d" % number).digest(), at == len(places)
    bundle = {
        "bundle_id": bundle_id,
        "node_id": f"{village.replace('.', '')}-01",
        "counter": number,
        "registration_no": _number(number),
        "officer_id": "o-0123456789ABCDEF",
        "village": village,
        "service": service,
        "service_version": 1,
        "received_at": received,
        "claimed_ms": received - 60_000,
        "ledger_index": number,
        "data_key": random.randbytes(65),
        "signed": random.randbytes(700),
        "content_key": random.randbytes(60),
        "state": "whole",
        "whole_at": received,
        "flags": "",
        "corrects": None,
    }
    case = {
        "case_id": _case_id(number),
        "bundle_id": bundle_id,
        "registration_no": _number(number),
        "village": village,
        "subdistrict": village[:8],
        "service": service,
        "service_version": 1,
        "front_office": places[0][3],
        "state": "closed" if is_closed else "received" if at == 0 else "in_progress",
        "outcome": "issued" if is_closed else "",
        "round": 1,
        "received_at": received,
        "completed_at": received + DAY_MS // 8 if at else None,
        "decided_at": received + 4 * DAY_MS if is_closed else None,
        "closed_at": received + 5 * DAY_MS if is_closed else None,
        "changed_at": received,
        "applicant": random.randbytes(180),
        "tracking": random.randbytes(32),
        "version_id": at + 1,
    }
    yield "bundle", bundle
    yield "case_file", case
    yield "case_bundle", {"case_id": _case_id(number), "position": 0, "bundle_id": bundle_id}


def _stage_rows(
    case_id: str, received: int, places: list[tuple[str, str, str, str]], at: int, random: Random
) -> Iterable[tuple[str, dict[str, Any]]]:
    for position, (key, action, role, office) in enumerate(places):
        opened = received + position * DAY_MS // 2
        state = "done" if position < at else random.choice(("open", "open", "taken")) if position == at else "waiting"
        yield (
            "case_stage",
            {
                "case_id": case_id,
                "stage": key,
                "seat": 0,
                "position": position,
                "action": action,
                "role": role,
                "office": office,
                "state": state,
                "since": opened,
                "opened_at": None if state == "waiting" else opened,
                "proposed_to": None,
                "taken_by": None,
                "taken_at": None,
                "done_by": None,
                "done_at": opened if state == "done" else None,
                "outcome": "done" if state == "done" else "",
                "reference": "",
            },
        )


def _clock_rows(
    case_id: str, received: int, places: list[tuple[str, str, str, str]], at: int, random: Random
) -> Iterable[tuple[str, dict[str, Any]]]:
    clocks = [("", places[0][3], at > 0, at == len(places), 7)]
    clocks += [(key, office, position <= at, position < at, 2) for position, (key, _, _, office) in enumerate(places)]
    for stage, office, is_begun, is_over, days in clocks:
        if is_begun:
            is_paused = not is_over and random.random() < 0.1  # noqa: PLR2004  # a tenth waits for an applicant
            due = None if is_paused else received + random.randrange(days * 40) * DAY_MS // 10
            yield (
                "case_clock",
                {
                    "case_id": case_id,
                    "stage": stage,
                    "office": office,
                    "limit_days": days,
                    "started_at": received,
                    "stopped_at": received + DAY_MS if is_over else None,
                    "is_paused": is_paused,
                    "due_at": due,
                    "missing_year": None,
                    "calendar_version": 1,
                    "deemed_days": None,
                    "deemed_at": None,
                    "level": 0,
                    "deemed_level": 0,
                    "next_alarm_at": None,
                },
            )


def _marks(number: int, random: Random) -> set[bytes]:
    """Return marks of a common name, a rarer one, and one that is nearly the case's own."""
    words = (random.randrange(50), 1_000 + random.randrange(5_000), 100_000 + number // 2)
    return {mark_of(word) for word in words}
