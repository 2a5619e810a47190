"""What the room refuses about people."""

from enum import StrEnum

from hub.accounts.delegation_rules import DelegationRule


class AccountRule(StrEnum):
    """The rule that a refused change would have broken."""

    USERNAME = "username"
    USERNAME_TAKEN = "username_taken"
    PASSWORD_SHORT = "password_short"  # noqa: S105  # the name of a rule
    PASSWORD_LONG = "password_long"  # noqa: S105  # the name of a rule
    OFFICE_UNKNOWN = "office_unknown"
    OFFICE_KIND = "office_kind"
    PERSON_UNKNOWN = "person_unknown"
    NIK = "nik"


class AccountError(Exception):
    """A change that a rule of this room forbids; ``rule`` is stable."""

    def __init__(self, rule: AccountRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule


class DelegationRefusedError(Exception):
    """A delegation or an absence that a rule forbids; ``rule`` is stable."""

    def __init__(self, rule: DelegationRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule
