"""The group of processes of a small office: what ends it, and what does not."""

import os
from pathlib import Path

from sqlalchemy import text

from hub.brokers.embedded import EmbeddedBroker
from hub.storage.engine import Database
from hub.supervisor import Supervisor


class QuietBroker(EmbeddedBroker):
    """A broker that is always well."""

    def __init__(self) -> None:
        self.is_stopped = False

    def start(self) -> None:
        """Need nothing."""

    def stop(self) -> None:
        self.is_stopped = True

    def is_running(self) -> bool:
        return True


def test_a_database_that_does_not_answer_does_not_end_the_group(tmp_path: Path) -> None:
    database, broker = Database(f"sqlite:///{tmp_path / 'hub.db'}"), QuietBroker()
    database.migrate()
    rounds = []

    def wait(_: float) -> None:
        rounds.append(1)
        with database.session() as session:
            session.execute(text("ALTER TABLE node RENAME TO node_away" if len(rounds) == 1 else "SELECT 1"))

    supervisor = Supervisor(broker, database, {"PATH": os.environ["PATH"]})
    supervisor.run(lambda: len(rounds) >= 3, wait)

    assert len(rounds) == 3
    assert broker.is_stopped
