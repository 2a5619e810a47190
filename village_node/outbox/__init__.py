"""What an officer signed: sealed, numbered, kept until long after the hub has it.

Purpose: ``service.seal_draft`` turns an application into a sealed item in one local transaction; ``queries.py`` says
for the pages where every item stands. Purity: no network. Nothing here can be opened again on this PC, except the
label (applicant's name, tracking code) under the officer's vault key.

To add one more step of an item's life: a word in ``ItemStep``, where it comes from in ``queries.timeline``, a sentence
in the pages, and a test that reaches it.
"""
