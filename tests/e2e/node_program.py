"""The village node's own program as a process, made ready by hand: no hub, no broker, an officer behind the counter."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.village_desk import NAME, PIN, open_desk

START_S = 20.0


def free_port() -> int:
    """Return a port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


POWER_CUT = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONTENT_LENGTH_MISMATCH",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)
"""What a browser says when the program dies before, or in the middle of, its answer."""


class NodeProgram:
    """``simpul-node run`` on a folder; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        open_desk(folder).context.database.dispose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = {"SIMPUL_NODE_DATA_DIR": str(self.folder), "SIMPUL_NODE_UI_PORT": str(self.port)}
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "village_node", "run"], env={**os.environ, **settings}, stdout=log, stderr=log
            )
        wait_for(self._answers)

    def kill(self) -> None:
        """End the process as a power cut would: no chance to tidy up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log.txt").read_text()
            return False
        return True


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < end, "did not come up"
        time.sleep(0.1)


class OfficerPages:
    """What an officer does in the browser, by the words on the screen."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def sign_in(self, name: str = NAME, pin: str = PIN) -> None:
        self.page.goto(self.url)
        self.page.get_by_label(name).check()
        self.page.get_by_label("PIN", exact=True).fill(pin)
        self.page.get_by_role("button", name="Masuk").click()
        self.page.wait_for_url(f"{self.url}/")

    def start(self, code: str) -> None:
        self.page.goto(f"{self.url}/layanan/{code}")
        self.page.get_by_role("button", name="Mulai mengisi").click()
        self.page.wait_for_url("**/isian/*")

    def fill(self, **typed: str) -> None:
        for key, text in typed.items():
            self.page.locator(f"#in-{key.replace('__', '-')}").fill(text)

    def saved(self) -> None:
        """Leave the field and wait until the page says that it is saved."""
        self.page.keyboard.press("Tab")
        self.page.locator("#saved").get_by_text("Tersimpan pukul").wait_for()
