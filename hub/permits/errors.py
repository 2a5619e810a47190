"""What this room refuses."""

from enum import StrEnum


class PermitRule(StrEnum):
    """The rule that a refused act would have broken; stable, and what screens translate."""

    NOT_SIGNABLE = "not_signable"  # the case is not at its signature, or not decided
    NO_TEMPLATE = "no_template"  # nothing says how this service's document looks
    PASSPHRASE = "passphrase"  # noqa: S105  # the name of a rule: the signing service refused the passphrase
    SIGNER_UNKNOWN = "signer_unknown"  # the signing service does not know the signer
    SERVICE_AWAY = "service_away"  # the signing service cannot be reached, or took too long
    SERVICE_REFUSED = "service_refused"  # the signing service refused for another reason
    NOT_REVOCABLE = "not_revocable"  # not issued, or revoked already
    REASON_NEEDED = "reason_needed"


class PermitError(Exception):
    """Base of this room's errors; the text never holds a value of a case."""


class PermitRefusedError(PermitError):
    """A rule forbids the act."""

    def __init__(self, rule: PermitRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule


class TemplateError(PermitError):
    """A template cannot be used; the text names file, place and reason."""


class DocumentNotFoundError(PermitError):
    """No such document, or not within the scope of whoever asks."""
