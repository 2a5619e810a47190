"""Storage: the one database, the blob store, the key files, and the ports to clock, chance and names.

Purity: none; this is where the hub touches the machine. ``ports.py`` is the only reader of the clock and of randomness,
``engine.py`` the only maker of connections, ``hubkeys.py`` and ``keyring.py`` the only readers of key files. Nothing
here knows any other room, but for ``metadata.py``, which finds every room's ``tables.py`` for Alembic and tests.

To add one more table: declare it in the ``tables.py`` of its room on ``base.Base``, run
``python -m hub.storage.write_migration "what changes"`` and read what was written to ``migrations/versions``; a test
compares code and history on both databases. To add one more key: its name in ``hubkeys.ALL``, how it is made, and its
loader. To protect one more table from change: a line in ``append_only.PROTECTED``.
"""
