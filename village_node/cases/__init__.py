"""A case as its village sees it once the bundle is sealed: what is asked, decided, told, handed over; its whole chain.

Purpose: letters and news of the inbox and items and acts of the outbox belong together here. Purity: ``rules.py`` (what
a correction holds) and ``chain.py`` (the order of the timeline) are pure; ``service.py`` has the use cases.

To add one more thing that waits for the officer: a task in ``tasks.py``, its line in ``web/pages/home.py``, a test that
shows what closes it.
"""
