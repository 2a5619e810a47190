"""Each database has one history of migrations with one head, and no step is skipped."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import ROOT

HISTORIES = ("hub/storage/migrations/versions", "village_node/store/migrations/versions")


def links(text: str) -> tuple[object, object]:
    """Return revision and down_revision of a migration's source."""
    values: dict[str, object] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            values[ast.unparse(target)] = node.value.value
    return values.get("revision"), values.get("down_revision")


def faults(sources: Iterable[str]) -> list[str]:
    """Return what keeps some migrations from being one line of steps."""
    found = [links(text) for text in sources]
    revisions = {revision for revision, _ in found}
    before = [earlier for _, earlier in found]
    problems = [f"two steps after {each}" for each in set(before) if before.count(each) > 1]
    problems += [f"no step {each}" for each in before if each is not None and each not in revisions]
    heads = revisions - set(before)
    return problems if len(heads) == 1 else [*problems, f"{len(heads)} heads"]


@pytest.mark.parametrize("folder", HISTORIES)
def test_one_history_with_one_head(folder: str) -> None:
    assert faults(path.read_text(encoding="utf-8") for path in (ROOT / folder).glob("[!_]*.py")) == []


FIRST = 'revision = "0001"\ndown_revision: str | None = None\n'
SECOND = 'revision: str = "0002"\ndown_revision = "0001"\n'


def test_a_line_of_steps_is_fine() -> None:
    assert faults([FIRST, SECOND]) == []


@pytest.mark.parametrize(
    "third", ['revision = "0003"\ndown_revision = "0001"\n', 'revision = "4"\ndown_revision = "3"\n']
)
def test_a_branch_or_a_gap_is_found(third: str) -> None:
    assert faults([FIRST, SECOND, third]) != []
