"""The fleet as it is shown and asked: wall, nodes, alarms, plans, requests, metrics, mail. ``rules.py`` is pure.

To show one more thing about nodes: a query in ``queries.py`` (a node) or ``wall.py`` (all), its words in ``labels.py``,
its place in a template; a figure for Prometheus in ``metrics.py``.
"""
