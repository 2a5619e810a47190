"""Dispatch: what the hub has to say to a village, numbered per node, kept until the node acknowledged it.

A notice is written in the transaction that decided it; the worker publishes afterwards. To add one more kind: its name
and body in ``protocol/mailbox.py``, ``write_notice`` where it is decided, its effect in ``village_node/inbox``.
"""
