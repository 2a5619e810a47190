"""The fleet: certificates, the embedded broker, enrolment, presence and health of the village nodes.

``rules.py`` modules are pure. ``pki.py`` makes certificates and ``pki_check.py`` judges them, from values handed in;
``pki_files.py`` keeps them on disk; ``broker_config.py`` writes the embedded broker's configuration as text;
``broker.py`` starts, feeds and ends that process.

To let one more program of the hub onto the broker: add it to ``pki.HubClient``, give it its permissions in
``broker_config.permissions_of`` and in ``deploy/mosquitto/simpul.acl``. A test compares both with
``protocol/topics.py`` and says what is missing.
"""
