"""Drafts: an application while it is being filled in, until the officer signs it.

Purpose: every keystroke that matters survives a power cut (one transaction per saved field, ``synchronous=FULL``), and
nobody but the officer who typed it can read it: content and files are sealed with the officer's vault key.

Purity: ``rules.py`` (typed text to answers, warnings, estimates) and ``pictures.py`` (bytes to smaller bytes) touch
neither disk nor clock. ``service.py`` writes, one transaction per use case; ``queries.py`` reads.

To add one more kind of upload: give it a branch in ``pictures.prepare`` that really opens the file, a word in
``protocol.catalogue.MediaType``, and hostile samples in ``tests/unit/village_node/drafts/test_pictures.py``.
"""
