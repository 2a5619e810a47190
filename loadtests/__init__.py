"""Outsiders that play villages, for tests, benches and the demo. They know the contract (``protocol``) alone.

``forms`` fills a form believably, ``village`` seals bundles as a node does, ``floor`` is the plain loop that intake is
measured against, ``bench`` measures. To add a bench: a function in ``bench`` that gives a row of the table.
"""
