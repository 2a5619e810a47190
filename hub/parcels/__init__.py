"""Parcels: a village's sealed messages that come on a stick, and the answers that go back on it.

A parcel adds no trust and takes none away: its messages take the road of those from the broker, in the intake process,
which alone holds the log key. Web page and command line put a file into the spool; ``reader.py`` is the source that
intake works beside the broker; ``answers.py`` says what lies in the file that goes back.

To add one more kind of message to a parcel: its topic in ``reader.TAKEN`` (upwards), or its frames in
``answers.closing_frames`` (downwards), and a line in ``protocol/SPEC.md`` 11c.
"""
