"""The English catalogue is whole, compiled, and nothing that is said escapes it."""

import ast
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from village_node.web import app

WEB = Path(app.__file__).parent
ENGLISH = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "say": None, "later": None}
FILES = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def said() -> set[str]:
    found = extract_from_dir(str(WEB), method_map=FILES, options_map={}, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def test_everything_that_is_said_has_an_english_text_and_nothing_is_left_over() -> None:
    with ENGLISH.open("rb") as file:
        known = {str(each.id): each.string for each in read_po(file) if each.id}
    assert set(known) == said()
    assert [text for text, english in known.items() if not english] == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with ENGLISH.open("rb") as written, ENGLISH.with_suffix(".mo").open("rb") as compiled:
        texts = {str(each.id): each.string for each in read_po(written) if each.id}
        assert {str(each.id): each.string for each in read_mo(compiled) if each.id} == texts


def test_nothing_is_said_inside_an_f_string_where_extraction_does_not_look() -> None:
    hidden = [
        f"{path.name}:{node.lineno}"
        for path in WEB.rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"say", "later"}
    ]
    assert hidden == []
