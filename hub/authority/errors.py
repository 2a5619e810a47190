"""What the authority refuses to a person, with the rule that says so."""

from hub.authority.rules import ApprovalRule


class AuthorityError(Exception):
    """An enrolment step that a rule forbids."""

    def __init__(self, rule: ApprovalRule) -> None:
        """Keep the rule; its value is stable and is what screens translate."""
        super().__init__(rule.value)
        self.rule = rule
