"""Writes `docs/reference/` from the code: settings, commands, reject codes. `make docs` runs it; a test compares.

To add one more page: a function that returns its text, and a line in PAGES.
"""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import typer

from protocol.errors import BY_CODE
from tests.architecture.source import ROOT

REFERENCE = ROOT / "docs" / "reference"
PROGRAMS = {"hub": "simpul-hub", "village_node": "simpul-node"}
MADE = "<!-- made by `make docs`; do not edit -->\n"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of a program's settings."""

    name: str
    kind: str
    default: str
    meaning: str


def settings_of(text: str) -> Iterator[Setting]:
    """Yield the annotated fields of the class `Settings` in some source, with the strings that stand below them."""
    classes = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    for body in (node.body for node in classes):
        for field, below in zip(body, [*body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                yield Setting(
                    name=field.target.id,
                    kind=ast.unparse(field.annotation),
                    default=ast.unparse(field.value) if field.value else "",
                    meaning=_string(below),
                )


def _string(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def settings_page() -> str:
    """Return the page of all settings of both programs."""
    parts = [MADE, "# Settings\n"]
    for package, program in PROGRAMS.items():
        path = ROOT / package / "settings.py"
        if not path.exists():
            continue
        module = ast.parse(path.read_text(encoding="utf-8"))
        parts += [f"\n## {program}\n", f"\n{ast.get_docstring(module)}\n"]
        parts += ["\n| setting | type | default | meaning |\n|---|---|---|---|\n"]
        parts += [
            f"| `{item.name}` | `{item.kind}` | {_default(item)} | {item.meaning} |\n"
            for item in settings_of(path.read_text(encoding="utf-8"))
        ]
    return "".join(parts)


def _default(item: Setting) -> str:
    return f"`{item.default}`" if item.default else "required"


class Parameter(Protocol):
    """An option or argument of a command."""

    opts: list[str]


class Command(Protocol):
    """A command as typer builds it; groups have `commands` besides."""

    help: str | None

    @property
    def params(self) -> Sequence[Parameter]:
        """Its options and arguments."""


def commands(command: Command, path: str) -> Iterator[tuple[str, Command]]:
    """Yield the full name of each command that can be run, with the command."""
    group: Mapping[str, Command] = getattr(command, "commands", {})
    if group:
        for name, inner in sorted(group.items()):
            yield from commands(inner, f"{path} {name}")
    else:
        yield path, command


def program_commands() -> Iterator[tuple[str, Command]]:
    """Yield the commands of the programs that are there."""
    for package, program in PROGRAMS.items():
        if (ROOT / package / "cli.py").exists():
            yield from commands(typer.main.get_command(_find_app(f"{package}.cli", program)), program)


def _find_app(module: str, program: str) -> typer.Typer:
    """Return the application of a module that carries the program's name."""
    values = vars(importlib.import_module(module)).values()
    return next(each for each in values if isinstance(each, typer.Typer) and each.info.name == program)


def commands_page() -> str:
    """Return the page of all commands with their options."""
    parts = [MADE, "# Commands\n"]
    for name, command in program_commands():
        parts.append(f"\n## `{name}`\n\n{inspect.cleandoc(command.help or '')}\n")
        parts += [f"\n- `{' '.join(item.opts)}` {_help(item)}".rstrip() for item in command.params]
        parts += ["\n"] if command.params else []
    return "".join(parts)


def _help(parameter: Parameter) -> str:
    return str(getattr(parameter, "help", "") or "")


def reject_codes_page() -> str:
    """Return the page of all reject codes."""
    parts = [MADE, "# Reject codes\n", "\nA code keeps its meaning for ever.\n"]
    parts += ["\n| code | meaning | whose turn |\n|---|---|---|\n"]
    parts += [
        f"| `{code}` | {' '.join((kind.__doc__ or '').split())} | {kind.turn} |\n" for code, kind in BY_CODE.items()
    ]
    return "".join(parts)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "reject-codes.md": reject_codes_page,
}


def write(folder: Path = REFERENCE) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
