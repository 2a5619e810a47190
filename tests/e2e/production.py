"""A hub as production has it: Mosquitto with mutual TLS, PostgreSQL, and intake, worker and web as three programs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from deploy.brokers.mosquitto import MosquittoBroker, TlsFiles
from deploy.demo.evidence import HubEvidence, Rows
from loadtests.processes import Program, answers, free_port, run_all, wait_for
from protocol.ids import HubId

PUBLIC_HOST = "hub.sragen.example"
PROGRAMS = ("intake", "worker", "web")


def postgres_rows(url: str) -> Rows:
    """Return what answers queries from PostgreSQL."""
    address = url.replace("postgresql+psycopg://", "postgresql://")

    def rows(query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(address) as connection:
            return [tuple(row) for row in connection.execute(query.encode()).fetchall()]

    return rows


@dataclass(kw_only=True)
class ProductionHub:
    """Three programs over a broker and a database that are not theirs. TLS in front of the pages is nginx's work."""

    directory: Path
    database_url: str
    mosquitto: Path
    web_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        pki = self.directory / "data" / "pki"
        self.broker = MosquittoBroker(
            self.directory / "broker", hub=HubId("3314"), tls=TlsFiles.of(pki), program=self.mosquitto
        )
        self.environment = {
            "SIMPUL_HUB_DATA_DIR": str(self.directory / "data"),
            "SIMPUL_HUB_PRODUCTION": "true",
            "SIMPUL_HUB_DATABASE_URL": self.database_url,
            "SIMPUL_HUB_TRUSTED_HOSTS": f"{PUBLIC_HOST} 127.0.0.1",
            "SIMPUL_HUB_WEB_PORT": str(self.web_port),
            "SIMPUL_HUB_WEB_WORKERS": "2",
            "SIMPUL_HUB_BROKER_PORT": str(self.broker.config.programs.port),
            "SIMPUL_HUB_BROKER_PUBLIC_PORT": str(self.broker.config.nodes.port),
            "SIMPUL_HUB_BEACON_S": "10",
        }
        self.running = {name: self._program(name) for name in PROGRAMS}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def programs(self) -> Sequence[Program]:
        return list(self.running.values())

    def ask(self, *arguments: str, given: str = "") -> str:
        return self._program("ask").ask(*arguments, given=given)

    def start(self) -> None:
        """Start the broker first, as systemd does."""
        self.broker.directory.mkdir(parents=True, exist_ok=True)
        self.broker.start()
        for name, program in self.running.items():
            program.start(name)
        wait_for(lambda: answers(f"{self.url}/healthz"), f"no pages, see {self.directory}")

    def stop(self) -> None:
        run_all([*(program.stop for program in self.programs), self.broker.stop])

    def evidence(self) -> HubEvidence:
        return HubEvidence(postgres_rows(self.database_url))

    def _program(self, name: str) -> Program:
        return Program(module="hub.cli", environment=self.environment, log_file=self.directory / f"{name}.log")
