"""What can go wrong in this room."""


class LedgerCorruptError(Exception):
    """The stored log does not add up: nothing is signed until a person has looked. The text names rule and place."""
