"""Every command of the section *Production* of ``deploy/README.md``, in its order, on a copy of this machine.

The copy has its own files, processes and network. PostgreSQL, Mosquitto, nginx, the hub's programs and the firewall's
rules are the real ones; systemd is stood in for (``runbook/systemctl.py``), packages and ``make setup`` are there.
"""

import re
import subprocess
from pathlib import Path

import pytest

from tests.requirements import leave, require

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SECTION = re.compile(r"^## Production on Debian 12$(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^   ```sh\n(.*?)^   ```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("mosquitto", "nginx", "nft", "postgres", "systemd-analyze")

BEFORE = """
pg_ctlcluster 15 main start
"""

AFTER = """
echo "== after"
sleep 2
grep -q broker.connected /var/log/simpul-hub-intake.service.log && echo "SEEN intake"
pages() { curl --silent --output /dev/null --write-out "$1 %{http_code}\\n" --cacert /etc/ssl/simpul/hub.crt "$2"; }
pages "SEEN pages" https://hub.sragenkab.example/healthz || true
pages "SEEN redirection" http://hub.sragenkab.example/ || true
broker() {
  setpriv --reuid simpul-hub --regid simpul-hub --clear-groups \\
    /opt/simpul/.venv/bin/python -m tests.e2e.runbook.knock "$1" "$2" "$3"
}
cd /opt/simpul
broker broker.sragenkab.example 443 with || true
broker broker.sragenkab.example 443 without || true
broker broker.sragenkab.example 8883 without || true
for unit in /etc/systemd/system/simpul-*.{service,path,timer}; do
  systemd-analyze verify --man=no "$unit" && echo "SEEN sound $(basename "$unit")"
done
nft list ruleset > /run/rules
grep -q "policy drop" /run/rules && echo "SEEN firewall"
find /var/lib/simpul /etc/simpul -perm /o=w ! -type l -printf "SEEN open to others %p\\n"
stat --format "SEEN %a %U %n" /var/lib/simpul/keys /etc/simpul/broker/hub-broker.key
"""


def blocks() -> list[str]:
    """Return the command blocks of the section."""
    section = SECTION.search((DEPLOY / "README.md").read_text(encoding="utf-8"))
    assert section is not None
    return [re.sub("^   ", "", each, flags=re.MULTILINE) for each in BLOCK.findall(section[1])]


def script() -> str:
    """Return the whole script: the first command that fails ends it."""
    numbered = [f'echo "== block {number}"\n{block}' for number, block in enumerate(blocks(), 1)]
    return "\n".join([BEFORE, *numbered, AFTER])


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Follow the runbook and return what was said."""
    for program in PROGRAMS:
        require(program)
    directory = tmp_path_factory.mktemp("runbook")
    (directory / "script").write_text(script())
    spaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*spaces, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode:
        leave("needs root and name spaces of its own")
    (directory / "copy").mkdir()
    command = [*spaces, "bash", str(ROOT / "tests/e2e/runbook/enter.sh"), str(directory / "copy"), str(ROOT)]
    done = subprocess.run([*command, str(directory / "script")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-3_000:]
    return done.stdout


def test_every_command_of_the_runbook_does_what_it_should(followed: str) -> None:
    count = len(blocks())
    assert count == 8  # one for each step that has commands
    assert f"== block {count}" in followed
    assert "SEEN intake" in followed


def test_the_pages_answer_on_their_name(followed: str) -> None:
    assert "SEEN pages 200" in followed
    assert "SEEN redirection 308" in followed


def test_a_certificate_gets_in_to_the_broker_on_443_and_nobody_else_on_any_port(followed: str) -> None:
    assert "SEEN broker.sragenkab.example 443 with: in" in followed
    assert "SEEN broker.sragenkab.example 443 without: refused" in followed
    assert "SEEN broker.sragenkab.example 8883 without: refused" in followed


def test_the_firewall_stands(followed: str) -> None:
    assert "SEEN firewall" in followed


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("simpul-[hb]*.*")), ids=lambda path: path.name)
def test_the_units_are_sound(followed: str, path: Path) -> None:
    if path.suffix != ".target":
        assert f"SEEN sound {path.name}\n" in followed


def test_nothing_is_writable_by_others_and_keys_are_private(followed: str) -> None:
    assert "open to others" not in followed
    assert "SEEN 700 simpul-hub /var/lib/simpul/keys" in followed
    assert "SEEN 400 mosquitto /etc/simpul/broker/hub-broker.key" in followed
