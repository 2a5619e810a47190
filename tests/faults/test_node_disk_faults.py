"""strace makes one system call of the village node fail, or ends the process at it, each in turn (D07); a power cut.

After each run a fresh opening of the folder finds what was confirmed, whole, and nothing half. The power cut is read
out of the trace: when an answer goes out, nothing that was written is still unflushed: a cut then loses nothing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.architecture.source import ROOT
from tests.integration.node_pages import furnished
from tests.requirements import require
from tests.village_desk import open_desk
from village_node.drafts.folder import DraftFolder
from village_node.outbox.selfcheck import find_faults
from village_node.outbox.service import sweep_orphans
from village_node.outbox.tables import OutboxItem
from village_node.web.app import create_app

__all__ = ["furnished"]

pytestmark = [pytest.mark.faults, pytest.mark.slow]

FAULTS = ["error=EIO", "error=ENOSPC", "signal=KILL"]
CALLS = {"fsync": 24, "pwrite64": 60, "rename": 6}
"""How often each call is looked at: so many appear in one application, and some more."""

STRIDE = {"fsync": 4, "pwrite64": 8, "rename": 2}


@pytest.fixture
def folder(furnished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "node"))


def traced(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    line = [str(require("strace")), "-f", "-qq", *options]  # with --seccomp-bpf strace 6.1 injects no signals
    line += [sys.executable, "-m", "tests.node_one_application", str(folder)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def check(folder: Path, told: list[str]) -> None:
    """Open the folder as a restart does, and compare it with what was confirmed."""
    desk = open_desk(folder)
    context = desk.context
    create_app(context)
    with context.database.session() as session:
        sweep_orphans(session, context.files)
    assert context.database.check() == []
    with context.database.reading() as session:
        assert find_faults(session, context.files, DraftFolder(context.settings.drafts_dir)) == []
        drafts = session.scalar(text("SELECT count(*) FROM draft")) or 0
        files = session.scalar(text("SELECT count(*) FROM draft_file")) or 0
        bundles = [each.hex() for each in session.scalars(select(OutboxItem.bundle_id))]
    begun = any(line.startswith("draft ") for line in told)
    assert drafts + len(bundles) >= int(begun)
    assert bundles or files >= sum(line.startswith("attached") for line in told)
    assert [line.split()[1] for line in told if line.startswith("sealed")] in ([], bundles)
    context.database.dispose()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_one_failing_call_leaves_what_was_confirmed_and_nothing_half(folder: Path, call: str, fault: str) -> None:
    refused = 0
    for place in range(1, CALLS[call], STRIDE[call]):
        copy = Path(shutil.copytree(folder, folder.with_name(f"{call}-{place}")))
        made = traced(copy, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={place}", "-o", "/dev/null")
        told = [line for line in made.stdout.splitlines() if line != "refused"]
        refused += not any(line.startswith("sealed") for line in told)
        check(copy, told)
        shutil.rmtree(copy)
    assert refused, "the fault must have been met at least once"


@dataclass
class Flushed:
    """What was written to which file and not flushed yet, along one trace."""

    dirty: dict[str, int]
    names: int = 0

    def see(self, line: str) -> None:
        if found := re.search(r"\b(?:write|pwrite64)\(\d+<(/[^>]+)>", line):
            self.dirty[found[1]] = self.dirty.get(found[1], 0) + 1
        elif found := re.search(r"\b(?:fsync|fdatasync)\(\d+<(/[^>]+)>", line):
            self.dirty.pop(found[1], None)
        elif found := re.search(r'\brename\("([^"]+)", "([^"]+)"', line):
            assert found[1] not in self.dirty, "a file was renamed before its content was flushed"
            self.names += 1


def steps_of(trace: Path, folder: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each confirmed step with the node's own files that were unflushed at that moment."""
    seen = Flushed(dirty={})
    for line in trace.read_text(errors="replace").splitlines():
        if told := re.search(r'\bwrite\(1<[^>]*>, "(\w+)', line):
            yield told[1], {path for path in seen.dirty if Path(path).is_relative_to(folder) and "-shm" not in path}
        else:
            seen.see(line)
    assert seen.names >= 6, "three drafts' files and three sealed ones"


def test_at_every_answer_everything_that_was_written_is_flushed(folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,fsync,fdatasync,rename"
    assert traced(folder, "-y", "-s", "40", "-e", calls, "-o", str(trace)).returncode == 0
    steps = dict(steps_of(trace, folder))
    assert set(steps) == {"ready", "draft", "saved", "filled", "attached", "sealed"}
    assert set().union(*steps.values()) == set()
