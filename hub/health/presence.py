"""Hears the nodes: births, heartbeats and deaths become presence, figures and series. One call, one transaction.

Rules:
1. Whatever comes in one batch costs a handful of statements: nodes with a heartbeat a minute are many.
2. What a node says concerns its own rows alone. A figure out of its range was refused before it came here.
3. A run of the program that comes back in a newer session, after another one came, proves two programs with one key
   (two PCs, a cloned disk). An old message that a carrier brings again has an old session, and proves nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from hub.health.rules import DEAD_AFTER, Known, Reported, hear
from hub.health.series import add_samples
from hub.health.series_rules import Value, merge, sample_of
from hub.health.tables import NodeRun, Presence
from hub.registry.records import NodeRecord, node_record
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node
from hub.storage.base import table_of
from protocol.health import Figures, Health, HealthKind
from protocol.ids import NodeId

MOST_RUNS = 6
"""Runs of one node that are remembered: two programs that throw each other out take turns within minutes."""

_FIGURES = tuple(Figures.__struct_fields__)
_COLUMNS = tuple(column.name for column in table_of(Presence).columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a birth, heartbeat or death changed."""

    node: NodeId
    is_new_session: bool
    """The node (re)connected: what waits for it may be sent now."""
    is_ignored: bool
    """A late will, or the same message again."""


def on_health(session: Session, now: datetime, health: Health) -> Heard:
    """Take a birth, a heartbeat or a death that the node signed."""
    return on_healths(session, now, [health])[0]


def on_healths(session: Session, now: datetime, healths: Sequence[Health]) -> list[Heard]:
    """Take births, heartbeats and deaths that their nodes signed, in the order in which they came."""
    names = sorted({str(health.node) for health in healths})
    table = table_of(Presence)
    wanted = select(table).where(table.c.node_id.in_(names)).order_by(table.c.node_id).with_for_update()
    rows: dict[str, dict[str, Any]] = {row["node_id"]: dict(row) for row in session.execute(wanted).mappings()}
    known, changed = set(rows), set[str]()
    samples: dict[str, dict[str, Value]] = {}
    heard, runs = [], list[Health]()
    for health in healths:
        name = str(health.node)
        before = rows.get(name)
        after = _after(before, health, now)
        heard.append(_heard(before, after, health))
        if after is None:
            continue
        rows[name] = after
        changed.add(name)
        merge(samples.setdefault(name, {}), sample_of(health))
        if _is_of_other_run(before, health):
            runs.append(health)
    _write(session, [rows[name] for name in sorted(changed - known)], [rows[name] for name in sorted(changed & known)])
    add_samples(session, now, samples)
    for health in runs:
        _note_run(session, now, health)
    return heard


def _is_of_other_run(before: dict[str, Any] | None, health: Health) -> bool:
    """Say whether a run is to be noted; a will was signed at connect and says nothing about who is there."""
    is_told = bool(health.run) and health.kind is not HealthKind.DEATH
    return is_told and (before is None or before["run"] != health.run)


def _heard(before: dict[str, Any] | None, after: dict[str, Any] | None, health: Health) -> Heard:
    if after is None:
        return Heard(node=health.node, is_new_session=False, is_ignored=True)
    is_new = before is None or after["session"] > before["session"]
    is_live = after["state"] == Reported.LIVE.value
    return Heard(node=health.node, is_new_session=is_new and is_live, is_ignored=False)


def _after(before: dict[str, Any] | None, health: Health, now: datetime) -> dict[str, Any] | None:
    """Return the row after a message, or None when the message changes nothing."""
    known = hear(None if before is None else _known(before), health, now)
    if known is None:
        return None
    row = {
        **(before or dict.fromkeys(_COLUMNS)),
        "node_id": str(health.node),
        "session": known.session,
        "state": known.reported.value,
        "born_at": known.born_at,
        "seen_at": known.seen_at,
        "claimed_ms": known.claimed_ms,
        "last_counter": known.last_counter,
    }
    if health.kind is HealthKind.DEATH and before is not None:
        return row  # a will was written at connect: its figures are old
    figures = health.figures or Figures()
    return row | {
        "program": health.program,
        "run": health.run,
        "waiting": health.waiting,
        "waiting_bytes": health.waiting_bytes,
        "oldest_waiting_s": health.oldest_waiting_s,
        "disk_free_mb": health.disk_free_mb,
        **{name: getattr(figures, name) for name in _FIGURES},
    }


def _known(row: dict[str, Any]) -> Known:
    return Known(
        session=row["session"],
        reported=Reported(row["state"]),
        born_at=row["born_at"],
        seen_at=row["seen_at"],
        claimed_ms=row["claimed_ms"],
        last_counter=row["last_counter"],
    )


def _write(session: Session, fresh: Sequence[dict[str, Any]], changed: Iterable[dict[str, Any]]) -> None:
    table = table_of(Presence)
    if fresh:
        session.execute(insert(table), fresh)
    values = [{**row, "the_node": row["node_id"]} for row in changed]
    if values:
        named: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS if name != "node_id"}
        statement = update(table).where(table.c.node_id == bindparam("the_node")).values(named)
        for value in values:
            del value["node_id"]
        session.connection().execute(statement, values)


def _note_run(session: Session, now: datetime, health: Health) -> None:
    """Remember which start of the program a session belongs to, and that one came back (rule 3)."""
    name = str(health.node)
    ordered = select(NodeRun).where(NodeRun.node_id == name).order_by(NodeRun.last_session.desc())
    rows = list(session.scalars(ordered))
    row = next((each for each in rows if each.run == health.run), None)
    if row is None:
        session.add(NodeRun(node_id=name, run=health.run, first_at=now, last_session=health.session, returned=0))
        old = [each.run for each in rows[MOST_RUNS - 1 :]]
        session.execute(delete(NodeRun).where(NodeRun.node_id == name, NodeRun.run.in_(old)))
    elif row is not rows[0]:
        row.returned, row.returned_at, row.last_session = row.returned + 1, now, health.session
    session.flush()


def reachable_nodes(session: Session, now: datetime) -> list[NodeRecord]:
    """Return the nodes in service that are connected, as far as the hub knows."""
    seen = Presence.seen_at > now - DEAD_AFTER
    live = (Presence.state == Reported.LIVE.value) & seen & (Node.status == NodeStatus.ACTIVE.value)
    wanted = select(Node).join(Presence, Presence.node_id == Node.node_id).where(live)
    return [node_record(row) for row in session.scalars(wanted.order_by(Node.node_id))]
