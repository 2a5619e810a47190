"""Every topic of the protocol is used on both sides, in the room whose business it is.

What the hub consumes is not looked at here: intake takes whatever is neither bundle, chunk nor mail for health, and a
message that is not is refused with a code.
"""

import ast
from collections.abc import Iterable
from enum import StrEnum

import pytest

from protocol.topics import Down, Up
from tests.architecture.source import Module, modules


def unused_members(kind: type[StrEnum], found: Iterable[Module]) -> list[str]:
    """Return the members of an enumeration that no module names."""
    named = {
        node.attr
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == kind.__name__
    }
    return [name for name in kind.__members__ if name not in named]


@pytest.mark.parametrize(
    ("kind", "package"),
    [(Down, "village_node/sync"), (Up, "village_node"), (Down, "hub")],
    ids=["node consumes", "node publishes", "hub publishes"],
)
def test_every_topic_is_used_on_both_sides(kind: type[StrEnum], package: str) -> None:
    assert unused_members(kind, modules(package)) == []


def test_an_unused_topic_is_found() -> None:
    code = Module(path="x.py", text="take(Down.NEED, Down.MAIL, Down.CONTROL, Down.PART)\nother.RECEIPT\n")
    assert unused_members(Down, [code]) == ["RECEIPT"]
