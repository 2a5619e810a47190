"""Alembic's entry: runs on the connection that ``store.upgrade`` hands in."""

from alembic import context

from village_node.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
