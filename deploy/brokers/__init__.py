"""Brokers as processes: rendered from the templates that an administrator installs, started for tests and benches.

The embedded broker is not here: ``simpul-hub run`` starts it, so it lives in ``hub/brokers/embedded.py``. One more
broker is one more module with a class that has ``start``, ``stop``, ``kill``, ``wipe``, ``reload`` and ``options``.
"""
