"""Web: the shell for village officers, served on 127.0.0.1 only, with or without a link.

Purpose: pages that draw what the other rooms know and hand over what the officer decides. Everything that is asked of
``drafts``, ``outbox``, ``identity`` and ``inbox`` goes through their ``service.py`` and ``queries.py``.

Purity: no view reads a clock or draws randomness; ``NodeContext`` brings both. No page fetches anything from elsewhere.

To add one more page: a view in the module of its subject (``home``, ``applications``, ``sending``, ``officers``), a
template that extends ``base.html``, both texts (msgid Indonesian, ``translations/en``), a line in
``tests/e2e/test_node_pages.py`` so that axe looks at it in light and dark, Indonesian and English.
"""
