"""What casework refuses."""

from hub.casework.rules import CaseRule


class CaseworkError(Exception):
    """Base of this room's errors; the text never holds a value of a case."""


class CaseNotFoundError(CaseworkError):
    """No such case within the actor's scope: the same whether it exists elsewhere or not (fault F04)."""


class ConflictError(CaseworkError):
    """Somebody else changed the case first; nothing was done."""


class FileQuarantinedError(CaseworkError):
    """The file was put in quarantine: nobody opens it."""


class MoveRefusedError(CaseworkError):
    """A rule forbids the move; ``rule`` is stable and is what screens translate."""

    def __init__(self, rule: CaseRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule
