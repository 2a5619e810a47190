"""Finds the tables of every room: for Alembic, and for tests that make a database without it.

This module alone looks upwards, and only at files named ``tables.py`` or ``…_tables.py``; it imports them by name when
asked, so that no room of the hub depends on another one through it.
"""

from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

import hub
from hub.storage.append_only import protect
from hub.storage.base import Base


def load_metadata() -> MetaData:
    """Return the tables of all rooms, with their triggers."""
    for name in table_modules():
        import_module(name)
    protect(Base.metadata)
    return Base.metadata


def table_modules() -> list[str]:
    """Return the names of the modules of tables of every room."""
    files = {path for root in hub.__path__ for path in Path(root).glob("*/*tables.py")}
    return sorted(f"hub.{path.parent.name}.{path.stem}" for path in files)
