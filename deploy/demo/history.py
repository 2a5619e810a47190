"""The past weeks of the regency: villages far away submit, desks work, day after day in the demo's own time."""

import time
from collections import Counter as Count
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle, islice

from deploy.demo.cast import ADMINS, FAR_VILLAGES
from deploy.demo.far_village import Counter, FarVillage, settle
from deploy.demo.network import DefaultHub, DemoError, DemoNetwork
from deploy.demo.progress import stage
from deploy.demo.timeline import Timeline, at, past_days
from deploy.demo.work import TRAVEL_S, work_desks

DAYS, EVERY = 8, 3
"""Days that are played, and weekdays from one to the next: five weeks."""

PUSH_S = 2.0

ROUNDS = ((10, 0), (13, 30), (15, 0))
"""When the desks turn to their queues, in WIB."""


@dataclass(kw_only=True)
class Past:
    """What was done in the past weeks, as those who did it know it."""

    villages: list[FarVillage] = field(default_factory=list)
    moves: Count[str] = field(default_factory=Count)

    @property
    def numbers(self) -> list[str]:
        """Registration numbers of everything that was submitted."""
        return [number for village in self.villages for number in village.numbers]

    @property
    def names(self) -> set[str]:
        """Names of all applicants."""
        return {name for village in self.villages for name in village.names}

    def close(self) -> None:
        """Leave the broker."""
        for village in self.villages:
            village.close()


def begin(timeline: Timeline, today: date) -> list[date]:
    """Go back to the first of the past days, before anything starts; return the days."""
    days = past_days(today, DAYS, EVERY)
    timeline.be_at(at(days[0], 7, 30))
    return days


def play(network: DemoNetwork, days: list[date], applications: int) -> Past:
    """Play the past days at a running network, and come home to the present.

    Raises:
        DemoError: something did not arrive.
        BrowserError: a page refused.
        ProcessError: the hub refused.
    """
    timeline, hub = network.timeline, network.hub
    if timeline is None or not isinstance(hub, DefaultHub):
        raise DemoError("this network has no history")
    past = Past()
    with stage() as shown:
        bar = shown.bar("desa jauh / far villages", len(FAR_VILLAGES))
        inviter, approver = (network.clerk(name) for name in ADMINS)
        inviter.sign_in()
        approver.sign_in()
        counter = Counter(inviter=inviter, approver=approver)
        past.villages = settle(hub, FAR_VILLAGES, network.directory, counter, bar.set)
        bar = shown.bar("hari / days", len(days))
        turns = cycle((village, service) for service in past.villages[0].services for village in past.villages)
        for number, day in enumerate(days, 1):
            timeline.be_at(at(day, 8, 30))
            share = applications * number // len(days) - applications * (number - 1) // len(days)
            for village, service in islice(turns, share):
                village.submit(service, int(timeline.now().timestamp() * 1000))
            _deliver(past)
            for turn, (hour, minute) in enumerate(ROUNDS):
                timeline.be_at(at(day, hour, minute))
                past.moves.update(work_desks(network, number, set, turn))
            bar.set(number)
    timeline.come_home()
    return past


def _deliver(past: Past) -> None:
    """Let the villages send until each has the receipt for everything.

    Raises:
        DemoError: something is still open after ``TRAVEL_S`` seconds.
    """
    deadline = time.monotonic() + TRAVEL_S
    while is_open := sum(village.push() for village in past.villages):
        if time.monotonic() > deadline:
            raise DemoError(f"{is_open} applications of far villages did not arrive whole")
        time.sleep(PUSH_S)
