"""The wire contract between village nodes and the regency hub.

Pure: standard library, ``cbor2``, ``cryptography`` and ``msgspec`` only. No I/O, no clock, no environment. The single
source of randomness is the ephemeral key that HPKE draws inside ``cryptography`` (``sealing.seal``); everything else
(content keys, salts, codes) is passed in.

Parse functions take ``bytes`` and raise only ``ProtocolError``; what they return has another type than what went in.

To add one more message: a frozen ``Wire`` struct in the module of its capability, a ``Purpose`` in ``envelope.py``, a
topic in ``topics.py``, its section in ``SPEC.md``, a golden vector in ``vectors/make.py``, and a test that feeds the
parser random bytes.
"""
