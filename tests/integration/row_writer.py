"""Writes the plain rows of a load test through the hub's own tables, on whichever database a test has."""

from datetime import UTC, datetime

from sqlalchemy import insert

from hub.storage.engine import Database
from hub.storage.metadata import load_metadata

TABLES = load_metadata().tables


class RowWriter:
    """Writes the rows of a load test through the hub's own tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, table: str, rows: list[dict[str, object]]) -> None:
        made = [{name: self._value(name, value) for name, value in row.items()} for row in rows]
        with self._database.session() as session:
            session.execute(insert(TABLES[table]), made)

    @staticmethod
    def _value(name: str, value: object) -> object:
        is_time = name.endswith("_at") and name != "claimed_at" and isinstance(value, int)
        return datetime.fromtimestamp(int(str(value)) / 1_000, tz=UTC) if is_time else value
