"""What the identity room refuses."""

from village_node.store.errors import DomainError


class NotEnrolledError(DomainError):
    """This node has no certificate yet."""

    code = "not_enrolled"


class AlreadyEnrolledError(DomainError):
    """This node has a name already; another enrolment would orphan its bundles."""

    code = "already_enrolled"


class EnrolmentRefusedError(DomainError):
    """The hub refused the enrolment, or its answer was not made with the code."""

    code = "enrolment_refused"


class EnrolmentPendingError(DomainError):
    """Nobody at the hub has approved the enrolment yet."""

    code = "enrolment_pending"


class HubUnreachableError(DomainError):
    """The hub's web address does not answer."""

    code = "hub_unreachable"


class KeyFileError(DomainError):
    """A key file is missing, damaged, or was going to be overwritten."""

    code = "key_file"


class PinFormError(DomainError):
    """A PIN is too short, too long, or not a PIN."""

    code = "pin_form"


class PinWrongError(DomainError):
    """The PIN does not unlock this officer's vault."""

    code = "pin_wrong"


class PinLockedError(DomainError):
    """Too many wrong PINs: wait. ``wait_s`` says how long."""

    code = "pin_locked"

    def __init__(self, wait_s: int) -> None:
        """Keep the seconds to wait."""
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s


class OfficerUnknownHereError(DomainError):
    """No officer of this id on this PC."""

    code = "officer_unknown_here"


class VaultError(DomainError):
    """Sealed bytes do not open: damaged, moved to another place, or another officer's."""

    code = "vault"
