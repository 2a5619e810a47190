"""Intake: what arrives over MQTT is verified, committed with its ledger entry and receipt, then acknowledged.

``verify.py`` turns unverified bytes into checked values, ``rules.py`` decides purely, ``service.py`` commits a batch in
one transaction, ``assembly.py`` joins attachments, ``runner.py`` is the loop around it and ``mqtt.py`` the only home of
paho in the hub.

To add one more kind of message: a topic in ``protocol/topics.py``, its check in ``verify.py``, its effect in
``service.py``, its reject codes in the tests.
"""
