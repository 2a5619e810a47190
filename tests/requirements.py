"""Programs that a test needs and that a machine may lack.

A test asks ``require("mosquitto")`` and gets the program's path. Where the program is missing, the test skips with the
reason and the line that installs it; with SIMPUL_REQUIRE_ALL=1 (set by .ci/run) it fails instead, so that a green run
there has left nothing out.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest


@dataclass(frozen=True, kw_only=True)
class Program:
    """Where a program may lie besides PATH, and how one gets it."""

    install: str
    patterns: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


PROGRAMS: Mapping[str, Program] = {
    "chromium": Program(install="apt-get install chromium", names=("chromium", "chromium-browser", "google-chrome")),
    "mosquitto": Program(install="apt-get install mosquitto", patterns=("/usr/sbin/mosquitto",)),
    "nats-server": Program(install="make setup"),
    "nft": Program(install="apt-get install nftables", patterns=("/usr/sbin/nft",)),
    "nginx": Program(install="apt-get install nginx-light libnginx-mod-stream", patterns=("/usr/sbin/nginx",)),
    "postgres": Program(install="apt-get install postgresql", patterns=("/usr/lib/postgresql/*/bin/postgres",)),
    "initdb": Program(install="apt-get install postgresql", patterns=("/usr/lib/postgresql/*/bin/initdb",)),
    "pdfsig": Program(install="apt-get install poppler-utils"),
    "pdftoppm": Program(install="apt-get install poppler-utils"),
    "pdftotext": Program(install="apt-get install poppler-utils"),
    "promtool": Program(install="apt-get install prometheus"),
    "strace": Program(install="apt-get install strace"),
    "systemd-analyze": Program(install="apt-get install systemd"),
}


def require(name: str) -> Path:
    """Return the path of a program, or leave the test.

    Raises:
        KeyError: the program is not in PROGRAMS; add it there with its install line.
        pytest.skip.Exception: it is missing on this machine.
        pytest.fail.Exception: it is missing, and SIMPUL_REQUIRE_ALL=1.
    """
    found = next(candidates(name, PROGRAMS[name]), None)
    if found is None:
        leave(f"{name} is not on this machine; {PROGRAMS[name].install}")
    return found


def leave(reason: str) -> NoReturn:
    """Skip the running test, or fail it where everything is required."""
    if os.environ.get("SIMPUL_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def candidates(name: str, program: Program) -> Iterator[Path]:
    """Yield where the program lies: beside this Python, on PATH, then in its usual folders (newest version first)."""
    beside = Path(sys.executable).parent
    for each in program.names or (name,):
        for folder in (str(beside), os.environ.get("PATH", os.defpath)):
            if path := shutil.which(each, path=folder):
                yield Path(path)
    for pattern in program.patterns:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=version_of, reverse=True)


def version_of(path: Path) -> tuple[int, ...]:
    """Return the numbers among the folders of a path, so that version 15 comes after 9."""
    return tuple(int(part) for part in path.parts if part.isdigit())
