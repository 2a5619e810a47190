"""The village's residents, as its own OpenSID exports them: what a form is prefilled from, and nothing else.

Purpose: the officer types a NIK or the beginning of a name, and the form fills itself in. Purity: ``columns.py`` (cells
to a person) is pure; ``spreadsheet.py`` runs in a process of its own and knows neither keys nor database.

The register never leaves this PC: nothing of it is in any message but what an officer took into a form and signed. It
is sealed with a key of its own, wrapped to the mailbox key that every certified officer's PIN opens; whoever copies the
disk finds no name in it. A new import makes a new key and takes the place of the one before.

To add one more column: its name as the export writes it in ``columns.HEADINGS``, its field in ``Person``, what it fills
in ``columns.prefill``, and a row in ``tests/unit/village_node/register/test_columns.py``.
"""
