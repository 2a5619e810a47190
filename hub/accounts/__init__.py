"""People of the hub: roles, scope, sign-in, server-side sessions, and the declaration of who may use a route.

``rules.py`` is pure. ``access.py`` holds the decorators that every view of every room must carry; ``create_app``
refuses a route that has none.

To add one more role: a member of ``rules.Role`` with its scope in ``scope_of``, its label in ``labels.py``, the routes
that it may use. To add one more fact about people: a column in ``tables.py`` and a use case in ``service.py``.
"""
