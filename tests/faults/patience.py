"""An officer whose computer may die at any moment: signs in again, begins again, and writes down each slip."""

import threading
import time
from dataclasses import dataclass, field

from deploy.demo.browser import BrowserError
from deploy.demo.network import DemoNetwork
from deploy.demo.officer import Application, Officer, Slip
from deploy.demo.scenery import Scenery
from deploy.demo.village_pc import VillagePc

PATIENCE_S = 60.0


@dataclass(kw_only=True)
class Shift:
    """The officers of all villages at work until they are told to stop."""

    network: DemoNetwork
    seed: int
    slips: list[Slip] = field(default_factory=list)
    interrupted: int = 0
    names: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(pc,), name=pc.village.code) for pc in self.network.pcs
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish the application at hand."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def is_busy(self) -> bool:
        return not self.failures and all(thread.is_alive() for thread in self._threads)

    def _work(self, pc: VillagePc) -> None:
        scenery, officer = Scenery(f"{self.seed}-{pc.village.code}"), pc.officer()
        services = self.network.node_evidence[self.network.pcs.index(pc)].services()
        number = 0
        while not self._stopped.is_set():
            number += 1
            application = scenery.application(services[number % len(services)])
            slip = self._insist(officer, application)
            if slip is None:
                self.failures.append(f"{pc.village.code}: no slip within {PATIENCE_S} s")
                return
            with self._lock:
                self.slips.append(slip)
                self.names |= scenery.names

    def _insist(self, officer: Officer, application: Application) -> Slip | None:
        """Try until there is a slip. What was cut off after signing stands in the outbox all the same."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                return officer.submit(application)
            except (OSError, BrowserError):
                with self._lock:
                    self.interrupted += 1
                self._come_back(officer)
        return None

    @staticmethod
    def _come_back(officer: Officer) -> None:
        try:
            officer.sign_in()
        except (OSError, BrowserError):
            time.sleep(0.3)
