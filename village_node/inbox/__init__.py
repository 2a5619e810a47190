"""What came from the hub, kept as it came: receipts, numbered notices, and flags about things that should not be.

Purpose: evidence first. A receipt is stored byte for byte after it was verified; storing it twice changes nothing.
Purity: no network; ``sync`` verifies and calls ``service.py``, one transaction per batch.

To add one more kind of notice: a word in ``protocol.mailbox.NoticeKind``, its line in ``service.APPLY``, a test
that sends it twice.
"""
