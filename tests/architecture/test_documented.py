"""What people and other programs meet is documented: settings, commands, reject codes, topics, purposes."""

from collections.abc import Iterable

import pytest
import typer

from protocol.envelope import Purpose
from protocol.errors import BY_CODE
from protocol.topics import Down, Up
from tests.architecture import reference
from tests.architecture.source import ROOT

SPEC = ROOT / "protocol" / "SPEC.md"


def unmentioned(words: Iterable[str], text: str) -> list[str]:
    """Return the words that a text does not have between back-ticks."""
    return [word for word in words if f"`{word}`" not in text]


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_is_fresh(name: str) -> None:
    assert (reference.REFERENCE / name).read_text(encoding="utf-8") == reference.PAGES[name](), "run `make docs`"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("reject codes", list(BY_CODE)),
        ("purposes", [str(purpose) for purpose in Purpose]),
        ("topics", [*(f"up/{kind}" for kind in Up), *(f"down/{kind}" for kind in Down)]),
    ],
)
def test_the_specification_names_all(what: str, words: list[str]) -> None:
    assert unmentioned(words, SPEC.read_text(encoding="utf-8")) == [], what


def unexplained_settings(text: str) -> list[str]:
    return [item.name for item in reference.settings_of(text) if not item.meaning]


def test_every_setting_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("*/settings.py")]
    assert [name for text in sources for name in unexplained_settings(text)] == []


def test_every_command_is_explained() -> None:
    assert [name for name, command in reference.program_commands() if not command.help] == []


def test_every_reject_code_is_explained() -> None:
    assert [code for code, kind in BY_CODE.items() if not kind.__doc__] == []


# --- the checks can fail ---------------------------------------------------------------------------------------------


def test_a_missing_word_is_found() -> None:
    assert unmentioned(["seal", "quota"], "the code `seal`, and quota without marks") == ["quota"]


def test_a_setting_without_explanation_is_found() -> None:
    text = 'class Settings:\n    a: int = 1\n    """Explained."""\n    b: int = 2\n'
    assert unexplained_settings(text) == ["b"]


def test_nested_commands_are_found() -> None:
    inner, outer = typer.Typer(), typer.Typer()
    inner.command("verify", help="Check.")(lambda: None)
    inner.command("silent")(lambda: None)
    outer.add_typer(inner, name="ledger")
    found = {name: command.help for name, command in reference.commands(typer.main.get_command(outer), "x")}
    assert found == {"x ledger silent": None, "x ledger verify": "Check."}
