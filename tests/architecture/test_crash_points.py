"""Places at which tests kill: each has one name, tests/faults kills at each, and no program can fill the list."""

import re

from tests.architecture.source import ROOT

POINT = re.compile(r"crash\.point\(\"([a-z_.]+)\"\)")
PROGRAMS = ("hub", "village_node", "deploy", "loadtests")


def points() -> list[str]:
    return [name for path in (ROOT / "hub").rglob("*.py") for name in POINT.findall(path.read_text(encoding="utf-8"))]


def test_every_place_has_a_name_of_its_own() -> None:
    assert len(points()) == len(set(points())) >= 14


def test_no_program_listens_to_the_places() -> None:
    found = [path for each in PROGRAMS for path in (ROOT / each).rglob("*.py") if "HOOKS" in path.read_text()]
    assert found == [ROOT / "hub" / "storage" / "crash.py"]
