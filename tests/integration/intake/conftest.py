"""A hub on each kind of database."""

from pathlib import Path

import pytest

from tests.hostile import Scene, neighbours
from tests.hubs import TestHub, make_hub


@pytest.fixture
def hub(tmp_path: Path, database_url: str) -> TestHub:
    """A hub with nobody enrolled."""
    return make_hub(tmp_path, database_url)


@pytest.fixture
def scene(hub: TestHub) -> Scene:
    """A hub with two villages."""
    return neighbours(hub)
