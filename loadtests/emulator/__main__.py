"""The emulator's process: one JSON command a line on standard input, one JSON answer a line on standard output.

Commands: ``{"profile": {"up": {…}, "down": {…}}}``, ``{"cut": true|false}``, ``{"traffic": true}``; the end of the
input ends the emulator.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from random import Random

from loadtests.emulator.relay import Relay
from loadtests.emulator.shape import Lane, Profile
from loadtests.emulator.tunnel import Ends, Tunnel


class Desk:
    """Takes the commands."""

    def __init__(self, seed: int) -> None:
        """Prepare two perfect lanes."""
        random = Random(seed)
        self.up, self.down = Lane(Profile(), random.random), Lane(Profile(), random.random)

    def answer(self, line: str) -> bool:
        """Do what a line says and print the answer; False at the end of the input."""
        if not line:
            return False
        command: Mapping[str, object] = json.loads(line)
        if "profile" in command:
            profiles: Mapping[str, Mapping[str, float]] = command["profile"]  # type: ignore[assignment]
            self.up.profile, self.down.profile = (Profile(**profiles[lane]) for lane in ("up", "down"))  # type: ignore[arg-type]
        elif "cut" in command:
            for lane in (self.up, self.down):
                (lane.cut if command["cut"] else lane.restore)()
        print(json.dumps({"up": asdict(self.up.traffic), "down": asdict(self.down.traffic)}), flush=True)
        return True


def main(kind: str, given: Mapping[str, int], seed: int) -> None:
    """Run one emulator until its input ends."""
    desk = Desk(seed)
    if kind == "tunnel":
        tunnel = Tunnel(Ends.numbered(given["number"], own_near=bool(given["own_near"])), desk.up, desk.down)
        print("ready", flush=True)
        tunnel.run(sys.stdin.fileno(), lambda: desk.answer(sys.stdin.readline()))
    else:
        asyncio.run(_relay(desk, {int(near): far for near, far in given.items()}))


async def _relay(desk: Desk, ports: Mapping[int, int]) -> None:
    await Relay(ports, desk.up, desk.down).start()
    print("ready", flush=True)
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def on_control() -> None:
        if not desk.answer(sys.stdin.readline()):
            over.set()

    loop.add_reader(sys.stdin.fileno(), on_control)
    await over.wait()


if __name__ == "__main__":
    _kind, _given, _seed = sys.argv[1:]
    main(_kind, json.loads(_given), int(_seed))
