"""What must stay true of files that are not Python: locks, templates, decisions, topics' access lists."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import OURS, ROOT, Module, imported, third_party

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
ADRS = ROOT / "docs" / "adr"


def loose_requirements(text: str) -> list[str]:
    """Return what of a lock is not pinned with a hash, or says where to fetch from."""
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [line for line in lines if "==" not in line or "--hash=sha256:" not in line or "://" in line]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_are_hashed_and_name_no_address(lock: Path) -> None:
    assert loose_requirements(lock.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "flask>=3\n",
        "flask==3.1.3\n",
        "--index-url https://example.invalid/simple\n",
        "x @ https://example.invalid/x.whl\n",
    ],
)
def test_a_loose_requirement_is_found(text: str) -> None:
    assert loose_requirements(text) != []


# --- templates: the content security policy allows no inline code, so a page that has some is broken -----------------

_INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|(?:src|href)=\"(?:https?:)?//",
    re.IGNORECASE,
)


def inline_code(text: str) -> list[str]:
    """Return what the policy would block: inline scripts and styles, handlers, assets of other hosts."""
    plain = re.sub(r"\{[#{%].*?[#}%]\}", "", text, flags=re.DOTALL)
    return [found.group() for found in _INLINE.finditer(plain)]


def templates() -> Iterator[Path]:
    for package in ("hub", "village_node"):
        yield from sorted((ROOT / package).rglob("*.html"))


def test_templates_have_no_inline_code() -> None:
    found = {path.relative_to(ROOT).as_posix(): inline_code(path.read_text(encoding="utf-8")) for path in templates()}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<p style="color: red">',
        '<button onclick="send()">',
        '<link href="https://example.invalid/a.css">',
        '<a href="javascript:history.back()">',
    ],
)
def test_inline_code_is_found(text: str) -> None:
    assert inline_code(text) != []


def test_own_assets_are_allowed() -> None:
    assert inline_code('<script src="{{ url_for("static", filename="a.js") }}"></script>') == []


# --- decisions -------------------------------------------------------------------------------------------------------


def incomplete_decision(name: str, text: str, index: str) -> list[str]:
    """Return what a decision lacks: a heading, its number in the title, its line in the index."""
    wanted = ["## Context", "## Decision", "## Consequences", f"# {name[:4]}. "]
    missing = [heading for heading in wanted if heading not in text]
    return missing if f"({name})" in index else [*missing, "line in README.md"]


def test_decisions_are_complete() -> None:
    index = (ADRS / "README.md").read_text(encoding="utf-8")
    names = sorted(path.name for path in ADRS.glob("0*.md"))
    assert [(name, incomplete_decision(name, (ADRS / name).read_text(encoding="utf-8"), index)) for name in names] == [
        (name, []) for name in names
    ]


def test_an_incomplete_decision_is_found() -> None:
    text = "# 0099. Title\n## Context\n## Decision\n"
    assert incomplete_decision("0099-title.md", text, "") == ["## Consequences", "line in README.md"]


# --- the stranger's verifier -----------------------------------------------------------------------------------------


def dependent_verifier(module: Module) -> list[str]:
    """Return what keeps a verifier from standing alone: code of ours, further libraries, too many lines."""
    allowed = {"cbor2", "cryptography"}
    found = [name for _, name in imported(module.tree) if name.split(".")[0] in OURS or name.startswith(".")]
    found += [name for _, name in third_party(module.tree) if name not in allowed]
    return [*found, "400 lines or more"] if module.text.count("\n") >= 400 else found


def test_the_verifier_stands_alone() -> None:
    path = ROOT / "deploy" / "simpul_verify.py"
    assert dependent_verifier(Module(path=path.name, text=path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("text", ["from protocol import merkle\n", "import msgspec\n", "\n" * 400])
def test_a_dependent_verifier_is_found(text: str) -> None:
    assert dependent_verifier(Module(path="x.py", text=text)) != []
