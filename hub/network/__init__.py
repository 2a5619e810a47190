"""The fleet as it is shown: the wall, a node's page, the mail of the nodes. ``rules.py`` is pure.

To show one more thing about nodes: a query in ``queries.py``, its words in ``labels.py``, its place in a template.
"""
