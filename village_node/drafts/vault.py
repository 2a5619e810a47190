"""What this room needs of an officer's vault; ``identity`` has the vault itself."""

from typing import Protocol

from protocol.ids import OfficerId


class Vault(Protocol):
    """Seals and opens with a key that exists only while the officer is signed in."""

    @property
    def officer_id(self) -> OfficerId:
        """Whose vault this is."""

    def seal(self, plain: bytes, place: str) -> bytes:
        """Seal bytes for one place; they open nowhere else."""

    def open(self, sealed: bytes, place: str) -> bytes:
        """Open bytes that were sealed for this place."""
