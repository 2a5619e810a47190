"""The fixture itself: an empty database of each kind, durable as in production, gone afterwards."""

from sqlalchemy import create_engine, inspect, text

from tests.databases import PostgresServer


def test_a_database_is_empty_and_takes_a_row(database_url: str) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
        assert connection.execute(text("SELECT n FROM t")).scalar_one() == 1
    engine.dispose()


def test_postgresql_says_committed_only_when_it_is_on_disk(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            answers = [
                connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("fsync", "synchronous_commit")
            ]
        engine.dispose()
    assert answers == ["on", "on"]


def test_a_database_is_dropped_while_somebody_is_connected(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        engine = create_engine(url)
        connection = engine.connect()
        connection.execute(text("SELECT 1"))
    connection.invalidate()
    engine.dispose()
