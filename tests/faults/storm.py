"""A seeded storm over real processes: kill -9 of any of them at any moment, and a broker that forgets everything."""

import contextlib
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import psutil

from deploy.demo.network import DefaultHub, DemoNetwork

HUB_PROGRAMS = {
    "intake": "hub.programs intake",
    "worker": "hub.programs worker",
    "broker": "nats-server",
    "web": "gunicorn",
}
KILLS = ("intake", "worker", "broker", "web", "node", "supervisor", "hub")
WEIGHTS = (8, 6, 6, 1, 8, 2, 2)
LONGEST_PAUSE_S = 2.0


def family(hub: DefaultHub) -> dict[str, psutil.Process]:
    """Return the running programs of a hub by name, the supervisor too."""
    process = hub.program.process
    if process is None or process.poll() is not None:
        return {}
    supervisor = psutil.Process(process.pid)
    found = {"supervisor": supervisor}
    for child in supervisor.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            line = " ".join(child.cmdline())
            found |= {name: child for name, words in HUB_PROGRAMS.items() if words in line}
    return found


@dataclass(kw_only=True)
class Storm:
    """Kills until it has killed often enough; ``blow`` runs in the test's own thread."""

    network: DemoNetwork
    hub: DefaultHub
    random: Random
    repairs: threading.Lock = field(default_factory=threading.Lock)
    killed: Counter[str] = field(default_factory=Counter)
    wiped: int = 0

    def blow(self, *, kills: int, wipes: int, is_busy: Callable[[], bool]) -> None:
        """Kill and wipe, evenly mixed, while there is work; what the storm starts anew, it waits for."""
        events = [*self.random.choices(KILLS, WEIGHTS, k=kills), *["wipe"] * wipes]
        self.random.shuffle(events)
        for event in events:
            assert is_busy(), "the storm outlasted the work: give the officers more to do"
            time.sleep(self.random.uniform(0, LONGEST_PAUSE_S))
            self._happen(event)

    def _happen(self, event: str) -> None:
        if event == "wipe":
            self._wipe()
            return
        if event == "node":
            pc = self.random.choice(self.network.pcs)
            pc.program.kill()
            pc.start()
        elif event in {"supervisor", "hub"}:
            self._kill_hub(whole=event == "hub")
        elif not self._kill(event):
            return  # it was just starting again: there was nothing to kill
        self.killed[event] += 1

    def _kill(self, name: str) -> bool:
        """Kill one program of the hub; its supervisor brings it back."""
        wait_for = time.monotonic() + 10
        while time.monotonic() < wait_for:
            if (process := family(self.hub).get(name)) is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
                    return True
            time.sleep(0.1)
        return False

    def _kill_hub(self, *, whole: bool) -> None:
        """Kill the supervisor alone, or everything at once as a power cut does; then start it again."""
        everything = family(self.hub)
        self.hub.program.kill()
        if whole:
            for process in everything.values():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
        self.hub.start()

    def _wipe(self) -> None:
        """Let the broker forget every session and message, with the supervisor held so that it cannot help."""
        everything = family(self.hub)
        broker = everything.get("broker")
        everything["supervisor"].suspend()
        try:
            if broker is not None:
                broker.kill()
                while broker.is_running() and broker.status() != psutil.STATUS_ZOMBIE:  # nobody reaps it now
                    time.sleep(0.01)
            store = self.hub.directory / "data" / "broker" / "store"
            shutil.rmtree(store, ignore_errors=True)
            assert not store.exists()
        finally:
            everything["supervisor"].resume()
        self.wiped += 1


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Resident memory in MB."""

    nodes: list[int]
    hub: dict[str, int]


def memory_of(network: DemoNetwork, hub: DefaultHub) -> Memory:
    """Measure the processes as they stand."""
    return Memory(
        nodes=[resident_mb(each.program.process.pid) for each in network.pcs if each.program.process is not None],
        hub={name: resident_mb(process.pid) for name, process in family(hub).items()},
    )


def resident_mb(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss) >> 20
