"""Starts an emulator as a process of its own and gives it orders."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from loadtests.emulator.shape import Profile, Traffic
from loadtests.emulator.tunnel import LOOPBACK, Ends, is_possible, namespaces
from loadtests.processes import ProcessError, free_port


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the link carried since it began."""

    up: Traffic
    down: Traffic

    def since(self, before: "Figures") -> "Figures":
        """Return the difference to an earlier moment."""
        return Figures(up=_difference(self.up, before.up), down=_difference(self.down, before.down))

    @property
    def sent(self) -> int:
        """Bytes put on the link in both directions."""
        return self.up.sent + self.down.sent


@dataclass(frozen=True, kw_only=True)
class Place:
    """How a village reaches the hub through the link, and where the hub's programs have to run."""

    kind: str
    """``tunnel`` or ``relay``."""
    why_no_tunnel: str
    host: str
    ports: Mapping[int, int]
    """For each port of the hub the one to connect to."""
    run_far: Sequence[str]
    """What to put before a command of the far side."""
    near: str
    """Namespace of the near side; empty: no own."""


class Emulator:
    """A running link; perfect until a profile is set."""

    def __init__(self, place: Place, process: "subprocess.Popen[str]") -> None:
        """Take a process that said that it is ready."""
        self.place = place
        self._process = process

    def shape(self, up: Profile, down: Profile | None = None) -> None:
        """Give the link its properties, both ways the same unless said otherwise."""
        self._order({"profile": {"up": asdict(up), "down": asdict(down or up)}})

    def cut(self) -> None:
        """Take the link down: packets vanish, nobody is told."""
        self._order({"cut": True})

    def restore(self) -> None:
        """Bring the link up again."""
        self._order({"cut": False})

    def figures(self) -> Figures:
        """Return what was carried."""
        return self._order({"traffic": True})

    def _order(self, command: Mapping[str, object]) -> Figures:
        if self._process.stdin is None or self._process.stdout is None:
            raise ProcessError("an emulator without pipes")
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or "null")
        if answer is None:
            raise ProcessError("the emulator died")
        return Figures(up=Traffic(**answer["up"]), down=Traffic(**answer["down"]))


@contextlib.contextmanager
def emulated_link(
    ports: Sequence[int], *, seed: int = 1, own_near: bool = False, kind: str | None = None
) -> Iterator[Emulator]:
    """Make a link to these ports of the hub: a tunnel where this machine allows it, else a relay.

    Args:
        ports: ports of the hub's loopback.
        seed: of the losses.
        own_near: let the near side live in a namespace of its own, else where this process is.
        kind: ``relay`` to do without a tunnel although there could be one.

    Raises:
        ProcessError: the emulator did not start.
    """
    why = "not wanted" if kind == "relay" else is_possible()
    with contextlib.ExitStack() as stack:
        if why:
            doors = {port: free_port() for port in ports}
            place = Place(kind="relay", why_no_tunnel=why, host=LOOPBACK, ports=doors, run_far=(), near="")
            arguments = ("relay", json.dumps({near: far for far, near in doors.items()}))
        else:
            number = os.getpid()
            ends = Ends.numbered(number, own_near=own_near)
            stack.enter_context(namespaces(ends.namespaces))
            place = Place(
                kind="tunnel",
                why_no_tunnel="",
                host=ends.far,
                ports={port: port for port in ports},
                run_far=("ip", "netns", "exec", ends.namespaces[1]),
                near=ends.namespaces[0],
            )
            arguments = ("tunnel", json.dumps({"number": number, "own_near": own_near}))
        process = stack.enter_context(_process([*arguments, str(seed)]))
        yield Emulator(place, process)


@contextlib.contextmanager
def _process(arguments: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "loadtests.emulator", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise ProcessError("the emulator did not start")
        yield process
    finally:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _difference(now: Traffic, before: Traffic) -> Traffic:
    return Traffic(**{name: value - asdict(before)[name] for name, value in asdict(now).items()})
