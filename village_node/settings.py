"""The only reader of the node's environment.

Values come from ``SIMPUL_NODE_*`` variables, else from the defaults below. Everything is read once into one frozen
object; all problems are reported together, by name. What the hub decides (name, broker, keys) is not a setting: it
comes with the enrolment and lies in the database.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

PREFIX = "SIMPUL_NODE_"
MAX_PORT = 65_535


class SettingsError(Exception):
    """One or more settings cannot be used; the text lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        """Keep every problem."""
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. Field ``x`` is ``SIMPUL_NODE_X`` in the environment."""

    data_dir: Path
    """Database, sealed files and keys. Default: the user's data folder of the operating system."""
    ui_host: str = "127.0.0.1"
    """Address of the officer's pages; only loopback addresses are taken."""
    ui_port: int = 8077
    """Port of the officer's pages."""
    hub_url: str = ""
    """Web address of the hub, for the enrolment and for an expired certificate. Empty: where it was enrolled."""
    broker_host: str = ""
    """Empty: what the hub named at enrolment. The brokers of a cluster are separated by commas."""
    broker_port: int = 0
    """0: the port that the hub named at enrolment."""
    broker_transport: str = "tcp"
    """``tcp``, or ``websockets`` with ``broker_port`` 443 for a line that lets only web traffic through."""
    keepalive_s: int = 60
    """Seconds without traffic after which the broker is asked whether it is still there. After one and a half times as
    many without an answer the link is taken for dead, and the broker tells the hub so."""
    heartbeat_s: int = 300
    """Seconds between two reports of this node's health; one a minute would cost 0.7 MB a day."""
    lock_after_s: int = 600
    """Seconds without an action of the officer after which the PIN is asked again."""
    remote_requests: str = "ask"
    """When the regency asks this PC for a support file, a self-test or a fresh try: ask, allow or refuse."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    demo_clock: str = ""
    """File with the milliseconds by which a demo moves its clock, to play past weeks."""

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "node.db"

    @property
    def sealed_dir(self) -> Path:
        """Where sealed attachments lie."""
        return self.data_dir / "sealed"

    @property
    def drafts_dir(self) -> Path:
        """Where the sealed files of drafts lie."""
        return self.data_dir / "drafts"

    @property
    def keys_dir(self) -> Path:
        """Where the node's keys and certificates lie."""
        return self.data_dir / "keys"

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: with every problem that was found.
        """
        given = os.environ if environment is None else environment
        raw = {name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name.startswith(PREFIX)}
        known = {item.name: item.type for item in fields(cls)}
        problems = [f"unknown setting: {name}" for name in sorted(set(raw) - set(known))]
        values: dict[str, object] = {"data_dir": user_data_path("simpul-node", appauthor=False)}
        for name in sorted(set(known) & set(raw)):
            try:
                values[name] = _convert(known[name], raw[name])
            except ValueError:
                problems.append(f"{name}: not a whole number")
        if problems:
            raise SettingsError(problems)
        settings = cls(**values)  # type: ignore[arg-type]  # _convert gave each field its type
        if found := _contradictions(settings):
            raise SettingsError(found)
        return settings

    def with_changes(self, **changes: str) -> "Settings":
        """Return the same settings with some texts changed, as a command's options do.

        Raises:
            SettingsError: with every problem that was found.
        """
        changed = replace(self, **changes)  # type: ignore[arg-type]  # texts only, by the commands
        if found := _contradictions(changed):
            raise SettingsError(found)
        return changed


CHOICES = {
    "broker_transport": ("tcp", "websockets"),
    "remote_requests": ("ask", "allow", "refuse"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
}


def _convert(kind: object, value: str) -> object:
    if kind is int:
        return int(value)
    return Path(value) if kind is Path else value.strip()


def _contradictions(settings: Settings) -> list[str]:
    found = [] if _is_loopback(settings.ui_host) else ["ui_host: not a loopback address"]
    for name, least in (("ui_port", 1), ("broker_port", 0)):
        if not least <= getattr(settings, name) <= MAX_PORT:
            found.append(f"{name}: must be {least} to {MAX_PORT}")
    for name, least in (("keepalive_s", 5), ("heartbeat_s", 10), ("lock_after_s", 60)):
        if getattr(settings, name) < least:
            found.append(f"{name}: must be at least {least}")
    if settings.hub_url and not _is_web_address(settings.hub_url):
        found.append("hub_url: not an http or https address")
    found += [
        f"{name}: not one of {', '.join(choices)}"
        for name, choices in CHOICES.items()
        if getattr(settings, name) not in choices
    ]
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
