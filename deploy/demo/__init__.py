"""The demo: a whole regency network on one computer, with people who work in it.

``python -m deploy.demo`` starts the hub in its embedded default and some village nodes, all as processes, and lets
people of every role work: village officers fill in applications in their own browser pages, clerks call them complete,
return them or take them up. At the end everything is counted from outside and every receipt is checked by
``simpul-verify``.

Purity: none; it starts processes and writes into its folder. It knows the programs only by their commands and their
pages (``officer.py``, ``clerk.py``), and their databases only read-only, as evidence (``evidence.py``).

To add one more person: a line in ``cast.py``. One more village: a line in ``cast.VILLAGES``. One more check: a function
in ``accounting.py`` that returns what does not agree.
"""
