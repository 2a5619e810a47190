"""The fleet as it is shown: the wall, a node's page, the mail of the nodes. ``rules.py`` is pure."""
