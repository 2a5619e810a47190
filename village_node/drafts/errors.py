"""What this room refuses."""

from village_node.store.errors import DomainError


class DraftGoneError(DomainError):
    """There is no such draft of this officer: sent, discarded, or another officer's."""

    code = "draft_gone"


class DraftFullError(DomainError):
    """No more files fit into one application."""

    code = "draft_full"


class DraftKeyError(DomainError):
    """The form has no such input."""

    code = "draft_key"


class DraftChangedError(DomainError):
    """The draft was changed while it was being signed; nobody signs what they did not see."""

    code = "draft_changed"
