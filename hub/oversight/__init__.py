"""Oversight: late cases climb by themselves, and what was promised is held against what came.

``escalation.py`` is run by the worker: each step is an ordinary event with a ledger entry. ``realised.py`` reads,
``cli.py`` is ``simpul-hub calendar``.

To add one more figure: a read model beside ``realised.py`` and its command or page.
"""
