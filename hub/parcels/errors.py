"""What this room refuses."""

from enum import StrEnum


class ParcelRule(StrEnum):
    """Why a file is not taken into the spool; stable, and what screens translate."""

    NO_PARCEL = "no_parcel"  # the file is something else, or its beginning is damaged
    OTHER_HUB = "other_hub"  # for the hub of another regency
    NODE_UNKNOWN = "node_unknown"  # no node of this name is enrolled
    WRONG_WAY = "wrong_way"  # an answers file of a hub
    TOO_LARGE = "too_large"
    EMPTY = "empty"  # no file was chosen


class ParcelRefusedError(Exception):
    """A file that is no parcel for this hub. Nothing of it was kept; the stick is as it was."""

    def __init__(self, rule: ParcelRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule


class ParcelNotFoundError(Exception):
    """No such parcel, or its answers are not ready."""
