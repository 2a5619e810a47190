"""The pages: one module per subject, each with its blueprint. A view parses, calls one service or query, and renders.

To add one more page: a view here behind ``for_officers`` (or ``open_to_all``, when it shows nothing about anybody), its
template, its English, and its line in ``tests/e2e/test_node_pages.py``.
"""
