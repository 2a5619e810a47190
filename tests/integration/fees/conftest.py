"""One town per test, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.permits.desk import Desk, make_desk


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    """A hub whose desks set fees."""
    made = make_desk(tmp_path, database_url)
    yield made
    made.town.hub.database.dispose()
