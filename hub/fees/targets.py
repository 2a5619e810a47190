"""Yearly revenue targets as data, read once."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated

import msgspec

from hub.catalogue.errors import CatalogueError
from hub.catalogue.strict_yaml import parse_yaml

FILE = "targets.yaml"
Key = tuple[int, str, str]
"""Year, office, service."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an office is to take in with a service in a year."""

    year: Annotated[int, msgspec.Meta(ge=2000, le=2200)]
    office: Annotated[str, msgspec.Meta(max_length=40)]
    service: Annotated[str, msgspec.Meta(max_length=40)]
    target_rp: Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class _Targets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    targets: tuple[Target, ...]


def parse_targets(raw: bytes) -> Mapping[Key, int]:
    """Return the targets of a file.

    Raises:
        CatalogueError: anything wrong, or one target twice.
    """
    try:
        listed = msgspec.convert(parse_yaml(FILE, raw), _Targets, strict=True).targets
    except msgspec.ValidationError as error:
        reason, _, path = str(error).rpartition(" - at ")
        raise CatalogueError(FILE, path.strip("`") if reason else "$", reason or str(error)) from None
    found: dict[Key, int] = {}
    for target in listed:
        key = (target.year, target.office, target.service)
        if key in found:
            raise CatalogueError(FILE, f"{target.year} {target.office} {target.service}", "is there twice")
        found[key] = target.target_rp
    return found


@cache
def load_targets() -> Mapping[Key, int]:
    """Return the targets of this package.

    Raises:
        CatalogueError: anything wrong, with its place.
    """
    return parse_targets((resources.files("hub.fees") / "data" / FILE).read_bytes())
