"""Alembic's entry: runs on the connection that ``hub.storage.migrate`` hands in."""

from alembic import context

from hub.storage.metadata import load_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_metadata(),
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
