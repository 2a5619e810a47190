"""What survives a power cut: the local database, sealed files, and the ports to clock, randomness and ids.

Purity: the bottom of the node; knows SQLite and the disk, nothing of MQTT, Flask or the other rooms. The only place
that reads the system's clock and random source (``ports.py``).

To add one more table: put it into ``tables.py`` of its room, write a migration with the next number in
``migrations/versions`` and set ``HEAD`` in ``engine.py``; ``tests/integration/test_node_store.py`` compares both.
"""
