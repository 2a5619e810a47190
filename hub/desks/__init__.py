"""The desks: what people at the hub see of cases, and the forms of every move.

``casework`` decides, this room shows: ``queries.py`` reads the work queue, ``page*.py`` the case page, ``viewing.py``
leaves a ledger entry for each look; ``views.py``, ``case_views.py`` and ``move_views.py`` parse, call one use case of
``casework.service``, and render. ``time_left.py`` is pure. Nothing here changes a case by itself.

To add one more move: its form in ``move_forms.py``, its route in ``move_views.py``, its words in ``labels.py``, its
place in ``templates/desks/_actions.html``, its line in ``tests/route_map.py``.
"""
