"""What can go wrong in this room."""


class StorageError(Exception):
    """The database, a file or a key cannot be used; the text names the rule, never a stored value."""


class KeyringError(StorageError):
    """A key cannot be read, or a sealed value does not open: wrong key, wrong place, or changed bytes."""


class BlobError(StorageError):
    """A blob is missing, or its bytes are not those that its digest names."""
