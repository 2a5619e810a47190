"""Golden vectors: what every byte of the contract looks like, for other implementations and against silent changes.

``build.py`` computes them from fixed seeds and is pure; ``make.py`` (``make vectors``) writes them; the JSON files lie
beside. A test computes them anew, compares byte for byte, and reads every message back with the parsers. Only the HPKE
box is random: the recorded one is kept as long as it opens to the right content.

To add one more: a function in ``build.py`` that returns plain JSON values, its line in ``FILES``, ``make vectors``, and
its reading in ``tests/unit/protocol/test_vectors.py``. A vector that once was published changes only with the version.
"""
