"""The fleet as it is shown: the wall, a node's page, the mail of the nodes; and the embedded broker.

``rules.py`` is pure. ``broker_config.py`` writes the embedded broker's configuration as text; ``broker.py`` starts,
feeds and ends that process.

To let one more program of the hub onto the broker: add it to ``hub/authority/pki.HubClient``, give it its permissions
in ``broker_config.permissions_of`` and in ``deploy/mosquitto/simpul.acl``. A test compares both with
``protocol/topics.py`` and says what is missing.
"""
