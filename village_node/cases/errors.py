"""What this room refuses."""

from village_node.store.errors import DomainError


class CorrectionAnsweredError(DomainError):
    """The question was answered already: here, by a colleague, or at another PC."""

    code = "correction_answered"


class CorrectionIncompleteError(DomainError):
    """Something that was asked is neither changed nor explained."""

    code = "correction_incomplete"


class CaseUnknownError(DomainError):
    """No letter about this case came to this PC."""

    code = "case_unknown"


class HandOverError(DomainError):
    """Who received the result is not named, or not in a way that a list can show."""

    code = "hand_over"
