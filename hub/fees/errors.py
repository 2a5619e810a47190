"""What this room refuses."""

from hub.fees.rules import FeeRule


class FeeError(Exception):
    """Base of this room's errors; the text never holds a value of a case."""


class FeeRefusedError(FeeError):
    """A rule forbids the act."""

    def __init__(self, rule: FeeRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule
