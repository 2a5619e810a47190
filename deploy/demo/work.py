"""A day's work in the demo: officers submit, the hub assembles, clerks decide, receipts travel back."""

import threading
from collections import Counter as Count
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from deploy.demo.cast import Person
from deploy.demo.desk import DeskWorker, Habits, is_from
from deploy.demo.network import DemoError, DemoNetwork, at_once
from deploy.demo.officer import Slip
from deploy.demo.progress import stage, watch
from deploy.demo.scenery import Scenery, share_out

TRAVEL_S = 150.0
"""How long everything may be on its way, on a slow machine."""

MOST_CASES = 60
"""Cases that one person turns to at one go."""

AT_ONCE = 4
"""People who work at the same moment."""


@dataclass(kw_only=True)
class Day:
    """What was done, as those who did it know it."""

    before: list[str] = field(default_factory=list)
    """Registration numbers of the past weeks."""
    slips: list[Slip] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    moves: Count[str] = field(default_factory=Count)
    """Moves of the desks, by the ending of the form's address."""

    def answerable(self) -> set[str]:
        """Return the numbers whose villages have an officer who would answer a question."""
        return {slip.registration_no for slip in self.slips}

    @property
    def numbers(self) -> list[str]:
        """Everything that was ever submitted."""
        return [*self.before, *(slip.registration_no for slip in self.slips)]


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
    hub, total = network.hub_evidence, len(day.numbers)
    with stage() as shown:
        arrived = (shown.bar("diterima / received", total), lambda: len(hub.numbers()), total)
        whole = (shown.bar("utuh / whole", total), hub.whole, total)
        if not watch([arrived, whole], TRAVEL_S):
            raise DemoError(f"only {hub.whole()} of {total} applications arrived whole")


def decide(network: DemoNetwork, day: Day, rounds: int = 2, first: int = 0) -> None:
    """Let the desks work their queues off, several times one after the other.

    Raises:
        BrowserError: a page refused.
    """
    with stage() as shown:
        bar = shown.bar("meja / desks", rounds)
        for number in range(rounds):
            day.moves.update(work_desks(network, first + number, day.answerable))
            bar.set(number + 1)


def work_desks(
    network: DemoNetwork, round_number: int, answerable: Callable[[], set[str]], turn: int = 0
) -> Count[str]:
    """Let everybody who has something on the desk work it off, and return the moves.

    ``answerable``: registration numbers of cases whose village would answer a question. ``turn``: which time this is
    with the same people; two turns that drew the same chances would pay two fees with one proof.

    Raises:
        BrowserError: a page refused.
    """
    moves, lock = Count[str](), threading.Lock()

    def run(person: Person) -> None:
        clerk = network.clerk(person.username)
        clerk.sign_in()
        random = Random(f"{person.username} {round_number} {turn}")
        worker = DeskWorker(clerk, random, Habits(), today=network.today, may_return=is_from(answerable))
        done = worker.work(MOST_CASES)
        with lock:
            moves.update(done)

    busy = busy_people(network, round_number)
    for start in range(0, len(busy), AT_ONCE):
        at_once([lambda person=person: run(person) for person in busy[start : start + AT_ONCE]])  # type: ignore[misc]
    return moves


def busy_people(network: DemoNetwork, round_number: int) -> list[Person]:
    """Return one person for each desk with something to do, in turn: two at one desk would take the same case."""
    seats: dict[tuple[str, str], list[Person]] = {}
    for person in network.people:
        seats.setdefault((person.office, person.role), []).append(person)
    busy = network.hub_evidence.busy_desks()
    return [seats[desk][round_number % len(seats[desk])] for desk in sorted(busy) if desk in seats]


def await_receipts(network: DemoNetwork) -> None:
    """Wait until every receipt that the hub owes is stored at its village.

    Raises:
        DemoError: receipts are missing after ``TRAVEL_S`` seconds.
    """
    hub, nodes = network.hub_evidence, network.node_evidence
    total = sum(hub.receipts([each.node_id() for each in nodes]).values())
    with stage() as shown:
        bar = shown.bar("tanda terima di desa / receipts at the villages", total)
        if not watch([(bar, lambda: sum(each.receipt_count() for each in nodes), total)], TRAVEL_S):
            raise DemoError(
                f"only {sum(each.receipt_count() for each in nodes)} of {total} receipts reached the villages"
            )
