"""Reading our own source: modules, their syntax trees, what they import, the full names that they use."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("protocol", "hub", "village_node")
PACKAGES = (*PROGRAMS, "deploy", "loadtests")
OURS = frozenset({*PACKAGES, "tests"})


@dataclass(frozen=True, kw_only=True)
class Module:
    """One source file, parsed."""

    path: str  # relative to the root, with slashes
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.path)


def modules(*packages: str, root: Path = ROOT) -> Iterator[Module]:
    """Yield the modules of some packages, without migrations' numbered steps (they are history, not design)."""
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if "/migrations/versions/" not in name:
                yield _read(path, name)


@cache
def _read(path: Path, name: str) -> Module:
    return Module(path=name, text=path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that is imported, wherever in the file: `a.b`, or `a.b.name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


def third_party(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and top name of each import that is neither ours nor the standard library's."""
    for line, name in imported(tree):
        top = name.split(".")[0]
        if top and top not in OURS and top not in sys.stdlib_module_names:
            yield line, top


def used_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of each name that leads to an import: `dt.now` becomes `datetime.datetime.now`."""
    known = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            parts = _parts(node)
            if parts and parts[0] in known:
                yield node.lineno, ".".join([known[parts[0]], *parts[1:]])


def _aliases(tree: ast.AST) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _parts(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (head := _parts(node.value)):
        return [*head, node.attr]
    return []
