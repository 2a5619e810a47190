"""Every word that a person reads at the hub has its English; the compiled file is the one that the text file gives."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from hub.web.errors import CSRF_WORDS, PAGES
from hub.web.navigation import ITEMS
from tests.architecture.source import ROOT

HUB = ROOT / "hub"
FOLDER = HUB / "web" / "translations" / "en" / "LC_MESSAGES"
METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true"}}
KEYWORDS = {"_": None, "_l": None, "gettext": None}


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (FOLDER / "messages.po").open("rb") as file:
        return read_po(file, locale="en")


def marked() -> Iterator[str]:
    for _, _, message, _, _ in extract_from_dir(HUB, METHODS, OPTIONS, KEYWORDS):
        yield message if isinstance(message, str) else str(message[0])


def labelled() -> Iterator[str]:
    """Yield the words that stand in tables and are looked up where they are shown."""
    for path in HUB.glob("*/labels.py"):
        for name, value in vars(importlib.import_module(f"hub.{path.parent.name}.labels")).items():
            if name.isupper() and isinstance(value, Mapping):
                yield from (str(getattr(each, "text", each)) for each in value.values())
            elif name.isupper() and isinstance(value, str):
                yield value
            elif name.isupper() and isinstance(value, tuple):
                yield from value
    yield from (item.label for item in ITEMS)
    for words in (*PAGES.values(), CSRF_WORDS):
        yield from (words.title, words.advice)


def test_every_word_is_translated(english: Catalog) -> None:
    wanted = {*marked(), *labelled()}
    assert len(wanted) > 100
    assert sorted(text for text in wanted if not (text in english and english[text].string)) == []


def test_nothing_is_translated_that_nobody_says(english: Catalog) -> None:
    said = {*marked(), *labelled()}
    assert sorted(str(message.id) for message in english if message.id and message.id not in said) == []


def test_the_compiled_file_is_fresh(english: Catalog) -> None:
    with Path(FOLDER / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert {each.id: each.string for each in compiled if each.id} == {
        each.id: each.string for each in english if each.id
    }


def test_places_for_values_are_kept(english: Catalog) -> None:
    assert [message.id for message in english if message.id and message.check()] == []
