"""How sealed bundles get to the hub and answers get back, for as long as it takes.

Purpose: ``engine.py`` decides, ``runner.py`` executes in one transaction per step, ``mqtt.py`` carries. Purity: the
engine does no I/O and reads no clock (events in, actions out), so that a simulator runs the shipped code.

To add one more message: an event or action in ``rules.py``, a branch in ``engine.py``, its execution in ``runner.py``,
and its loss, doubling and delay in ``tests/unit/village_node/sync``.
"""
