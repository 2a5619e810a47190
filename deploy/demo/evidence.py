"""What the databases of hub and nodes say, read from outside and read-only. The judge of the demo, not a part of it."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pysqlite3 import dbapi2

from protocol.catalogue import Service
from protocol.catalogue_check import parse_service

VERIFIER = Path(__file__).resolve().parents[1] / "simpul_verify.py"
MOST_AT_ONCE = 200
"""Receipts given to one call of simpul-verify."""


class Rows(Protocol):
    """Answers queries."""

    def __call__(self, query: str) -> list[tuple[object, ...]]:
        """Return all rows of a query."""


class _Reader:
    """A database that is only read, while its program goes on."""

    def __init__(self, rows: Rows) -> None:
        """Take what answers queries."""
        self.rows = rows

    def number(self, query: str) -> int:
        """Return the first value of the first row as a number."""
        value = self.rows(query)[0][0]
        return value if isinstance(value, int) else 0


def sqlite_rows(database: Path) -> Rows:
    """Return what answers queries from a SQLite file."""
    address = f"{database.resolve().as_uri()}?mode=ro"

    def rows(query: str) -> list[tuple[object, ...]]:
        connection = dbapi2.connect(address, uri=True, timeout=30)
        try:
            return [tuple(row) for row in connection.execute(query).fetchall()]
        finally:
            connection.close()

    return rows


class NodeEvidence(_Reader):
    """A node's database."""

    def __init__(self, database: Path) -> None:
        """Take the file."""
        super().__init__(sqlite_rows(database))

    def services(self) -> list[Service]:
        """Return the newest open version of each service that the node knows."""
        newest: dict[str, Service] = {}
        for (raw,) in self.rows("SELECT raw FROM cached_service ORDER BY code, version"):
            if isinstance(raw, bytes):
                service = parse_service(raw)
                newest[service.code] = service
        return sorted((each for each in newest.values() if each.is_open), key=lambda each: each.code)

    def numbers(self) -> dict[str, str]:
        """Return the state of every sealed item by its registration number."""
        return {
            str(number): str(state) for number, state in self.rows("SELECT registration_no, state FROM outbox_item")
        }

    def receipts(self) -> list[bytes]:
        """Return every stored receipt, byte for byte."""
        rows = self.rows("SELECT raw FROM stored_receipt ORDER BY log_index")
        return [raw for (raw,) in rows if isinstance(raw, bytes)]

    def receipt_count(self) -> int:
        """Return how many receipts are stored."""
        return self.number("SELECT count(*) FROM stored_receipt")

    def flags(self) -> dict[str, int]:
        """Return what should not have happened, by code."""
        return {str(code): int(str(times)) for code, times in self.rows("SELECT code, sum(times) FROM flag GROUP BY 1")}

    def node_id(self) -> str:
        """Return the name that the hub gave this node."""
        return str(self.rows("SELECT node_id FROM node_identity")[0][0])

    def log_key(self) -> str:
        """Return the hub's log key as it was pinned at the enrolment."""
        return str(self.rows("SELECT log_key FROM node_identity")[0][0])


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The intake's own accounting, over all nodes."""

    received: int
    accepted: int
    duplicate: int
    rejected: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        """Whether every message got exactly one verdict."""
        return self.received == self.accepted + self.duplicate + self.rejected + self.quarantined


class HubEvidence(_Reader):
    """The hub's database."""

    def numbers(self) -> list[str]:
        """Return the registration numbers of all accepted bundles, doubles included."""
        return [str(number) for (number,) in self.rows("SELECT registration_no FROM bundle")]

    def cases(self) -> list[str]:
        """Return the registration numbers of all cases, doubles included."""
        return [str(number) for (number,) in self.rows("SELECT registration_no FROM case_file")]

    def whole(self) -> int:
        """Return how many bundles have all their files."""
        return self.number("SELECT count(*) FROM bundle WHERE state = 'whole'")

    def services(self) -> Counter[str]:
        """Return cases by service."""
        return Counter(str(code) for (code,) in self.rows("SELECT service FROM case_file"))

    def desks(self) -> list[tuple[str, Counter[str]]]:
        """Return for each office how many stages it has, by state; what has not reached it yet does not count."""
        found: dict[str, Counter[str]] = {}
        query = "SELECT office, state, count(*) FROM case_stage WHERE opened_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1"
        for office, state, count in self.rows(query):
            found.setdefault(str(office), Counter())[str(state)] = int(str(count))
        return list(found.items())

    def busy_desks(self) -> set[tuple[str, str]]:
        """Return office and role of every desk that has something to do."""
        query = "SELECT DISTINCT office, role FROM case_stage WHERE state IN ('open', 'taken')"
        return {(str(office), str(role)) for office, role in self.rows(query)}

    def states(self) -> Counter[str]:
        """Return cases by state and, where they have one, outcome."""
        rows = self.rows("SELECT state, outcome, count(*) FROM case_file GROUP BY 1, 2")
        return Counter({f"{state} {outcome}".strip(): int(str(count)) for state, outcome, count in rows})

    def receipts(self, nodes: Sequence[str] = ()) -> Counter[str]:
        """Return receipts that are due or signed, by kind; those of some nodes, or of all."""
        where = f" WHERE node_id IN ({', '.join(repr(node) for node in nodes)})" if nodes else ""
        rows = self.rows(f"SELECT kind, count(*) FROM bundle_receipt{where} GROUP BY 1")  # noqa: S608  # names that the hub gave
        return Counter({str(kind): int(str(count)) for kind, count in rows})

    def tally(self) -> Tally:
        """Return the intake's accounting."""
        names = ("received", "accepted", "duplicate", "rejected", "quarantined")
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in names)
        values = [int(str(value)) for value in self.rows(f"SELECT {sums} FROM intake_tally")[0]]  # noqa: S608  # our own names
        return Tally(**dict(zip(names, values, strict=True)))


class SqliteHubEvidence(HubEvidence):
    """The database of an embedded hub."""

    def __init__(self, database: Path) -> None:
        """Take the file."""
        super().__init__(sqlite_rows(database))


def verify_receipts(receipts: Sequence[bytes], log_key: str, directory: Path) -> tuple[int, list[str]]:
    """Give every receipt to ``simpul_verify.py``; return how many hold, and the lines about those that do not."""
    directory.mkdir(parents=True, exist_ok=True)
    keys = directory / "keys.json"
    keys.write_text(json.dumps({"log": log_key, "signers": []}), encoding="utf-8")
    files = []
    for number, raw in enumerate(receipts):
        file = directory / f"receipt-{number:05d}.cbor"
        file.write_bytes(raw)
        files.append(str(file))
    lines: list[str] = []
    for start in range(0, len(files), MOST_AT_ONCE):
        command = [sys.executable, str(VERIFIER), "--keys", str(keys), *files[start : start + MOST_AT_ONCE]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        lines += (done.stdout + done.stderr).splitlines()
    refuted = [line for line in lines if not line.startswith("HOLDS")]
    return len(lines) - len(refuted), refuted
