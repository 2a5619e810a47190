"""Alembic's entry: runs on the connection that ``hub.storage.migrate`` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from hub.storage.base import UtcDateTime
from hub.storage.metadata import load_metadata


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:  # noqa: ANN401  # Alembic's interface
    """Write our own types into scripts as what the database stores: a script must not change with the code."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_metadata(),
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
context.run_migrations()
