"""Calendar: on which days and hours an office serves, as versioned data; deadlines are counted on it.

``rules.py`` is pure: entries in, working days and closings out. ``loader.py`` reads what is shipped (holidays, Ramadan,
week patterns), ``service.py`` keeps the versions that administrators make of it, each with a ledger entry.

To add one more year: ``simpul-hub calendar import`` with its holidays (and Ramadan); a missing year is an error, never
"no holidays". To add one more kind of entry: a member of ``rules.EntryKind``, its line in ``OfficeCalendar.hours_on``,
a row of the oracle's table in ``tests/unit/hub/calendar/oracle``.
"""
