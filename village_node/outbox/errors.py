"""What sealing refuses. A refused draft stays as it was."""

from protocol.answers import AnswerProblem
from village_node.store.errors import DomainError


class NoNumberLeftError(DomainError):
    """No leased registration number is left: connect once, the hub sends the next block."""

    code = "no_number_left"


class OfficerNotCertifiedError(DomainError):
    """The hub has not certified this officer's key yet."""

    code = "officer_not_certified"


class DraftInvalidError(DomainError):
    """The hub would refuse this application; ``problems`` names fields and reasons."""

    code = "draft_invalid"

    def __init__(self, problems: tuple[AnswerProblem, ...]) -> None:
        """Keep every problem."""
        super().__init__(", ".join(f"{problem.key}: {problem.code}" for problem in problems))
        self.problems = problems


class DraftTooLargeError(DomainError):
    """More text or files than one bundle carries."""

    code = "draft_too_large"


class ServiceClosedError(DomainError):
    """The service takes no new applications."""

    code = "service_closed"


class ItemUnknownError(DomainError):
    """No sealed item of this id on this PC."""

    code = "item_unknown"
