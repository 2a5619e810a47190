"""Clocks: how many working days a case and each of its stages has used, and when it is due.

``clock.py`` is pure: a clock runs, pauses with a reason and stops; it never begins anew. ``deadlines.py`` keeps the
rows, ``recompute.py`` works open deadlines out again when the calendar changes and keeps the old value. This room knows
cases by their id alone: who starts and stops clocks is ``casework``.

To add one more reason to pause: a member of ``PauseReason``, its words in ``desks/labels.py``, the move that pauses.
"""
