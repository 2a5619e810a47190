"""Power cuts without a switch: what a disk may hold after every write of a recorded program.

Model: what was written to a file is durable after ``fsync`` of it; before, each write may be there, be missing or be
torn at 512 bytes. Names (created, renamed, removed) reach the disk in their order, and for certain with ``fsync`` of
their folder or, for a new file, of itself.
"""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.architecture.source import ROOT
from tests.requirements import require

SECTOR = 512
CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename,mkdir"
LINE = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
Event = tuple[Any, ...]


def record(folder: Path, trace: Path, *options: str) -> list[Event]:
    """Run an ingest under strace and return what it did to its data folder, and what it told."""
    line = [str(require("strace")), "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(trace)]
    line += [sys.executable, "-m", "tests.faults.ingest", str(folder), *options]
    subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=240)
    with trace.open(encoding="ascii", errors="replace") as lines:
        return [event for line in lines if (event := _event(line, str(folder / "data"))) is not None]


def _texts(arguments: str) -> list[bytes]:
    return [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(arguments)]


def _event(line: str, folder: str) -> Event | None:
    found = LINE.match(line)
    if found is None or int(found[3]) < 0:
        return None
    call, arguments = found[1], found[2]
    descriptor = re.match(r"(\d+)<((?:\\x[0-9a-f]{2})*)>", arguments)
    path = bytes.fromhex(descriptor[2].replace("\\x", "")).decode(errors="replace") if descriptor else ""
    if call == "write" and descriptor is not None and descriptor[1] == "1":
        return ("told", _texts(arguments)[0].decode())
    if path.startswith(folder):
        return _about_file(call, arguments, path)
    names = [text.decode(errors="replace") for text in _texts(arguments)]
    if not names or not names[0].startswith(folder):
        return None
    if call == "openat":
        return ("create", names[0]) if "O_CREAT" in arguments else None
    return {"unlink": ("unlink", names[0]), "rename": ("rename", *names), "mkdir": ("mkdir", names[0])}.get(call)


def _about_file(call: str, arguments: str, path: str) -> Event | None:
    if call == "pwrite64":
        return ("write", path, int(arguments.rsplit(", ", 1)[1]), _texts(arguments)[0])
    if call == "write":
        return ("append", path, _texts(arguments)[0])
    if call == "ftruncate":
        return ("truncate", path, int(arguments.rsplit(", ", 1)[1]))
    return ("sync", path) if call in {"fsync", "fdatasync"} else None


@dataclass
class Inode:
    """A file without its name: what is durable, and what may be."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int | None, bytes]] = field(default_factory=list)
    """Offset and bytes; no offset: cut to ``len(bytes)``."""
    size: int = 0

    def put(self, offset: int, content: bytes) -> None:
        self.pending.append((offset, content))
        self.size = max(self.size, offset + len(content))

    def flush(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending = []


def _apply(image: bytearray, change: tuple[int | None, bytes]) -> None:
    offset, content = change
    if offset is None:
        size = int.from_bytes(content, "big")
        del image[size:]
        image.extend(bytes(size - len(image)))
        return
    image.extend(bytes(max(0, offset - len(image))))
    image[offset : offset + len(content)] = content


@dataclass
class Disk:
    """A journalled file system, seen from the next start."""

    names: dict[str, Inode] = field(default_factory=dict)
    durable_names: dict[str, Inode] = field(default_factory=dict)
    pending_names: list[tuple[str, str, Inode | None]] = field(default_factory=list)
    """(name that goes, name that comes, file) in order."""
    told: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        """Return the disk with what a folder holds, all of it durable."""
        made = cls()
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                made.names[str(path)] = Inode(durable=bytearray(content), size=len(content))
        made.durable_names = dict(made.names)
        return made

    def happen(self, event: Event) -> None:
        kind, *rest = event
        getattr(self, f"_{kind}")(*rest)

    def _told(self, line: str) -> None:
        if line.startswith("ACK "):
            self.told.append(base64.b64decode(line[4:]))

    def _create(self, name: str) -> None:
        if name not in self.names:
            self.names[name] = Inode()
            self.pending_names.append(("", name, self.names[name]))

    def _mkdir(self, name: str) -> None:
        """Folders are made again with what lies in them."""

    def _unlink(self, name: str) -> None:
        self.names.pop(name, None)
        self.pending_names.append((name, "", None))

    def _rename(self, old: str, new: str) -> None:
        self.names[new] = self.names.pop(old)
        self.pending_names.append((old, new, self.names[new]))

    def _write(self, name: str, offset: int, content: bytes) -> None:
        self.names[name].put(offset, content)

    def _append(self, name: str, content: bytes) -> None:
        self.names[name].put(self.names[name].size, content)

    def _truncate(self, name: str, size: int) -> None:
        self.names[name].pending.append((None, size.to_bytes(8, "big")))
        self.names[name].size = size

    def _sync(self, name: str) -> None:
        if name in self.names:
            self.names[name].flush()
            own = [place for place, each in enumerate(self.pending_names) if each[2] is self.names[name]]
            self._settle(own[-1] + 1 if own else 0)
            return
        inside = [place for place, each in enumerate(self.pending_names) if _is_in(each, name)]
        self._settle(inside[-1] + 1 if inside else 0)

    def _settle(self, count: int) -> None:
        for each in self.pending_names[:count]:
            _rename_in(self.durable_names, each)
        del self.pending_names[:count]

    def image(self, random: Random, mode: str) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of every file that may be there: ``all``, ``none`` or ``some`` of what is pending."""
        names = dict(self.durable_names)
        count = {"all": len(self.pending_names), "none": 0}.get(mode, random.randint(0, len(self.pending_names)))
        for each in self.pending_names[:count]:
            _rename_in(names, each)
        for name, inode in names.items():
            if mode == "none" or not inode.pending:
                yield name, bytes(inode.durable)
                continue
            image = bytearray(inode.durable)
            for change in inode.pending:
                if mode == "all" or random.random() < 0.5:
                    _apply(image, _torn(change, random) if mode == "some" else change)
            yield name, bytes(image)


def _torn(change: tuple[int | None, bytes], random: Random) -> tuple[int | None, bytes]:
    offset, content = change
    if offset is None or random.random() > 0.3:
        return change
    return offset, content[: random.randrange(0, len(content) + 1, SECTOR)]


def _is_in(change: tuple[str, str, Inode | None], folder: str) -> bool:
    return any(name and str(Path(name).parent) == folder for name in change[:2])


def _rename_in(names: dict[str, Inode], change: tuple[str, str, Inode | None]) -> None:
    old, new, inode = change
    names.pop(old, None)
    if new and inode is not None:
        names[new] = inode
