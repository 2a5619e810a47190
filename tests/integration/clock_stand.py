"""Cases without an intake, for tests of clocks: rows that hold what a clock needs, on a real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from sqlalchemy import Boolean, Integer, LargeBinary, String, Table, insert, select
from sqlalchemy.orm import Session

from hub.casework.tables import Case
from hub.clocks.tables import CaseClock, DueChange
from hub.intake.tables import Bundle
from hub.ledger.auditor import verify
from hub.ledger.openings import stored_openings
from hub.ledger.service import sign_head
from hub.storage.base import UtcDateTime, table_of
from hub.storage.engine import Database
from hub.storage.metadata import load_metadata
from protocol.ids import RegistrationNo
from tests.hubs import HUB, SeededRandomness, SetClock
from tests.ledgers import KEY, LOG, ORIGIN

WIB = timedelta(hours=7)


def wib(text: str) -> datetime:
    """Return the moment at which a clock in Sragen shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - WIB


def shown(moment: datetime | None) -> str:
    """Return what a clock in Sragen shows."""
    return "" if moment is None else f"{moment + WIB:%Y-%m-%d %H:%M}"


@dataclass
class ClockStand:
    """A database with cases."""

    database: Database
    clock: SetClock = field(default_factory=lambda: SetClock(wib("2026-11-24T09:00")))
    randomness: SeededRandomness = field(default_factory=lambda: SeededRandomness(Random(1)))
    made: int = 0

    def case(self, service: str = "APOTEK", village: str = "33.14.01.2001") -> Case:
        """Make one case of a service, received now."""
        self.made += 1
        bundle, number = bytes([self.made]) * 32, f"{self.made:026d}"
        values = {"bundle_id": bundle, "node_id": "n", "counter": self.made, "registration_no": number[-20:]}
        with self.database.session() as session:
            _fill(session, table_of(Bundle), values | {"claimed_ms": 0, "received_at": self.clock.now()})
            case = {
                "case_id": number,
                "bundle_id": bundle,
                "registration_no": str(RegistrationNo.build(HUB, 2026, self.made)),
                "village": village,
                "subdistrict": village[:8],
                "service": service,
                "service_version": 1,
                "front_office": "one-stop",
                "state": "received",
                "received_at": self.clock.now(),
                "version_id": 1,
            }
            _fill(session, table_of(Case), case)
            return session.get_one(Case, number)

    def row(self, case: Case, stage: str = "") -> CaseClock:
        """Return a clock as it now is."""
        with self.database.reading() as session:
            return session.get_one(CaseClock, (case.case_id, stage))

    def due(self, case: Case, stage: str = "") -> str:
        """Return when it is due, as a clock in Sragen shows it."""
        return shown(self.row(case, stage).due_at)

    def history(self, case: Case) -> list[tuple[str, str, str]]:
        """Return why due times changed, from what to what."""
        with self.database.reading() as session:
            rows = session.scalars(select(DueChange).where(DueChange.case_id == case.case_id).order_by(DueChange.id))
            return [(row.reason, shown(row.old_due_at), shown(row.new_due_at)) for row in rows]

    def at(self, text: str) -> datetime:
        """Set the clock and return it."""
        self.clock.time = wib(text)
        return self.clock.now()

    def is_sound(self) -> bool:
        """Sign the log, and let the auditor go through it with all that opens its entries."""
        with self.database.session() as session:
            sign_head(session, self.clock.now(), KEY, ORIGIN)
        with self.database.reading() as session:
            return verify(session, LOG, stored_openings(session, load_metadata()), []).is_sound


@contextmanager
def clock_stand(database_url: str) -> Iterator[ClockStand]:
    """Make the tables of all rooms on an empty database."""
    database = Database(database_url)
    load_metadata().create_all(database.engine)
    yield ClockStand(database=database)
    database.dispose()


def _fill(session: Session, table: Table, values: dict[str, object]) -> None:
    """Insert a row; columns that no clock looks at get something of their type."""
    empty = {String: "", Integer: 0, LargeBinary: b"", Boolean: False, UtcDateTime: wib("2026-11-24T09:00")}
    rest = {
        column.name: next((value for kind, value in empty.items() if isinstance(column.type, kind)), 0)
        for column in table.columns
        if not column.nullable and column.default is None and column.name not in values
    }
    session.execute(insert(table).values(**rest, **values))
