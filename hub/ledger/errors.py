"""What can go wrong in this room."""

from hub.storage.errors import StorageError


class LedgerCorruptError(StorageError):
    """The stored log does not add up: nothing is signed until a person has looked. The text names rule and place."""
