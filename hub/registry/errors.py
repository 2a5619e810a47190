"""What the registry refuses, with the rule that says so."""

from enum import StrEnum


class RegistryRule(StrEnum):
    """The rule that a refused change would have broken."""

    NODE_UNKNOWN = "node_unknown"
    NODE_REVOKED = "node_revoked"
    NODE_NOT_SUSPENDED = "node_not_suspended"
    RESUME_NOT_ASKED = "resume_not_asked"
    SAME_PERSON = "same_person"
    OFFICER_UNKNOWN = "officer_unknown"
    OFFICER_REVOKED = "officer_revoked"
    KEY_TAKEN = "key_taken"
    SERIALS_USED_UP = "serials_used_up"
    NUMBERS_USED_UP = "numbers_used_up"


class RegistryError(Exception):
    """A change that a rule of the registry forbids."""

    def __init__(self, rule: RegistryRule) -> None:
        """Keep the rule; its value is stable and is what screens translate."""
        super().__init__(rule.value)
        self.rule = rule
