"""Who this node is, who works on it, and what it knows about its hub.

Purpose: device keys, enrolment, officers with their PIN, the hub's pinned keys and newest checkpoint, leased numbers.
Purity: with ``store`` the only room that uses ``cryptography``; others get objects that seal, open and sign.

To add one more kind of secret: give it a place name (the associated data) in ``vault.py``, seal it with the officer's
vault key, and never keep its plain form in a table, log or file.
"""
