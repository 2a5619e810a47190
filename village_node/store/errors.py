"""The root of what the rooms of the node refuse, and what the disk refuses."""

from typing import ClassVar


class DomainError(Exception):
    """A use case refuses. ``code`` is stable; pages have a sentence for each. The text holds no personal data."""

    code: ClassVar[str] = "domain"

    def __init__(self, reason: str = "") -> None:
        """Keep a reason that names the rule, never the value."""
        super().__init__(f"{self.code}: {reason}" if reason else self.code)
        self.reason = reason


class StorageError(DomainError):
    """The local database or disk cannot be trusted or does not take more; nothing was half-saved."""

    code = "storage"
