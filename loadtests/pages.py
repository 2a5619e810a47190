"""``python -m loadtests.pages``: list pages of a hub with 100,000 cases and 8,563 nodes, on SQLite and PostgreSQL.

A hub's web program as a process, people who sign in, each page of the table asked for many times over HTTP, one after
the other: what is measured is what a person waits for (sign-in check, queries, drawing of the page). Every page has to
stay below the limit at its 95th percentile.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random

from loadtests.administrators import add_person, password_of
from loadtests.browser import Browser
from loadtests.databases import PostgresWriter, SqliteWriter, postgres_server
from loadtests.processes import LocalHub, ProcessError, answers, wait_for
from loadtests.province import VILLAGES_OF_PROVINCE, Province, fill_province
from loadtests.seed import Seed, fill, mark_of

LIMIT_MS = 150.0
KINDS = ("sqlite", "postgresql")
PEOPLE = {
    "jaringan": ("network_admin", "one-stop"),
    "loket": ("front_office", "one-stop"),
    "kepala": ("head", "one-stop"),
    "dinkes": ("agency_clerk", "agency.dinkes"),
    "satpol": ("agency_clerk", "agency.satpol-pp"),
    "camat": ("subdistrict_officer", "subdistrict.33.14.07"),
    "inspektur": ("inspectorate", "inspectorate"),
}
COMMON, RARE, ONE = mark_of(7).hex(), mark_of(1_234).hex(), mark_of(100_777).hex()
PAGES: Sequence[tuple[str, str]] = (
    ("loket", "/cases?view=todo"),
    ("loket", "/cases?view=todo&sort=old"),
    ("loket", "/cases?view=todo&sort=new&due=overdue"),
    ("loket", "/cases?view=todo&service=REKLAME&subdistrict=33.14.07"),
    ("loket", "/cases?view=todo&stage=draft&due=near"),
    ("loket", "/cases?view=todo&number=0099"),
    ("loket", f"/cases?view=todo&who={COMMON}"),
    ("loket", "/cases?view=office"),
    ("loket", "/cases?view=mine"),
    ("loket", "/cases?view=all"),
    ("loket", "/cases?view=all&state=closed&service=PM"),
    ("loket", "/cases?view=all&number=77-"),
    ("loket", "/cases?view=all&number=3314-26-0099999"),
    ("loket", f"/cases?view=all&who={ONE}"),
    ("loket", f"/cases?view=all&who={COMMON}.{RARE}"),
    ("kepala", "/cases?view=todo"),
    ("dinkes", "/cases?view=todo"),
    ("dinkes", "/cases?view=all"),
    ("satpol", "/cases?view=all&sort=old"),
    ("satpol", f"/cases?view=all&who={COMMON}"),
    ("camat", "/cases?view=todo"),
    ("camat", "/cases?view=all&sort=old"),
    ("camat", "/cases?view=all&state=received"),
    ("camat", "/cases?view=all&number=0055555"),
    ("inspektur", "/cases?view=all"),
    ("inspektur", "/cases?view=all&due=overdue"),
    ("inspektur", "/cases?view=all&due=paused&service=REKLAME"),
    ("inspektur", "/cases?view=all&stage=decision"),
    ("inspektur", "/cases?view=all&number=0012345"),
    ("inspektur", "/cases?view=all&subdistrict=33.14.20&state=in_progress&sort=old"),
    ("jaringan", "/network"),
    ("jaringan", "/network?only=unwell"),
    ("jaringan", "/network?state=dead"),
    ("jaringan", "/network?subdistrict=33.14.07"),
    ("jaringan", "/network/live"),
    ("jaringan", "/network/3314072003-01?window=week"),
    ("jaringan", "/network/alarms"),
)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long one page took, in milliseconds."""

    database: str
    person: str
    query: str
    p50: float
    p95: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much there is in the hub, and what is measured."""

    cases: int
    nodes: int
    rounds: int
    only: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say 1 when a page is slower than the limit."""
    parser = argparse.ArgumentParser(description="List pages with many cases.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--nodes", type=int, default=VILLAGES_OF_PROVINCE)
    parser.add_argument("--only", default="", help="pages whose address begins like this")
    parser.add_argument("--rounds", type=int, default=30, help="times that each page is asked for")
    parser.add_argument("--database", choices=KINDS, action="append", help="one alone")
    parser.add_argument("--json", type=Path, help="file for the result")
    given = parser.parse_args(arguments)
    found: list[Timing] = []
    for kind in given.database or KINDS:
        plan = Plan(cases=given.cases, nodes=given.nodes, rounds=given.rounds, only=given.only)
        found += measure(kind, plan)
    slow = [timing for timing in found if timing.p95 > LIMIT_MS]
    print(
        f"{len(found)} pages, {given.cases} cases, {given.nodes} nodes, "
        f"limit {LIMIT_MS:.0f} ms at p95: {len(slow)} slower"
    )
    if given.json is not None:
        given.json.write_text(json.dumps([timing.__dict__ for timing in found], indent=1) + "\n")
    return 1 if slow else 0


