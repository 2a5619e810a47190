"""A day's work in the demo: officers submit, the hub assembles, clerks decide, receipts travel back."""

import threading
from collections import Counter as Count
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.demo.cast import Person
from deploy.demo.clerk import Clerk
from deploy.demo.network import DemoError, DemoNetwork, at_once
from deploy.demo.officer import Slip
from deploy.demo.progress import Counter, stage, watch
from deploy.demo.scenery import Scenery, share_out

TRAVEL_S = 150.0
"""How long everything may be on its way, on a slow machine."""

LEFT_OPEN = 4
"""Every fourth case stays where it is, so that the queues of the demo are not empty."""

DESK_ROLES = ("front_office", "subdistrict_officer")


@dataclass(kw_only=True)
class Day:
    """What was done, as those who did it know it."""

    slips: list[Slip] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    moves: Count[str] = field(default_factory=Count)
    """Case moves by the kind of receipt that they cause."""


def submit_all(network: DemoNetwork, applications: int, day: Day) -> None:
    """Let every village's officer submit a share, all villages at once.

    Raises:
        BrowserError: a page refused.
        OSError: a program does not answer.
    """
    services = network.node_evidence[0].services()
    shares = share_out(services, applications, len(network.pcs))
    lock = threading.Lock()
    with stage() as shown:

        def run(number: int) -> None:
            pc, share = network.pcs[number], shares[number]
            bar, scenery, officer = shown.bar(pc.village.name, len(share)), Scenery(pc.village.code), pc.officer()
            officer.sign_in()
            for done, service in enumerate(share, 1):
                slip = officer.submit(scenery.application(service))
                with lock:
                    day.slips.append(slip)
                bar.set(done)
            with lock:
                day.names |= scenery.names

        at_once([lambda number=number: run(number) for number in range(len(network.pcs))])  # type: ignore[misc]


def await_whole(network: DemoNetwork, day: Day) -> None:
    """Wait until the hub has everything whole.

    Raises:
        DemoError: something is still missing after ``TRAVEL_S`` seconds.
    """
    hub, total = network.hub_evidence, len(day.slips)
    with stage() as shown:
        arrived = (shown.bar("diterima / received", total), lambda: len(hub.numbers()), total)
        whole = (shown.bar("utuh / whole", total), hub.whole, total)
        if not watch([arrived, whole], TRAVEL_S):
            raise DemoError(f"only {hub.whole()} of {total} applications arrived whole")


def decide(network: DemoNetwork, day: Day) -> None:
    """Let the front offices call cases complete or return them, and then the agencies take cases up.

    Raises:
        BrowserError: a page refused.
    """
    fronts = [each for each in network.people if each.role in DESK_ROLES and each.username != "loket2"]
    agencies = [each for each in network.people if each.role == "agency_clerk"]
    lock = threading.Lock()
    with stage() as shown:
        for title, group, work in (("loket / front offices", fronts, _check), ("dinas / agencies", agencies, _take)):
            done = Counter()
            bar = shown.bar(title, len(group))

            def run(person: Person, work: Callable[[Clerk], Count[str]] = work, done: Counter = done) -> None:
                clerk = network.clerk(person.username)
                clerk.sign_in()
                moves = work(clerk)
                with lock:
                    day.moves.update(moves)
                done.add()
                bar.set(done.value)  # noqa: B023  # the bar of this round: the round ends before the next begins

            at_once([lambda person=person: run(person) for person in group])  # type: ignore[misc]


def await_receipts(network: DemoNetwork) -> None:
    """Wait until every receipt that the hub owes is stored at its village.

    Raises:
        DemoError: receipts are missing after ``TRAVEL_S`` seconds.
    """
    hub, nodes = network.hub_evidence, network.node_evidence
    total = sum(hub.receipts().values())
    with stage() as shown:
        bar = shown.bar("tanda terima di desa / receipts at the villages", total)
        if not watch([(bar, lambda: sum(each.receipt_count() for each in nodes), total)], TRAVEL_S):
            raise DemoError(
                f"only {sum(each.receipt_count() for each in nodes)} of {total} receipts reached the villages"
            )


def _check(clerk: Clerk) -> Count[str]:
    """Return the first case of the queue for correction, call most others complete, leave some."""
    moves: Count[str] = Count()
    for number, case in enumerate(list(clerk.queue())):
        if number == 0:
            clerk.send_back(case, reason="document_unreadable", note="Foto terlalu gelap, mohon difoto ulang.")
            moves["returned"] += 1
        elif number % LEFT_OPEN:
            clerk.complete(case)
            moves["complete"] += 1
    return moves


def _take(clerk: Clerk) -> Count[str]:
    """Take up most of what waits."""
    moves: Count[str] = Count()
    for number, case in enumerate(list(clerk.queue())):
        if (number + 1) % LEFT_OPEN:
            clerk.take(case)
            moves["custody"] += 1
    return moves
