"""The pure parts that the sync engine is made of: what goes in and out, pacing, deliveries, mailbox, witness.

Purity: values in, values out; imports ``protocol`` and its neighbours here, nothing else (checked by a test).

To add one more rule: a module here with its own small state and no clock (``now`` in milliseconds is passed in), used
by ``engine.py``, and a line in the simulation that makes its contrary happen.
"""
