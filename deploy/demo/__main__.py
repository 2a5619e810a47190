"""``python -m deploy.demo``, which ``make demo [ONCE=1]`` calls."""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from deploy.demo.accounting import disagreements, table, take_account
from deploy.demo.browser import BrowserError
from deploy.demo.cast import FAR_VILLAGES, PASSWORD, PIN, VILLAGES
from deploy.demo.history import Past, begin, play
from deploy.demo.network import DemoError, DemoNetwork, fresh_directory
from deploy.demo.progress import say
from deploy.demo.timeline import WIB
from deploy.demo.work import Day, await_receipts, await_whole, decide, submit_all
from loadtests.processes import ProcessError

EX_CONFIG = 78
ROUNDS_TODAY = 2
HOME = Path(__file__).resolve().parents[2] / ".demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when all figures agree."""
    parser = argparse.ArgumentParser(prog="make demo", description="A whole regency network on this computer.")
    parser.add_argument("--once", action="store_true", help="check everything, stop, and say by the exit code")
    parser.add_argument("--nodes", type=int, default=len(VILLAGES), choices=range(1, len(VILLAGES) + 1))
    parser.add_argument("--applications", type=int, default=60, help="in all villages together; at least 18 meet all")
    parser.add_argument("--history", type=int, default=260, help="applications of the past weeks; 0: none")
    parser.add_argument("--directory", type=Path, help="data folder, begun anew; default .demo, with --once a new one")
    given = parser.parse_args(arguments)
    if os.environ.get("SIMPUL_HUB_PRODUCTION", "").lower() in {"1", "true"}:
        print("the demo does not run in production mode", file=sys.stderr)
        return EX_CONFIG
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        directory = given.directory or HOME
        if given.once and given.directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simpul-demo-")))
        try:
            fresh_directory(directory)
            far = FAR_VILLAGES if given.history else ()
            network = DemoNetwork.default(directory, VILLAGES[: given.nodes], far=far, usual_ports=not given.once)
            stack.callback(network.stop)
            return _run(network, given, stack)
        except (DemoError, ProcessError, BrowserError, OSError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            say("\nstopping …")
            return 130


def _run(network: DemoNetwork, given: argparse.Namespace, stack: ExitStack) -> int:
    began, past = time.monotonic(), Past()
    days = begin(network.timeline, datetime.now(WIB).date()) if network.timeline and given.history else []
    say(f"Simpul: hub, broker and {len(network.pcs)} village PCs start in {network.directory}")
    network.start()
    _say_where(network)
    if days:
        say(f"\nthe past weeks: {given.history} applications on {len(days)} days, {days[0]} to {days[-1]}:")
        past = play(network, days, given.history)
        stack.callback(past.close)
    day = Day(before=past.numbers)
    say(f"\n{given.applications} applications at the villages' own pages:")
    submit_all(network, given.applications, day)
    say("\non their way:")
    await_whole(network, day)
    say("\nat the regency:")
    decide(network, day, ROUNDS_TODAY, first=len(days) + 1)
    say("\nback at the villages:")
    await_receipts(network)
    account = take_account(network, day, network.directory / "receipts", past)
    say("\n" + "\n".join(table(account)))
    found = list(disagreements(account))
    for line in found:
        say(f"DOES NOT AGREE: {line}")
    say(f"\n{'everything agrees' if not found else 'not everything agrees'}, {time.monotonic() - began:.0f} s")
    if not given.once:
        _say_where(network)
        say("\nCtrl-C ends everything; the next start begins anew.")
        threading.Event().wait()
    return 1 if found else 0


def _say_where(network: DemoNetwork) -> None:
    say(f"\nhub {network.hub.url}   password of everybody: {PASSWORD}")
    for person in network.people:
        say(f"  {person.username:<16}{person.role:<20}{person.office}")
    say(f"village PCs   PIN of every officer: {PIN}")
    for pc in network.pcs:
        say(f"  {pc.url}   {pc.village.name}, Kec. {pc.village.subdistrict} ({pc.village.code}): {pc.village.officer}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
