"""The services that this node knows, as the hub sent them.

Purpose: bytes from the hub are kept as they came and read into ``protocol.catalogue`` types; old versions stay, because
sealed applications name them. Purity: reads and writes its one table; the form itself is drawn by ``web``.

To add one more thing that the hub publishes to all nodes: a table here, its notice kind in ``inbox/service.py``.
"""
