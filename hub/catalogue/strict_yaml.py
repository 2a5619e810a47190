"""A YAML subset in which a text can mean one thing only.

Rules:
1. No duplicate keys, no anchors and aliases, no tags, no merge keys, one document per file.
2. Plain scalars are ``true``, ``false``, ``null``, a decimal integer, or text. So ``no``, ``1.5``, ``012``, ``12:30``
   and ``2026-01-01`` are text, and a schema that wants a number refuses them.
3. Size and depth are bounded before anything is built.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from hub.catalogue.errors import CatalogueError

MAX_FILE_BYTES = 64_000
"""The longest service file has 16 KB."""

MAX_DEPTH = 12

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


class _TextLoader(yaml.BaseLoader):
    """BaseLoader resolves nothing: every scalar arrives as text with its style."""


def parse_yaml(file: str, raw: bytes) -> Plain:
    """Return the value of a YAML file.

    Raises:
        CatalogueError: too large, not UTF-8, not YAML, or outside of the subset.
    """
    if len(raw) > MAX_FILE_BYTES:
        raise CatalogueError(file, "$", f"more than {MAX_FILE_BYTES} bytes")
    try:
        node = yaml.compose(raw.decode(), Loader=_TextLoader)
    except UnicodeDecodeError:
        raise CatalogueError(file, "$", "not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogueError(file, f"$ (line {line})", error.problem or "not YAML") from None
    except (yaml.YAMLError, RecursionError):
        raise CatalogueError(file, "$", "not YAML") from None
    if node is None:
        raise CatalogueError(file, "$", "is empty")
    return _Builder(file).build(node, "$", 0)


class _Builder:
    """Turns nodes into values and remembers which nodes were used, to see aliases."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: str, depth: int) -> Plain:
        if depth > MAX_DEPTH:
            raise CatalogueError(self._file, path, "nested too deeply")
        if id(node) in self._seen:
            raise CatalogueError(self._file, path, "an alias; write it out")
        self._seen.add(id(node))
        self._refuse_tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node.value, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, f"{path}[{place}]", depth + 1) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        raise CatalogueError(self._file, path, "not YAML")

    def _refuse_tag(self, node: yaml.Node, path: str) -> None:
        if node.tag not in {"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}:
            raise CatalogueError(self._file, path, "a tag")

    def _mapping(self, pairs: Sequence[tuple[yaml.Node, yaml.Node]], path: str, depth: int) -> dict[str, Plain]:
        built: dict[str, Plain] = {}
        for key_node, value_node in pairs:
            if not isinstance(key_node, yaml.ScalarNode):
                raise CatalogueError(self._file, path, "a key that is not a text")
            key = str(key_node.value)
            if key in built:
                raise CatalogueError(self._file, f"{path}.{key}", "key is there twice")
            built[key] = self.build(value_node, f"{path}.{key}", depth + 1)
        return built


def _scalar(node: yaml.ScalarNode) -> str | int | bool | None:
    text = str(node.value)
    if node.style is not None:  # quoted, literal or folded: always text
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
