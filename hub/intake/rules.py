"""What the hub decides about a verified bundle, from facts alone. Pure: no database, no clock.

Order of the rules; the first that does not hold is the verdict:
1. a bundle id that is known is a duplicate: same receipts again, no effect;
2. a node that was revoked between verification and decision: quarantine;
3. the officer's key is certified for this node and not revoked;
4. a counter that was used for other content is a conflict: both kept as evidence;
5. of a first bundle the registration number is leased to this node and free; a correction is of a case of this village,
   bears its number, comes while something is asked (the second of two answers is refused and kept), and brings nothing
   that nobody asked for;
6. the service exists in that version;
7. the answers, after merging, fit the form;
8. the required attachments are named.
A broken hash link or an unknown named checkpoint does not refuse the bundle, since the resident must not pay for a
restored PC; it is flagged, kept, and shown to the network administrator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from protocol.bundle import Manifest
from protocol.errors import (
    AnswersInvalidError,
    AttachmentsInvalidError,
    CorrectionClosedError,
    CorrectionNotAskedError,
    CorrectionUnknownError,
    CounterConflictError,
    NodeRevokedError,
    NumberNotLeasedError,
    NumberUsedError,
    OfficerRevokedError,
    OfficerUnknownError,
    ProtocolError,
    ServiceUnknownError,
)


class Outcome(StrEnum):
    """How a bundle message ends."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


class OfficerState(StrEnum):
    """What the registry knows about the key that signed the manifest."""

    ACTIVE = "active"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class CorrectionCheck(StrEnum):
    """What is wrong with a correction, if anything is."""

    FITS = "fits"
    UNKNOWN = "unknown"
    NUMBER = "number"
    CLOSED = "closed"
    NOT_ASKED = "not_asked"


class FormCheck(StrEnum):
    """What the catalogue says about service, answers and attachments."""

    FITS = "fits"
    SERVICE_UNKNOWN = "service_unknown"
    ANSWERS_INVALID = "answers_invalid"
    ATTACHMENTS_INVALID = "attachments_invalid"


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleFacts:
    """Everything that the decision needs to know."""

    is_known: bool
    node_is_active: bool
    officer: OfficerState
    counter_is_used: bool
    number_is_leased: bool
    number_is_used: bool
    form: FormCheck
    correction: CorrectionCheck | None
    """None: it is a first bundle."""
    previous: bytes | None
    """Bundle id that the hub has for the counter before; None when it has none (yet)."""
    named_root: bytes | None
    """Root that this log signed at the size that the manifest named; None when it signed none there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The outcome with its reject code and flags."""

    outcome: Outcome
    code: str = ""
    flags: tuple[str, ...] = ()
    keeps_evidence: bool = False
    """True: the whole message is put aside beside the verdict."""


_REJECTIONS: Sequence[tuple[Callable[[BundleFacts], bool], type[ProtocolError], bool]] = (
    (lambda facts: facts.officer is OfficerState.UNKNOWN, OfficerUnknownError, True),  # 3
    (lambda facts: facts.officer is OfficerState.REVOKED, OfficerRevokedError, True),
    (lambda facts: facts.counter_is_used, CounterConflictError, True),  # 4
    (lambda facts: facts.correction is None and not facts.number_is_leased, NumberNotLeasedError, True),  # 5
    (lambda facts: facts.correction is None and facts.number_is_used, NumberUsedError, True),
    (lambda facts: facts.correction is CorrectionCheck.UNKNOWN, CorrectionUnknownError, True),
    (lambda facts: facts.correction is CorrectionCheck.NUMBER, NumberUsedError, True),
    (lambda facts: facts.correction is CorrectionCheck.CLOSED, CorrectionClosedError, True),
    (lambda facts: facts.correction is CorrectionCheck.NOT_ASKED, CorrectionNotAskedError, False),
    (lambda facts: facts.form is FormCheck.SERVICE_UNKNOWN, ServiceUnknownError, False),  # 6
    (lambda facts: facts.form is FormCheck.ANSWERS_INVALID, AnswersInvalidError, False),  # 7
    (lambda facts: facts.form is FormCheck.ATTACHMENTS_INVALID, AttachmentsInvalidError, False),  # 8
)


def decide(manifest: Manifest, facts: BundleFacts) -> Decision:
    """Decide about a bundle whose signatures and identity were verified."""
    if facts.is_known:  # 1
        return Decision(outcome=Outcome.DUPLICATE)
    if not facts.node_is_active:  # 2
        return Decision(outcome=Outcome.QUARANTINED, code=NodeRevokedError.code, keeps_evidence=True)
    for breaks, error, keeps in _REJECTIONS:
        if breaks(facts):
            return Decision(outcome=Outcome.REJECTED, code=error.code, keeps_evidence=keeps)
    return Decision(outcome=Outcome.ACCEPTED, flags=_flags(manifest, facts))


def _flags(manifest: Manifest, facts: BundleFacts) -> tuple[str, ...]:
    flags = []
    if manifest.previous is None and manifest.counter > 1:
        flags.append("link_broken")
    if facts.previous is not None and facts.previous != manifest.previous:
        flags.append("link_broken")
    if manifest.checkpoint is not None and manifest.checkpoint.root != facts.named_root:
        flags.append("checkpoint_unknown")
    return tuple(flags)
