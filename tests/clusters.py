"""A hub on a cluster of three brokers, all on loopback: its programs, the feed of identities, nats-server thrice."""

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.brokers.cluster import ClusterMember
from loadtests.processes import LocalHub, Program, answers, free_port, run_all, wait_for

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
NAMES = ("b1", "b2", "b3")
ELECT_S = 20.0


@dataclass(kw_only=True)
class ClusterHub(LocalHub):
    """Intake, worker and web as programs of their own; the brokers are started as on three machines."""

    route_port: int = field(default_factory=free_port)
    intakes: int = 1
    """With several, PostgreSQL must be among the settings."""

    def __post_init__(self) -> None:
        """Prepare the commands."""
        super().__post_init__()
        self.environment = {**self.program.environment, "SIMPUL_HUB_BROKER_HOST": ",".join(HOSTS)}
        self.environment["SIMPUL_HUB_BROKER_PUBLIC_HOST"] = ",".join(HOSTS)
        self.program.environment = self.environment
        self.environment["SIMPUL_HUB_INTAKE_SHARDS"] = str(self.intakes)
        self.intake_names = [f"intake-{number}" if number > 1 else "intake" for number in range(1, self.intakes + 1)]
        self.running = {name: self._program(name) for name in (*self.intake_names, "worker", "web", "feed")}
        for number, name in enumerate(self.intake_names, 1):
            shard = {"SIMPUL_HUB_INTAKE_SHARD": str(number)}
            self.running[name].environment = {**self.environment, **shard}
        self.members = [ClusterMember(self.directory / "cluster" / name) for name in NAMES]

    @property
    def member_directories(self) -> list[Path]:
        """Where each broker has its files."""
        return [member.directory for member in self.members]

    def start(self) -> None:
        """Write the cluster's files, start brokers and programs, and wait until intake hears something."""
        named = ",".join(f"{name}={host}" for name, host in zip(NAMES, HOSTS, strict=True))
        out, port = str(self.directory / "cluster"), str(self.route_port)
        self.ask("broker", "cluster", "--members", named, "--out", out, "--route-port", port)
        for member in self.members:
            member.start()
        for member in self.members:
            member.wait_ready()
        self.running["feed"].start("broker", "feed", *map(str, self.member_directories))
        for name in (*self.intake_names, "worker", "web"):
            self.running[name].start(name.partition("-")[0])
        wait_for(lambda: answers(f"{self.url}/healthz"), f"no pages, see {self.directory}")
        for name in self.intake_names:
            wait_for(partial(self.is_connected, name), f"{name} is not connected", ELECT_S)

    def stop(self) -> None:
        """End everything in order."""
        run_all([*(each.stop for each in self.running.values()), *(member.stop for member in self.members)])

    def read_again(self) -> None:
        """Let the brokers read who may connect, once the feed has written it."""
        for member in self.members:
            member.read_again()

    def is_connected(self, name: str) -> bool:
        """Return whether a program has been connected."""
        return "broker.connected" in self.log_of(name)

    def log_of(self, name: str) -> str:
        """Return what a program logged so far."""
        path = self.directory / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wait_known(self, node: str) -> None:
        """Wait until every broker was told a node."""
        files = [each / "identities.conf" for each in self.member_directories]
        wait_for(lambda: all(f"CN={node}" in file.read_text() for file in files), "the feed is late", 20)
        self.read_again()
        time.sleep(0.5)

    def _program(self, name: str) -> Program:
        return Program(module="hub.cli", environment=self.environment, log_file=self.directory / f"{name}.log")
