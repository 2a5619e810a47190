"""Every number that bounds input, each with its reason. Sizes are checked before anything is parsed."""

PROTOCOL_VERSION = 1

MAX_DEPTH = 8
"""Nesting of CBOR containers. The deepest message (a manifest) needs 4; RecursionError is never reached."""

MAX_INTEGER = 2**53
"""Integers beyond are refused: JSON, JavaScript and SQL drivers agree only up to here."""

MAX_TEXT_BYTES = 8_000
"""One text value. The longest form answer is 4,000 characters of at most 2 bytes in practice."""

CHUNK_BYTES = 48 * 1024
"""Plain bytes of one chunk: about 7 s at 64 kbit/s, and passes brokers with a 64 KiB packet limit."""

MAX_CHUNK_MESSAGE_BYTES = CHUNK_BYTES + 256
"""A sealed chunk with its header and 16 bytes of tag."""

MAX_MANIFEST_BYTES = 48_000
"""A manifest with 40 long answers is 12 KB; the limit keeps one message below a broker's 64 KiB packet limit."""

MAX_SIGNED_BYTES = MAX_MANIFEST_BYTES + 1_000
"""A manifest inside two signature envelopes."""

MAX_BUNDLE_MESSAGE_BYTES = MAX_SIGNED_BYTES + 1_000
"""The same, sealed."""

MAX_RECEIPT_BYTES = 8_000
"""Two proofs of 40 hashes (2^40 entries) and their frame."""

MAX_MAIL_BYTES = 60_000
"""One mailbox notice or mail; larger bodies are cut into parts."""

MAX_HEALTH_BYTES = 4_000
"""Birth, heartbeat, death."""

MAX_CHECKPOINT_BYTES = 2_000
"""A signed note with a handful of cosignatures."""

MAX_ENROLMENT_BYTES = 400_000
"""An enrolment answer carries the whole catalogue, about 120 KB."""

MAX_DOOR_BYTES = 6_000
"""A request for a certificate from a node that cannot connect: 500 bytes in practice."""

MAX_CERTIFICATE_BYTES = 20_000
"""A node's certificate with everything above it and two roots: 5 KB in practice."""

MAX_ANSWERS = 80
"""Fields in one form. The longest real form has 16."""

MAX_ATTACHMENTS = 24
"""Files in one bundle. The longest requirement list has 11."""

MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
"""One file: a site plan as PDF. At 64 kbit/s this takes 45 minutes; the node shrinks photos to under 1 MB."""

MAX_BUNDLE_ATTACHMENT_BYTES = 60 * 1024 * 1024
"""All files of a bundle."""

MAX_NEED_RANGES = 200
"""Ranges in one need message; the rest is asked next time."""

MAX_FILE_NAME = 120
"""Characters of a file name that is only ever shown, never used as a path."""

MAX_COUNTER = 2**31 - 1
"""Bundles of one node: 400 years at 10,000 a day."""

BROKER_MAX_PACKET_BYTES = 70_000
"""What the brokers are configured to carry: the largest message plus topic and MQTT header."""

MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
"""One document to a village: a signed permit as PDF has 30 to 100 KB."""

MAX_DOCUMENTS_ASKED = 8
"""Documents whose pieces one mail asks for."""

MAX_PARTS_ASKED = 64
"""Pieces that the hub sends for one mail: 3 MiB; a node on a thin line asks for two or three."""

MAX_ACTS = 10
"""Statements of officers in one mail; what is not receipted comes again."""

MAX_ACT_BYTES = 2_500
"""One sealed statement: two texts of 200 letters of up to four bytes, with two envelopes around them."""

MAX_ANSWER_BYTES = 30_000
"""What a node brings for a remote request: a support file has 5 to 15 KB. One in a mail that carries little else."""

MAX_ANSWERS_IN_MAIL = 5
"""Answers to remote requests in one mail; what the hub has not confirmed comes again."""

MAX_NOTICE_BODY_BYTES = MAX_MAIL_BYTES - 2_000
"""The body of a notice before it is sealed: all answers of a case are 12 KB in practice, 48 KB at most."""

MAX_REVOKED = 1_500
"""Documents in one part of the revocation list: 32 bytes each. A regency revokes some dozens a year."""

MAX_PARCEL_BYTES = 2 * 1024**3
"""A parcel file on a stick: 30 bundles of the largest size, or 500 of the usual."""