def measure(kind: str, plan: Plan) -> list[Timing]:
    """Return the timings of every page on one kind of database."""
    server = postgres_server() if kind == "postgresql" else nullcontext("")
    with tempfile.TemporaryDirectory(prefix="simpul-pages-") as name, server as address:
        hub = LocalHub(directory=Path(name), settings={"SIMPUL_HUB_DATABASE_URL": address} if address else {})
        hub.ask("init")
        for person, (role, office) in PEOPLE.items():
            add_person(hub, person, role, office)
        began = time.monotonic()
        _fill(Path(name), address, plan)
        print(f"{kind}: {plan.cases} cases, {plan.nodes} nodes in {time.monotonic() - began:.0f} s", file=sys.stderr)
        hub.program.start("web")
        try:
            wait_for(lambda: answers(f"{hub.url}/healthz"), "the web program did not start")
            return _ask_all(kind, hub, plan)
        except ProcessError:
            print(hub.program.log_file.read_text(encoding="utf-8", errors="replace")[-1_500:], file=sys.stderr)
            raise
        finally:
            hub.stop()


def _fill(directory: Path, address: str, plan: Plan) -> None:
    now_ms = time.time_ns() // 1_000_000
    if address:
        writer: PostgresWriter | SqliteWriter = PostgresWriter(address.replace("+psycopg", ""))
    else:
        writer = SqliteWriter(directory / "data" / "hub.db")
    if plan.cases:
        fill(writer, Seed(cases=plan.cases, now_ms=now_ms, random=Random("pages")))
    fill_province(writer, Province(nodes=plan.nodes, now_ms=now_ms, random=Random("province")))
    writer.finish()


def _ask_all(kind: str, hub: LocalHub, plan: Plan) -> list[Timing]:
    browsers: dict[str, Browser] = {}
    for person in PEOPLE:
        browsers[person] = Browser(hub.url)
        browsers[person].sign_in(person, password_of(person))
    found = []
    for person, query in (page for page in PAGES if page[1].startswith(plan.only)):
        ask = _asker(browsers[person], query)
        ask()
        times = sorted(ask() for _ in range(plan.rounds))
        p95 = times[max(-(-len(times) * 95 // 100) - 1, 0)]
        timing = Timing(database=kind, person=person, query=query, p50=statistics.median(times), p95=p95)
        flag = "" if p95 <= LIMIT_MS else "  SLOW"
        print(f"{kind:10} {person:9} {query[:77]:77} p50 {timing.p50:6.1f} ms  p95 {p95:6.1f} ms{flag}", flush=True)
        found.append(timing)
    return found


def _asker(browser: Browser, path: str) -> Callable[[], float]:
    def ask() -> float:
        began = time.perf_counter()
        browser.read(path)
        return (time.perf_counter() - began) * 1_000

    return ask


if __name__ == "__main__":
    sys.exit(main())
