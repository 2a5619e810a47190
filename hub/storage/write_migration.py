"""``python -m hub.storage.write_migration "what changes"``: writes the script from the newest version to the code.

Read what was written before it is committed: Alembic sees columns and constraints, not meaning. Triggers are written by
hand, as plain SQL for both databases (``append_only.statements`` gives the text).
"""

import sys
import tempfile
from pathlib import Path

from hub.storage import migrate
from hub.storage.engine import Database


def main() -> None:
    """Compare a fresh database at the newest version with the code, and write the difference."""
    message = " ".join(sys.argv[1:])
    if not message:
        raise SystemExit("say what changes")
    revision = f"{len(list((migrate.SCRIPTS / 'versions').glob('*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'empty.db'}")
        database.migrate()
        migrate.write_revision(database.engine, message, revision)
        database.dispose()


if __name__ == "__main__":
    main()
