"""The judge of a load test: compares what the villages wrote in their journals with the hub's own books, by plain SQL.

It imports nothing of the hub. ``lost``: a village holds a receipt for it, or waits for one, and the hub has it not.
``duplicated``: the hub has more than one case, or more than one receipt of a kind, for one bundle.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite3

from loadtests.world import World


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What both sides say. All are numbers of applications, but for ``messages`` and ``unexplained``."""

    submitted: int
    receipted: int
    whole_at_village: int
    at_hub: int
    whole_at_hub: int
    lost: int
    duplicated: int
    strangers: int
    """Bundles at the hub that no village wrote down."""
    messages: int
    """Messages on ``up/bundle`` that the hub took, with copies and hostile ones."""
    unexplained: int
    """Messages that are neither accepted nor duplicate, rejected or quarantined."""

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled, invented or left without a verdict."""
        return not (self.lost or self.duplicated or self.strangers or self.unexplained)


def judge(world: World) -> Verdict:
    """Return the verdict about a world at rest."""
    events = _journals(world.journal_dir)
    submitted = set(events)
    receipted = {bundle for bundle, seen in events.items() if seen & {"arrived", "whole"}}
    with sqlite3.connect(f"file:{world.database}?mode=ro", uri=True) as books:
        kept = {bytes(row[0]).hex(): row[1] for row in books.execute("SELECT bundle_id, state FROM bundle")}
        cases = "SELECT count(*) FROM (SELECT 1 FROM case_file GROUP BY bundle_id HAVING count(*) > 1)"
        receipts = (
            "SELECT count(*) FROM (SELECT 1 FROM bundle_receipt WHERE kind IN ('arrived', 'whole')"
            " GROUP BY bundle_id, kind HAVING count(*) > 1)"
        )
        duplicated = books.execute(cases).fetchone()[0] + books.execute(receipts).fetchone()[0]
        tally = "SELECT sum(received), sum(received - accepted - duplicate - rejected - quarantined) FROM intake_tally"
        messages, unexplained = books.execute(tally).fetchone()
    rejected = {bundle for bundle, seen in events.items() if "rejected" in seen}
    return Verdict(
        submitted=len(submitted),
        receipted=len(receipted),
        whole_at_village=sum("whole" in seen for seen in events.values()),
        at_hub=len(kept),
        whole_at_hub=sum(state == "whole" for state in kept.values()),
        lost=len(submitted - rejected - set(kept)),
        duplicated=duplicated,
        strangers=len(set(kept) - submitted),
        messages=messages or 0,
        unexplained=unexplained or 0,
    )


def _journals(directory: Path) -> dict[str, set[str]]:
    events: dict[str, set[str]] = {}
    for path in directory.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            noted = json.loads(line)
            events.setdefault(noted["bundle"], set()).add(noted["event"])
    return events
