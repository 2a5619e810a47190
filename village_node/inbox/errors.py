"""What the inbox refuses."""

from village_node.store.errors import DomainError


class LetterUnknownError(DomainError):
    """No such letter came to this PC."""

    code = "letter_unknown"


class LetterUnreadableError(DomainError):
    """A letter does not open with the mailbox key, or is none."""

    code = "letter_unreadable"


class MailboxClosedError(DomainError):
    """This officer has no mailbox key yet: a colleague who has it must sign in once."""

    code = "mailbox_closed"


class DocumentNotHereError(DomainError):
    """Not all pieces of the document are here yet. ``here`` and ``pieces`` say how many."""

    code = "document_not_here"

    def __init__(self, here: int, pieces: int) -> None:
        """Keep the numbers."""
        super().__init__(f"{here} of {pieces} pieces")
        self.here, self.pieces = here, pieces


class DocumentDamagedError(DomainError):
    """Pieces did not open; they were dropped and are fetched again."""

    code = "document_damaged"
