"""Brokers that the hub starts or feeds: carriers that nobody trusts.

``config.py`` writes configurations as text and is pure; ``embedded.py`` starts, feeds and ends the broker of a trial.
Mosquitto is set up by an administrator from ``deploy/mosquitto``; the hub only writes the revocation list it reads.

To let one more program of the hub onto the brokers: add it to ``hub/authority/pki.HubClient``, give it its permissions
in ``config.permissions_of`` and in ``deploy/mosquitto/simpul.acl``. A test compares both with ``protocol/topics.py``
and says what is missing.
"""
