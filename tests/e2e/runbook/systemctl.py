"""Stands in for ``systemctl`` where no systemd runs: starts what a unit says, as whom it says, with its directories.

Knows the verbs and the settings that ``deploy/README.md`` and the units of ``deploy/systemd`` use, and no others. What
a unit may not see or do (sandboxing) is not imitated; ``systemd-analyze`` judges that.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

UNITS = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
PIDS = Path("/run/stand-in")
STARTED_S = 1.5
NOT_SERVICES = (".target", ".timer", ".path")


class Unit:
    """A unit file with its drop-ins."""

    def __init__(self, name: str) -> None:
        """Read it.

        Raises:
            SystemExit: there is none.
        """
        self.name = name if "." in name else f"{name}.service"
        files = [folder / self.name for folder in UNITS if (folder / self.name).exists()][:1]
        files += sorted((UNITS[0] / f"{self.name}.d").glob("*.conf"))
        if not files:
            sys.exit(f"Unit {self.name} not found.")
        self.settings: dict[str, list[str]] = {}
        for file in files:
            self._read(file.read_text(encoding="utf-8").replace("\\\n", " "))

    def _read(self, text: str) -> None:
        for line in text.splitlines():
            key, is_setting, value = line.strip().partition("=")
            if not is_setting or key.startswith("#"):
                continue
            if value:
                self.settings.setdefault(key, []).append(value)
            else:
                self.settings[key] = []

    def last(self, key: str, default: str = "") -> str:
        """Return the last value of a setting."""
        return (self.settings.get(key) or [default])[-1]

    def commands(self, key: str) -> list[tuple[list[str], bool]]:
        """Return commands and whether they may fail."""
        pid = self.pid()
        words = [each.replace("$MAINPID", str(pid)) for each in self.settings.get(key, [])]
        return [(shlex.split(each.lstrip("-+!@:")), each.startswith("-")) for each in words]

    def pid(self) -> int:
        """Return the process that runs for the unit, 0 when none does."""
        file = PIDS / self.name
        if not file.exists():
            return 0
        pid = int(file.read_text())
        return pid if (Path("/proc") / str(pid)).exists() and not _is_dead(pid) else 0

    def start(self) -> None:
        """Do what a start does.

        Raises:
            SystemExit: a command failed, or the program ended at once.
        """
        self._make_directories()
        for command, may_fail in (*self.commands("ExecStartPre"), *self._oneshot()):
            if subprocess.run(self._as_user(command), env=self._environment(), check=False).returncode and not may_fail:
                sys.exit(f"{self.name}: {command[0]} failed")
        if self.last("Type", "simple") in {"simple", "exec", "notify"} and not self.pid():
            self._launch(self.commands("ExecStart")[0][0])

    def stop(self) -> None:
        """End it and wait."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
        while self.pid():
            time.sleep(0.1)

    def restart(self) -> None:
        """End it and start it."""
        self.stop()
        self.start()

    def reload(self) -> None:
        """Do what a reload does."""
        for command, _ in self.commands("ExecReload"):
            subprocess.run(command, check=True)

    def is_active(self) -> None:
        """Say that it does not run.

        Raises:
            SystemExit: it does not.
        """
        if not self.pid():
            sys.exit(f"{self.name} is not active")

    def _oneshot(self) -> list[tuple[list[str], bool]]:
        return self.commands("ExecStart") if self.last("Type") in {"oneshot", "forking"} else []

    def _launch(self, command: Sequence[str]) -> None:
        PIDS.mkdir(exist_ok=True)
        with Path(f"/var/log/{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                self._as_user(command), env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        (PIDS / self.name).write_text(str(process.pid))
        time.sleep(STARTED_S)
        if process.poll() is not None:
            sys.exit(f"{self.name}: ended with {process.returncode}")

    def _as_user(self, command: Sequence[str]) -> list[str]:
        user = self.last("User")
        change = ["setpriv", "--reuid", user, "--regid", self.last("Group", user), "--init-groups"] if user else []
        return [*change, *command]

    def _environment(self) -> dict[str, str]:
        given = dict(each.split("=", 1) for each in self.settings.get("Environment", []))
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **given}

    def _make_directories(self) -> None:
        for key, parent in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for name in self.last(key).split():
                made = Path(parent) / name
                made.mkdir(mode=0o700, exist_ok=True)
                if user := self.last("User"):
                    shutil.chown(made, user, self.last("Group", user))


def _is_dead(pid: int) -> bool:
    return "\nState:\tZ" in (Path("/proc") / str(pid) / "status").read_text()


VERBS = {
    "start": Unit.start,
    "enable": Unit.start,
    "reload-or-restart": Unit.start,
    "restart": Unit.restart,
    "reload": Unit.reload,
    "is-active": Unit.is_active,
}


def main(verb: str, names: Sequence[str]) -> None:
    """Do one verb to all units."""
    if verb == "daemon-reload":
        return
    if names == ["postgresql"]:  # Debian's is a unit that starts others
        subprocess.run(["pg_ctlcluster", "15", "main", verb], check=True)
        return
    for unit in map(Unit, names):
        if not unit.name.endswith(NOT_SERVICES):  # of those nothing more can be said here than that they exist
            VERBS[verb](unit)


if __name__ == "__main__":
    main(sys.argv[1], [each for each in sys.argv[2:] if each != "--now"])
