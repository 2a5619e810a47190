"""The regency hub: takes bundles in, keeps the ledger, routes cases to agencies, answers the villages.

Rooms by capability; who may stand on whom is in ``docs/adr/0002`` and checked by import-linter. To add a room: a folder
with ``tables``, ``rules``, ``service``, ``queries``, ``views`` as needed, its line in the layers contract, its tables
in ``storage/metadata.py``, its blueprint in ``web/app.py``.
"""
