"""The use cases of the register: import, search, take over, forget.

Rules:
1. An import takes the place of everything before, in one transaction: importing the same file twice changes nothing,
   and who is no longer in the export is no longer here.
2. The spreadsheet is read by a process of its own; its plain rows are sealed one by one and kept nowhere.
3. The report names lines and reasons, never what stood there.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from village_node.identity.mailbox import find_mailbox_key, public_mailbox_key
from village_node.identity.sessions import Unlocked
from village_node.register.columns import Column, Person, RowError, RowProblem, read_row
from village_node.register.errors import FileProblem, RegisterFileError, RegisterLockedError, ResidentUnknownError
from village_node.register.keys import RegisterKey
from village_node.register.tables import RegisterState, Resident
from village_node.store.ports import Randomness

READ_S = 180.0
"""How long the reading process may take in all."""

SHOWN_LINES = 200
"""Refused lines that the report lists; the rest is counted."""

FEWEST_LETTERS = 3
MOST_FOUND = 20

Told = Callable[[int, int | None], None]
"""Is told how many rows are done, of how many (None: not known)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """One row that was not taken."""

    line: int
    problem: RowProblem


@dataclass(kw_only=True, slots=True)
class Prepared:
    """An import that is ready to be stored: sealed rows, and the report."""

    key: RegisterKey
    rows: dict[bytes, dict[str, bytes]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    counts: Counter[RowProblem] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the reading process: a row, or what it says about the whole."""

    number: int = 0
    cells: Mapping[str, str] | None = None
    total: int | None = None
    is_last: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One resident of a search, with the handle to take it over."""

    handle: str
    person: Person


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterFacts:
    """What the register's page says."""

    imported_at: datetime
    taken: int
    refused: int


def prepare_import(raw: bytes, randomness: Randomness, tell: Told) -> Prepared:
    """Read a spreadsheet and seal its rows; nothing is stored yet.

    Raises:
        RegisterFileError: the file is no register that can be read.
    """
    made, total, done = Prepared(key=RegisterKey.make(randomness)), None, 0
    for line in _read_apart(raw):
        if line.cells is None:
            total = line.total or total
        else:
            done += 1
            _take_row(made, line.number, line.cells)
            tell(done, total)
    return made


def store_import(session: Session, now: datetime, owner: Unlocked, made: Prepared) -> RegisterFacts:
    """Put a prepared import in the place of the register (rule 1). The caller commits.

    Raises:
        NotEnrolledError: this PC has no mailbox key yet.
    """
    wrapped = made.key.wrap(public_mailbox_key(session))
    forget(session)
    if made.rows:
        session.execute(insert(Resident), list(made.rows.values()))
    refused = sum(made.counts.values())
    session.add(
        RegisterState(
            id=1,
            imported_at=now,
            officer_id=str(owner.officer),
            taken=len(made.rows),
            refused=refused,
            wrapped_key=wrapped,
        )
    )
    return RegisterFacts(imported_at=now, taken=len(made.rows), refused=refused)


def forget(session: Session) -> None:
    """Delete the register with its key. The caller commits."""
    session.execute(delete(Resident))
    session.execute(delete(RegisterState))


def find_facts(session: Session) -> RegisterFacts | None:
    """Return what is known about the register, or None when there is none."""
    row = session.get(RegisterState, 1)
    return None if row is None else RegisterFacts(imported_at=row.imported_at, taken=row.taken, refused=row.refused)


def search(session: Session, owner: Unlocked, randomness: Randomness, wish: str) -> list[Found]:
    """Return the residents with this NIK, or whose name has words that begin like the wish; 20 at most, by name.

    Raises:
        RegisterLockedError: this officer has no key to the register yet.
    """
    key, wish = _open_key(session, owner, randomness), " ".join(wish.split())
    digits = "".join(letter for letter in wish if letter.isdecimal())
    if len(digits) == len("0" * 16):
        row = session.get(Resident, key.index(digits))
        return [] if row is None else [_found(key, row.nik_index, row.record)]
    if sum(letter.isalpha() for letter in wish) < FEWEST_LETTERS:
        return []
    return [_found(key, index, _record_of(session, index)) for index in _by_name(session, key, wish.casefold())]


def load_resident(session: Session, owner: Unlocked, randomness: Randomness, handle: str) -> Person:
    """Return one resident.

    Raises:
        RegisterLockedError: this officer has no key to the register yet.
        ResidentUnknownError: nobody of this handle, perhaps after another import.
    """
    key = _open_key(session, owner, randomness)
    try:
        index = bytes.fromhex(handle)
    except ValueError:
        raise ResidentUnknownError from None
    row = session.get(Resident, index)
    if row is None:
        raise ResidentUnknownError
    return _found(key, row.nik_index, row.record).person


def _take_row(made: Prepared, line: int, cells: Mapping[str, str]) -> None:
    try:
        person = read_row({Column(name): text for name, text in cells.items()})
        index = made.key.index(person.nik)
        if index in made.rows:
            raise RowError(RowProblem.NIK_TWICE)
    except RowError as error:
        made.counts[error.problem] += 1
        if len(made.refused) < SHOWN_LINES:
            made.refused.append(Refused(line=line, problem=error.problem))
        return
    made.rows[index] = {
        "nik_index": index,
        "name": made.key.seal_name(index, person.name),
        "record": made.key.seal_record(index, msgspec.json.encode(person)),
    }


def _read_apart(raw: bytes) -> Iterator[Line]:
    """Yield the answer of the reading process, line by line (rule 2).

    Raises:
        RegisterFileError: the file is refused, or the process ended without a last word.
    """
    command = [sys.executable, "-m", "village_node.register.spreadsheet"]
    is_whole = False
    with subprocess.Popen(  # ourselves, no shell, no argument from outside
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        patience = threading.Timer(READ_S, process.kill)
        patience.start()
        try:
            for line in _talk(process, raw):
                is_whole = is_whole or line.is_last
                yield line
        finally:
            patience.cancel()
            process.kill()
    if not is_whole:
        raise RegisterFileError(FileProblem.TOO_LARGE)


def _talk(process: subprocess.Popen[bytes], raw: bytes) -> Iterator[Line]:
    assert process.stdin is not None  # noqa: S101  # opened as pipes
    assert process.stdout is not None  # noqa: S101  # the same
    with contextlib.suppress(BrokenPipeError):  # it has seen enough; its answer says what
        process.stdin.write(raw)  # it answers only when it has read everything
        process.stdin.close()
    for text in process.stdout:
        if not text.endswith(b"\n"):
            return  # it was ended in the middle of a line: the caller misses the last word
        made = json.loads(text)
        if isinstance(made, list):
            yield Line(number=made[0], cells=made[1])
        elif "error" in made:
            raise RegisterFileError(FileProblem(made["error"]))
        else:
            yield Line(total=made.get("total"), is_last="end" in made)


def _open_key(session: Session, owner: Unlocked, randomness: Randomness) -> RegisterKey:
    row, mailbox = session.get(RegisterState, 1), find_mailbox_key(session, owner)
    if mailbox is None:
        raise RegisterLockedError
    if row is None:
        raise ResidentUnknownError
    return RegisterKey.unwrap(row.wrapped_key, mailbox, randomness)


def _by_name(session: Session, key: RegisterKey, wish: str) -> list[bytes]:
    hits: list[tuple[str, bytes]] = []
    rows = session.execute(select(Resident.nik_index, Resident.name).execution_options(yield_per=500))
    for index, sealed in rows:
        name = key.open_name(index, sealed).casefold()
        if name.startswith(wish) or f" {wish}" in name:
            hits.append((name, index))
    return [index for _, index in sorted(hits)[:MOST_FOUND]]


def _record_of(session: Session, index: bytes) -> bytes:
    return session.get_one(Resident, index).record


def _found(key: RegisterKey, index: bytes, record: bytes) -> Found:
    person = msgspec.json.decode(key.open_record(index, record), type=Person)
    return Found(handle=index.hex(), person=person)
