"""The only reader of the hub's environment and configuration file.

Values come from ``SIMPUL_HUB_*`` variables, else from the TOML file that ``SIMPUL_HUB_CONFIG`` names, else from the
defaults below. Everything is read once into one frozen object; all problems are reported together, by name. Secrets are
file paths, never values. Production mode refuses what only a demo may have.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from protocol.errors import ProtocolError
from protocol.ids import HubId

PREFIX = "SIMPUL_HUB_"
CONFIG = PREFIX + "CONFIG"
MOST_SHARDS = 20
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """One or more settings cannot be used; the text lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        """Keep every problem."""
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an administrator can set. Field ``x`` is ``SIMPUL_HUB_X`` in the environment."""

    data_dir: Path
    """Database (when embedded), blobs, keys, certificates, broker store."""
    hub_id: str = "3314"
    """Dotless code of the regency."""
    production: bool = False
    """True refuses the embedded broker, plain HTTP cookies and other demo settings."""
    database_url: str = ""
    """SQLAlchemy URL; empty: SQLite in the data directory."""
    broker_host: str = "127.0.0.1"
    """Where intake and worker find the broker; the brokers of a cluster separated by commas."""
    broker_port: int = 8883
    """TLS port of the broker."""
    broker_public_host: str = "127.0.0.1"
    """The broker's name as village nodes reach it, or the names of a cluster's, separated by commas."""
    broker_public_port: int = 0
    """0: the same as ``broker_port``."""
    web_host: str = "127.0.0.1"
    """Address that the web server binds."""
    web_port: int = 8080
    """Port that the web server binds."""
    trusted_hosts: tuple[str, ...] = LOOPBACK
    """Host names under which the web pages may be asked for; others get 400."""
    web_workers: int = 1
    """Web server processes."""
    web_threads: int = 8
    """Threads of each web server process."""
    batch_messages: int = 200
    """Messages in one intake transaction; at most half of the broker's in-flight window."""
    intake_shards: int = 1
    """How many intakes share the work, by subdistrict; several need PostgreSQL."""
    intake_shard: int = 1
    """Which of them this one is, from 1."""
    linger_ms: int = 2
    """How long intake waits for a batch to fill, in milliseconds; under load they fill while the one before commits."""
    node_messages_s: int = 20
    """Messages a second that intake takes from one village in the long run; more waits in that village's own line."""
    node_burst: int = 64
    """Messages that intake takes from one village at once on top of that."""
    node_mb_day: int = 4096
    """MB a day that intake takes from one village; more is refused with ``quota``."""
    renewal_grace_days: int = 180
    """How long after the end of its certificate a node may renew it; later it is enrolled anew."""
    beacon_s: int = 300
    """Seconds between two beacons; one a minute would cost each village 0.9 MB a day."""
    auto_suspend: bool = True
    """Whether a node is put aside by itself when two programs prove to work with its key."""
    metrics_token_file: str = ""
    """File with the token that Prometheus shows at ``/metrics``; mode 0600. Empty: no metrics."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    witnesses: tuple[str, ...] = ()
    """Outside witnesses of the ledger, each ``name+hash+key@https://address``, separated by blanks."""
    signature_provider: str = "local"
    """Who signs letters: ``local`` (the regency's own authority) or ``bsre`` (an Esign Client Service)."""
    bsre_url: str = ""
    """Address of the Esign Client Service, ``https://host[:port]``."""
    bsre_user: str = ""
    """Name under which the hub asks that service."""
    bsre_password_file: str = ""
    """File with the password to that name; readable by the hub's user alone."""
    bsre_timeout_s: int = 20
    """How long one step of that service may take."""
    demo_clock: str = ""
    """File with the milliseconds by which a demo moves its clock, to play past weeks. Refused in production."""

    @property
    def hub(self) -> HubId:
        """The hub's name on the wire."""
        return HubId(self.hub_id)

    @property
    def origin(self) -> str:
        """The ledger's name in checkpoints."""
        return f"simpul/{self.hub_id}"

    @property
    def url(self) -> str:
        """The database URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'hub.db'}"

    @property
    def keys_dir(self) -> Path:
        """Where the hub's own keys lie."""
        return self.data_dir / "keys"

    @property
    def pki_dir(self) -> Path:
        """Where authority, certificates and revocation list lie."""
        return self.data_dir / "pki"

    @property
    def blobs_dir(self) -> Path:
        """Where attachments lie."""
        return self.data_dir / "blobs"

    @property
    def node_broker_port(self) -> int:
        """The broker port that nodes are told."""
        return self.broker_public_port or self.broker_port

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read file and environment.

        Raises:
            SettingsError: with every problem that was found.
        """
        given = dict(os.environ if environment is None else environment)
        problems: list[str] = []
        raw = _read_file(given.get(CONFIG, ""), problems)
        known = {item.name for item in fields(cls)}
        raw |= {
            name.removeprefix(PREFIX).lower(): value
            for name, value in given.items()
            if name.startswith(PREFIX) and name != CONFIG
        }
        problems += [f"unknown setting: {name}" for name in sorted(set(raw) - known)]
        values = {name: _convert(name, raw[name], problems) for name in sorted(known & set(raw))}
        if "data_dir" not in values:
            problems.append("data_dir is required")
        if problems:
            raise SettingsError(problems)
        settings = cls(**values)  # type: ignore[arg-type]  # _convert gave each field its type
        problems += _contradictions(settings)
        if problems:
            raise SettingsError(problems)
        return settings


def _read_file(path: str, problems: list[str]) -> dict[str, object]:
    if not path:
        return {}
    try:
        return dict(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        problems.append(f"{CONFIG}: {type(error).__name__}")
        return {}


def _convert(name: str, value: object, problems: list[str]) -> object:
    kind = next(item.type for item in fields(Settings) if item.name == name)
    try:
        if kind is int:
            return int(str(value))
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
    except (ValueError, KeyError):
        problems.append(f"{name}: not of type {getattr(kind, '__name__', kind)}")
        return None
    if kind is Path:
        return Path(str(value))
    if name in {"trusted_hosts", "witnesses"}:
        return tuple(value) if isinstance(value, list) else tuple(str(value).replace(",", " ").split())
    return str(value)


def _contradictions(settings: Settings) -> list[str]:
    found = []
    try:
        HubId(settings.hub_id)
    except ProtocolError:
        found.append("hub_id: not a regency code without dots")
    found += [
        f"{name}: must be at least {least}"
        for name, least in (
            ("batch_messages", 1),
            ("intake_shards", 1),
            ("intake_shard", 1),
            ("linger_ms", 0),
            ("beacon_s", 1),
            ("renewal_grace_days", 0),
            ("node_messages_s", 1),
            ("node_burst", 1),
            ("node_mb_day", 1),
            ("web_workers", 1),
            ("web_threads", 1),
            ("bsre_timeout_s", 1),
        )
        if getattr(settings, name) < least
    ]
    found += _shard_problems(settings)
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        found.append("log_level: not DEBUG, INFO, WARNING or ERROR")
    if settings.signature_provider not in {"local", "bsre"}:
        found.append("signature_provider: not local or bsre")
    if settings.signature_provider == "bsre" and not (
        settings.bsre_url and settings.bsre_user and settings.bsre_password_file
    ):
        found.append("signature_provider: bsre needs bsre_url, bsre_user and bsre_password_file")
    if settings.production and settings.demo_clock:
        found.append("production: demo_clock is for demos")
    if settings.production and settings.url.startswith("sqlite"):
        found.append("production: needs database_url with PostgreSQL")
    if settings.production and set(settings.trusted_hosts) <= set(LOOPBACK):
        found.append("production: trusted_hosts must name the public host")
    return found


def _shard_problems(settings: Settings) -> list[str]:
    found = []
    if not settings.intake_shard <= settings.intake_shards <= MOST_SHARDS:
        found.append(f"intake_shard: from 1 to intake_shards, which is at most {MOST_SHARDS}")
    if settings.intake_shards > 1 and settings.url.startswith("sqlite"):
        found.append("intake_shards: several intakes need database_url with PostgreSQL")
    return found
