"""The program as a process: commands, enrolment over HTTP, pages, memory, a graceful end, a lock."""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from protocol.enrolment import CODE_BYTES, make_code
from tests.architecture.source import ROOT
from tests.brokers import eventually
from tests.hub_stand_in import HubStandIn
from tests.integration.test_node_identity import HubWebStandIn
from tests.node_stand import PIN
from village_node.app import Synchroniser
from village_node.settings import Settings, SettingsError
from village_node.sync.runner import Runner

CODE = make_code(bytes(range(CODE_BYTES)))
MOST_IDLE_KB = 90 * 1024
pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class Node:
    """One data folder and the commands on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.pin_file = directory.parent / "pin"
        self.pin_file.write_text(f"{PIN}\n")

    @property
    def environment(self) -> Mapping[str, str]:
        own = {"SIMPUL_NODE_DATA_DIR": str(self.directory), "SIMPUL_NODE_UI_PORT": str(self.port)}
        return {**os.environ, **own}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "village_node", *words]
        return subprocess.run(line, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "village_node", "run"]
        return subprocess.Popen(line, cwd=ROOT, env=self.environment, stderr=subprocess.PIPE)

    def page(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return int(answer.status)
        except (OSError, urllib.error.URLError):
            return 0


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


@pytest.fixture
def running(node: Node) -> Iterator[subprocess.Popen[bytes]]:
    process = node.start()
    assert eventually(lambda: node.page() == 200, within_s=40)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def hub_url() -> Iterator[str]:
    """A web address that takes the request, answers "later" once, then approves."""
    web = HubWebStandIn(HubStandIn(1), CODE)

    class _Handler(http.server.BaseHTTPRequestHandler):
        polls = 0

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = web.post(self.path, body)
            if self.path.endswith("answer"):
                type(self).polls += 1
                web.approve()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_enrolment_by_command_gives_name_officer_and_numbers(node: Node, hub_url: str) -> None:
    words = ("--hub", hub_url, "--code", CODE, "--officer", "Bu Siti", "--pin-file", str(node.pin_file))
    made = node.command("enrol", *words)
    assert made.returncode == 0, made.stderr
    assert re.search(r"^([0-9A-Z]{4}-){5}[0-9A-Z]{4}$", made.stdout.splitlines()[1].split(": ")[1])
    assert "3314012001-01" in made.stdout
    assert "free numbers: 10" in node.command("status").stdout
    assert "certified Bu Siti" in node.command("officer", "list").stdout
    assert node.command("enrol", *words).returncode == 1


def test_a_wrong_code_and_a_dead_address_are_said_plainly(node: Node, hub_url: str) -> None:
    pin = ("--officer", "Bu Siti", "--pin-file", str(node.pin_file))
    wrong = node.command("enrol", "--hub", hub_url, "--code", "abc", *pin)
    dead = node.command("enrol", "--hub", "http://127.0.0.1:9", "--code", CODE, *pin, "--wait-s", "1")
    assert (wrong.returncode, dead.returncode) == (1, 1)
    assert wrong.stderr.startswith("enrolment_refused")
    assert dead.stderr.startswith("hub_unreachable")


def test_an_officer_is_added_and_a_plain_pin_is_not_taken(node: Node) -> None:
    assert node.command("officer", "add", "--name", "Pak Budi", "--pin-file", str(node.pin_file)).returncode == 0
    node.pin_file.write_text("123456")
    refused = node.command("officer", "add", "--name", "Pak Adi", "--pin-file", str(node.pin_file))
    assert (refused.returncode, refused.stderr.split(":")[0]) == (1, "pin_form")
    assert node.command("officer", "list").stdout.count("\n") == 1


def test_the_self_check_names_a_damaged_database(node: Node) -> None:
    assert node.command("check").stdout == "0 sealed files, 0 faults\n"


def test_wrong_settings_are_told_all_at_once(node: Node) -> None:
    node.port = 0
    answer = node.command("status")
    assert (answer.returncode, answer.stderr) == (78, "ui_port: must be 1 to 65535\n")
    with pytest.raises(SettingsError) as caught:
        Settings.load(
            {"SIMPUL_NODE_UI_HOST": "0.0.0.0", "SIMPUL_NODE_HUB_URL": "ftp://x", "SIMPUL_NODE_KEEPALIVE_S": "1"}
        )
    assert len(caught.value.problems) == 3


def test_the_program_is_small_and_ends_gracefully(node: Node, running: subprocess.Popen[bytes]) -> None:
    status = Path(f"/proc/{running.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    print(f"idle: {int(found[1]) // 1024} MB")
    assert int(found[1]) <= MOST_IDLE_KB
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=20)
    assert running.returncode == 0
    assert b"node.stopped" in errors


class BreakingRunner(Runner):
    """A sync thread with a fault."""

    def __init__(self) -> None:
        """Need nothing."""

    def run(self) -> None:
        raise ZeroDivisionError


def test_a_fault_of_the_sync_thread_is_seen_and_not_survived() -> None:
    synchroniser = Synchroniser()
    synchroniser.start(BreakingRunner())
    assert eventually(lambda: synchroniser.failed)


def test_a_second_program_on_the_folder_is_refused(node: Node, running: subprocess.Popen[bytes]) -> None:
    second = node.command("run")
    assert (second.returncode, second.stderr.strip()) == (1, "already_running")


def test_a_killed_program_starts_again(node: Node) -> None:
    first = node.start()
    assert eventually(lambda: node.page() == 200, within_s=40)
    first.kill()
    first.communicate()
    second = node.start()
    assert eventually(lambda: node.page() == 200, within_s=40)
    second.kill()
    second.communicate()


def test_receipts_are_written_out_with_the_key_to_check_them(node: Node, hub_url: str, tmp_path: Path) -> None:
    refused = node.command("receipts", str(tmp_path / "early"))
    assert (refused.returncode, (tmp_path / "early").exists()) == (1, False)
    node.command("enrol", "--hub", hub_url, "--code", CODE, "--officer", "Bu Sri", "--pin-file", str(node.pin_file))

    done = node.command("receipts", str(tmp_path / "out"))

    assert (done.returncode, done.stdout) == (0, "0 receipts\n")
    assert set(json.loads((tmp_path / "out" / "keys.json").read_text())) == {"log", "signers"}
    assert node.command("receipts", str(tmp_path / "out")).returncode == 1
