"""The case: what the hub makes of an accepted bundle. Desks, moves, who looked, and the pages for it.

``rules.py`` is pure: the state machine, who may do what, what is masked. ``opening.py`` opens cases in the transaction
of intake, ``service.py`` has the moves, ``viewing.py`` the looks at personal data (each leaves a ledger entry),
``queries.py`` the work queue.

To add one more move: a member of ``rules.Move`` with its line in ``rules.TRANSITIONS``, a use case in ``service.py``, a
route in ``views.py``, its label in ``labels.py``, a test of each forbidden combination.
"""
