"""What this room refuses."""

from village_node.register.spreadsheet import FileProblem
from village_node.store.errors import DomainError


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
