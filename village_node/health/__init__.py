"""What this PC reports about itself to the hub.

Purpose: figures without personal data. Purity: reads disk figures; signs nothing, sends nothing.

To add one more figure: a field in ``protocol.health.Health`` (older hubs ignore it), measured in ``report.py``.
"""
