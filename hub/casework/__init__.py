"""The case: what the hub makes of an accepted bundle, from the counter to the handover. Its pages are in ``desks``.

Pure: ``flow.py`` (how the stages of a service follow each other), ``rules.py`` (who may do what).
``service.py`` is the door of everything that changes a case. The moves are in ``moves_work.py``,
``moves_decisions.py``, ``proposals.py``, ``corrections.py`` and ``endings.py``, over ``stages.py`` (the rows of a case)
and ``timekeeping.py`` (its clocks, in the room ``clocks``). ``opening.py`` opens cases in the transaction of intake.

To add one more action of stages: a member of ``protocol.catalogue.StageAction`` with who may do it in
``protocol/stage_check.py``; how it can end and which moves it has in ``rules.py``; what it does to other stages in
``flow.py``; a test of each forbidden combination. To add one more move: a member of ``rules.Move`` with its stages in
``rules.ACTIONS``, a use case beside the others and its name in ``service.py``, a route and its words.
"""
