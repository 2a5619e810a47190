"""The accounting of bundle messages per node: received = accepted + duplicate + rejected + quarantined, always (P8)."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hub.intake.rules import Outcome
from hub.intake.tables import IntakeTally
from protocol.ids import NodeId

_COLUMNS = tuple(str(outcome) for outcome in Outcome)


def add(session: Session, outcomes: Sequence[tuple[NodeId, Outcome]]) -> None:
    """Count the outcomes of one batch, in its transaction."""
    per_node: dict[NodeId, Counter[str]] = {}
    for node, outcome in outcomes:
        per_node.setdefault(node, Counter())[str(outcome)] += 1
    names = [str(node) for node in per_node]
    known = set(session.scalars(select(IntakeTally.node_id).where(IntakeTally.node_id.in_(names))))
    fresh = [
        {"node_id": str(node), "received": counts.total(), **{name: counts[name] for name in _COLUMNS}}
        for node, counts in per_node.items()
        if node not in known
    ]
    if fresh:
        session.execute(insert(IntakeTally), fresh)
    for name in sorted(known & set(names)):
        counts = per_node[NodeId(name)]
        session.execute(
            update(IntakeTally)
            .where(IntakeTally.node_id == name)
            .values(
                received=IntakeTally.received + counts.total(),
                **{column: getattr(IntakeTally, column) + counts[column] for column in _COLUMNS},
            )
        )
