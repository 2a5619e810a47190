"""What this room refuses. Apart from ``spreadsheet.py``, so that the pages do not load what only reading needs."""

from enum import StrEnum

from village_node.store.errors import DomainError

MAX_FILE_BYTES = 25 * 2**20
"""A register of 20,000 people in OpenSID's 41 columns has 5 MB as XLSX, 9 MB as CSV."""


class FileProblem(StrEnum):
    """Why a whole file is refused. The page has a sentence for each."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND = "kind"
    DAMAGED = "damaged"
    ENCODING = "encoding"
    HEADINGS = "headings"
    TOO_MANY_ROWS = "too_many_rows"


class RegisterFileError(DomainError):
    """The file is no register that can be read; ``problem`` says why."""

    code = "register_file"

    def __init__(self, problem: FileProblem) -> None:
        """Keep why."""
        super().__init__(str(problem))
        self.problem = problem


class RegisterLockedError(DomainError):
    """This officer has no key to the register yet: a colleague who has one must sign in first."""

    code = "register_locked"


class ResidentUnknownError(DomainError):
    """No such resident in the register."""

    code = "resident_unknown"
