"""Builds the programs of the hub out of their rooms: the one place that knows all of them.

A module per program, so that each process loads only the rooms that it needs: ``intake.py``, ``worker.py``, ``web.py``;
``equipment.py`` is what every program has, ``cases.py`` what each of them that changes cases has.

To hand one more function of a room to a lower one: in the module of the program that needs it, not ``equipment.py``.
"""
