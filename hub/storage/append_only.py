"""Triggers that let rows be added but never changed or removed.

A person with the rights of the database's owner can drop a trigger: then the ledger's own arithmetic shows it. The
triggers are there against our own mistakes and against a stolen password of the program (which owns nothing in
production). ``TRUNCATE`` is refused as well.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, MetaData, Table, event

PROTECTED: dict[str, tuple[str, ...]] = {
    "ledger_entry": (),
    "ledger_checkpoint": (),
    "bundle_receipt": ("raw",),
}
"""Table → columns that may be written once, from NULL to a value."""

_MARK = "append_only"


def protect(metadata: MetaData) -> None:
    """Let the triggers be made together with their tables. Calling it again changes nothing."""
    done: set[str] = metadata.info.setdefault(_MARK, set())
    for name, once in PROTECTED.items():
        table = metadata.tables.get(name)
        if table is None or name in done:
            continue
        done.add(name)
        for dialect in ("sqlite", "postgresql"):
            for statement in statements(table, once, dialect):
                make = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]  # not typed by SQLAlchemy
                event.listen(table, "after_create", make)


def statements(table: Table, once: tuple[str, ...], dialect: str) -> Iterator[str]:
    """Yield the SQL that protects one table."""
    return _sqlite(table, once) if dialect == "sqlite" else _postgresql(table, once)


def _sqlite(table: Table, once: tuple[str, ...]) -> Iterator[str]:
    name = table.name
    yield (
        f"CREATE TRIGGER {name}_keep BEFORE DELETE ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name}: rows are never removed'); END"
    )
    yield (
        f"CREATE TRIGGER {name}_fixed BEFORE UPDATE ON {name} WHEN NOT ({_unchanged(table, once, 'IS')}) "
        f"BEGIN SELECT RAISE(ABORT, '{name}: rows are never changed'); END"
    )


def _postgresql(table: Table, once: tuple[str, ...]) -> Iterator[str]:
    name = table.name
    yield (
        f"CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name}: rows are never changed or removed' USING ERRCODE = '23001'; END $$"
    )
    yield (
        f"CREATE TRIGGER {name}_keep BEFORE DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_refuse()"
    )
    yield (
        f"CREATE TRIGGER {name}_fixed BEFORE UPDATE ON {name} FOR EACH ROW "
        f"WHEN (NOT ({_unchanged(table, once, 'IS NOT DISTINCT FROM')})) EXECUTE FUNCTION {name}_refuse()"
    )


def _unchanged(table: Table, once: tuple[str, ...], same: str) -> str:
    """Return the condition under which an update changes nothing but a write-once column from NULL."""
    if not once:
        return "false"
    conditions = []
    for column in table.columns:
        kept = f'OLD."{column.name}" {same} NEW."{column.name}"'
        conditions.append(f'({kept} OR OLD."{column.name}" IS NULL)' if column.name in once else kept)
    return " AND ".join(conditions)
