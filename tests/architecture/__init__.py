"""Fitness tests: what must stay true of the code itself.

Each check is a pure function from source (or from a list of names) to a list of findings, and each is shown able to
fail: a test gives it a bad sample. A new rule goes into the `checks` module of its kind together with its sample.
"""
