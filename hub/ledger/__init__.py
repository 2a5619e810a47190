"""Ledger: the append-only Merkle log of everything that the hub decided, and the proofs out of it.

Purity: ``tiles.py`` is arithmetic over hashes read through one query; ``service.py`` appends and signs inside the
caller's transaction; ``auditor.py`` derives everything again from raw rows and trusts none of the others. Entries hold
no personal data, only salted commitments; the openings lie in the rooms that made the entries.

To add one more kind of entry: a kind ``room.word`` in the room that decides it, written with ``service.append`` in the
same transaction as its effect. Keep its opening in a row of that room with the columns ``ledger_index``, ``salt`` and
``subject``: ``openings.py`` finds such tables by these names, and the auditor opens each commitment.
"""
