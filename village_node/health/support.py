"""The support file: what an administrator may be shown of this PC. Codes, counts and times; nothing that was typed.

Rules:
1. Every value is a number, a time, a stable code, or a name that the hub gave (node, broker). No name of a person, no
   path (it holds the name of a Windows user), no text of an application, no file name, no key.
2. The newest of each list only: it has 5 to 15 KB and never more than a mail takes.
3. A test fills a node with marked words everywhere and looks for them in here.
"""

import json
import platform
from datetime import datetime

from sqlalchemy.orm import Session

from protocol.limits import MAX_ANSWER_BYTES
from village_node import PROGRAM
from village_node.health.machine import read_machine
from village_node.health.place import Place, Sight, look_at
from village_node.identity.hub import find_enrolled
from village_node.identity.officers import list_officers
from village_node.inbox.backup import backed_up_entries, backup_noted_at
from village_node.inbox.link import list_attempts
from village_node.outbox import queries
from village_node.outbox.doctor import diagnose_road
from village_node.outbox.rate import measured_rate

MOST_ITEMS = 60

Json = dict[str, object]


def support_file(place: Place) -> bytes:
    """Return the file as JSON, at most as large as an answer to the hub may be (rule 2).

    Raises:
        StorageError: the store cannot be read, or the disk cannot be asked.
    """
    with place.database.reading() as session:
        sight = look_at(session, place)
        figures = {
            **_program(place, sight),
            "link": _link(session, place, sight),
            "machine": _machine(place, sight),
            "outbox": _outbox(session),
            "officers": _officers(session),
            "backup": {"entries": backed_up_entries(session), "noted": _time(backup_noted_at(session))},
            "flags": [{"code": each.code, "times": each.times} for each in queries.list_flags(session)],
        }
        items = _items(session)
    return _fitted(figures, items)


def _fitted(figures: Json, items: list[Json]) -> bytes:
    """Return the file with as many items as fit."""
    while True:
        raw = (json.dumps({**figures, "items": items}, indent=1) + "\n").encode()
        if len(raw) <= MAX_ANSWER_BYTES or not items:
            return raw
        items = items[: len(items) // 2]


def _program(place: Place, sight: Sight) -> Json:
    settings, found = place.settings, diagnose_road(sight.road)
    return {
        "program": PROGRAM,
        "at": _time(sight.road.now),
        "system": {"name": platform.system(), "release": platform.release(), "python": platform.python_version()},
        "settings": {
            "keepalive_s": settings.keepalive_s,
            "heartbeat_s": settings.heartbeat_s,
            "lock_after_s": settings.lock_after_s,
            "remote_requests": settings.remote_requests,
            "broker_transport": settings.broker_transport,
        },
        "clock": {"state": str(sight.clock.state), "off_by_s": int(sight.clock.off_by.total_seconds())},
        "certificate": sight.road.certificate,
        "cause": str(found.cause) if found else None,
    }


def _link(session: Session, place: Place, sight: Sight) -> Json:
    enrolled, state = find_enrolled(session), queries.home(session)
    return {
        "node": str(enrolled.node) if enrolled else None,
        "broker": f"{enrolled.broker_host}:{enrolled.broker_port}" if enrolled else None,
        "state": str(state.link),
        "reason": sight.road.reason,
        "since": _time(state.link_since),
        "last_answer": _time(sight.road.last_answer_at),
        "last_beacon": _time(sight.road.last_beacon_at),
        "round_trip_ms": place.meter.round_trip_ms(),
        "lost_percent": place.meter.lost_percent(),
        "bits_per_second": measured_rate(session, sight.road.now),
        "tries": [
            {"outcome": run.outcome, "times": run.times, "first": _time(run.first_at), "last": _time(run.last_at)}
            for run in list_attempts(session)
        ],
    }


def _machine(place: Place, sight: Sight) -> Json:
    machine = read_machine(place.settings.data_dir)
    return {
        "disk": str(sight.space.state),
        "disk_errno": sight.space.errno,
        "disk_free_mb": machine.disk_free_mb,
        "disk_total_mb": machine.disk_total_mb,
        "free_inodes": sight.space.free_inodes,
        "ram_free_mb": machine.ram_free_mb,
        "battery_percent": machine.battery_percent,
        "on_mains": machine.on_mains,
    }


def _outbox(session: Session) -> Json:
    state = queries.home(session)
    return {
        "waiting": state.waiting,
        "waiting_bytes": state.waiting_bytes,
        "oldest_waiting": _time(state.oldest_waiting_at),
        "rejected": state.rejected,
        "last_receipt": _time(state.last_success_at),
        "free_numbers": state.free_numbers,
    }


def _items(session: Session) -> list[Json]:
    """Return the newest items by counter: how far each is, and the code where one was refused."""
    return [
        {
            "counter": row.counter,
            "step": str(row.step),
            "code": row.code,
            "attempts": row.attempts,
            "percent": row.percent,
            "sealed": _time(row.sealed_at),
            "last_sent": _time(row.last_sent_at),
        }
        for row in queries.list_items(session, limit=MOST_ITEMS)
    ]


def _officers(session: Session) -> Json:
    rows = list_officers(session)
    return {"known": len(rows), "certified": sum(row.certified for row in rows)}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
