"""The programs that stay: intake, worker and web, each a process that loads only what it needs.

``python -m hub.programs NAME`` starts one; ``simpul-hub NAME`` becomes it. ``process.py`` is what they share: settings,
signals, exit codes.

To add one more program: a module with ``main()`` here, its name in ``__main__.PROGRAMS``, its wiring in ``hub/wiring``.
"""
