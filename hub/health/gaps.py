"""Finds the counters of bundles that the hub has no verdict about: "lacks bundles 118–119"."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.health.rules import Gap, find_gaps, without
from hub.intake.tables import Bundle, BundleReceipt
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.receipt import ReceiptKind, Subject
from protocol.wire import from_bytes

T = TypeVar("T")


def gaps_of(session: Session, behind: Mapping[str, int]) -> dict[str, list[Gap]]:
    """Return the gaps of nodes whose newest counter is beyond what was accepted, rejected bundles taken out.

    The database looks for the jumps: a node that has one rejected bundle is behind for ever, and its counters are many.
    """
    if not behind:
        return {}
    names = list(behind)
    before = func.lag(Bundle.counter, 1, 0).over(partition_by=Bundle.node_id, order_by=Bundle.counter)
    steps = select(Bundle.node_id, Bundle.counter, before.label("before")).where(among(Bundle.node_id, names))
    step = steps.subquery().c
    jumps = select(step.node_id, step.before, step.counter).where(step.counter > step.before + 1)
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in names}
    for name, left, right in session.execute(jumps.order_by(step.node_id, step.counter)):
        found.get(name, []).append((left, right))
    newest = select(Bundle.node_id, func.max(Bundle.counter)).where(among(Bundle.node_id, names))
    highest = pairs(session, newest.group_by(Bundle.node_id))
    gaps = {name: find_gaps(found[name], highest.get(name, 0), behind[name]) for name in names}
    rejected = _rejected(session, [name for name in names if gaps[name]])
    return {name: without(gaps[name], rejected.get(name, ())) for name in names}


def _rejected(session: Session, names: Collection[str]) -> dict[str, list[int]]:
    """Return the counters of rejected bundles: the hub has said no, so they are not missing."""
    found: dict[str, list[int]] = {}
    if not names:
        return found
    wanted = select(BundleReceipt.node_id, BundleReceipt.subject).where(
        BundleReceipt.kind == ReceiptKind.REJECTED.value, among(BundleReceipt.node_id, names)
    )
    for name, subject in session.execute(wanted):
        counter = from_bytes(subject, Subject, max_bytes=MAX_RECEIPT_BYTES).counter
        found.setdefault(name, []).append(counter)
    return found


def pairs(session: Session, wanted: Select[str, T]) -> dict[str, T]:
    """Return rows of two columns as a mapping."""
    return {row[0]: row[1] for row in session.execute(wanted)}


MOST_NAMES = 500
"""Beyond this many names, reading all rows is cheaper than naming them (and stays below limits of parameters)."""


def among(column: InstrumentedAttribute[str], names: Collection[str] | None) -> ColumnElement[bool]:
    """Return the condition that a column names one of these nodes; None stands for all of them."""
    if names is None or len(names) > MOST_NAMES:
        return column.is_not(None)
    return column.in_([str(name) for name in names])
