"""The health of the fleet: who is there, what is missing, how it went, what is wrong, and who tells whom.

``rules.py`` (presence and gaps), ``hours.py``, ``alarm_rules.py`` and ``anomaly_rules.py`` are pure. ``presence.py``
takes what nodes report, ``series.py`` keeps it for years, ``watch.py`` looks every minute and lets ``alarms.py`` open
and clear alarms; ``planned.py`` keeps the hours of offices and planned outages.

To add one more alarm: a member of ``AlarmKind`` with its ``RULES``, a condition in ``conditions.py`` that finds it, the
words for people in ``hub/network/labels.py``.
"""
