"""Who may send: village nodes, their officers, and the registration numbers that each node may print.

``rules.py`` is pure. Every enrolment, revocation and certification is a ledger entry in the same transaction
(``service._record``); its opening (salt and subject) is kept in ``registry_event``. Nothing here talks to a node: what
a node must learn is written by the rooms above (``hub/dispatch``, ``hub/authority``, ``hub/network``).

Locks are taken in this order everywhere: head of the ledger (``take_turn``), officer row, node row, lease counter of
the year. Who locks one node row alone may leave the head out.

To add one more kind of change: a member of ``rules.EventKind``, a function in ``service.py`` that changes the row and
calls ``_record`` before it returns, and a test that the ledger grew by exactly one.
"""
