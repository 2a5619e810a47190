"""``make link``: what Simpul holds over a bad link, measured with the shipped programs; one table with bounds.

``site.py`` sets up one village and one hub with an emulated link between them, ``table.py`` keeps the rows, each group
of rows is a module: ``thin``, ``outages``, ``backlog``, ``crowd``, ``idle``, ``flood``.
"""
