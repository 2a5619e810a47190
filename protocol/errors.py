"""ProtocolError and one subclass per stable reject code.

Rules:
1. A code, once published, keeps its meaning for ever and is never used again for another.
2. The text of an error never holds a value from the message: it may be personal.
3. ``turn`` says for each code who acts next; the programs have the sentence in the reader's language.
"""

from enum import StrEnum
from typing import ClassVar


class Turn(StrEnum):
    """Who has to act after a rejection."""

    NODE = "node"  # the program tries again by itself
    OFFICER = "officer"  # the officer corrects and sends again
    ADMINISTRATOR = "administrator"  # the network administrator of the hub


class ProtocolError(Exception):
    """Base of everything that a parser or verifier of this package raises."""

    code: ClassVar[str] = "protocol"
    turn: ClassVar[Turn] = Turn.ADMINISTRATOR

    def __init__(self, reason: str = "") -> None:
        """Keep a reason that names the rule, never the offending value."""
        super().__init__(f"{self.code}: {reason}" if reason else self.code)
        self.reason = reason


class MalformedError(ProtocolError):
    """Not the strict deterministic CBOR profile."""

    code = "malformed"


class TooLargeError(ProtocolError):
    """Bigger than the limit for its kind; refused before parsing."""

    code = "too_large"


class SchemaError(ProtocolError):
    """Strict CBOR, but not the fields that this message has."""

    code = "schema"


class VersionError(ProtocolError):
    """A protocol version that this reader does not speak."""

    code = "version"


class AlgorithmError(ProtocolError):
    """A signature header other than the one that the profile allows."""

    code = "algorithm"


class PurposeError(ProtocolError):
    """Signed for another purpose: a receipt can never pass for a manifest."""

    code = "purpose"


class KeyUnknownError(ProtocolError):
    """The key id names no key that the verifier holds for this purpose."""

    code = "key_unknown"


class SignatureError(ProtocolError):
    """The signature does not verify."""

    code = "signature"


class SealError(ProtocolError):
    """The sealed box does not open: damaged, or sealed for somebody else."""

    code = "seal"


class SealingKeyUnknownError(ProtocolError):
    """Sealed to a hub key that this hub does not hold (any more)."""

    code = "sealing_key_unknown"


class IdentityError(ProtocolError):
    """Topic, node, village and key do not agree."""

    code = "identity"


class NodeUnknownError(ProtocolError):
    """No node of this name is enrolled."""

    code = "node_unknown"


class NodeRevokedError(ProtocolError):
    """The node's enrolment was revoked; what it sends is quarantined."""

    code = "node_revoked"


class OfficerUnknownError(ProtocolError):
    """The officer's key was not certified by this hub for this village."""

    code = "officer_unknown"


class OfficerRevokedError(ProtocolError):
    """The officer's key was revoked."""

    code = "officer_revoked"


class CounterConflictError(ProtocolError):
    """The same counter was used before for different content; both are kept as evidence."""

    code = "counter_conflict"


class NumberNotLeasedError(ProtocolError):
    """The registration number is not in a block leased to this node."""

    code = "number_not_leased"


class NumberUsedError(ProtocolError):
    """The registration number belongs to another bundle already."""

    code = "number_used"


class ServiceUnknownError(ProtocolError):
    """The hub's catalogue has no such service in that version."""

    code = "service_unknown"
    turn = Turn.OFFICER


class AnswersInvalidError(ProtocolError):
    """The answers do not fit the form of the service version."""

    code = "answers_invalid"
    turn = Turn.OFFICER


class AttachmentsInvalidError(ProtocolError):
    """A required attachment is missing, or kind, size or number is not allowed."""

    code = "attachments_invalid"
    turn = Turn.OFFICER


class CorrectionUnknownError(ProtocolError):
    """A correction of a bundle that this village never handed in."""

    code = "correction_unknown"
    turn = Turn.OFFICER


class CorrectionClosedError(ProtocolError):
    """Nothing is asked about this case, or the question was answered already."""

    code = "correction_closed"
    turn = Turn.OFFICER


class CorrectionNotAskedError(ProtocolError):
    """The correction changes a field or a requirement that nobody asked for."""

    code = "correction_not_asked"
    turn = Turn.OFFICER


class ActUnknownError(ProtocolError):
    """An officer's statement about a bundle of which this village has no case."""

    code = "act_unknown"
    turn = Turn.OFFICER


class ActNotAllowedError(ProtocolError):
    """The case is not where this can be stated: handed over before it was decided, or twice."""

    code = "act_not_allowed"
    turn = Turn.OFFICER


class DocumentUnknownError(ProtocolError):
    """No notice to this node offered this document, or it has no such piece."""

    code = "document_unknown"
    turn = Turn.NODE


class PutAsideError(ProtocolError):
    """The hub failed over this message by a fault of its own. It is kept whole; the node keeps its own copy."""

    code = "put_aside"


class ParcelError(ProtocolError):
    """Not a parcel file, or one that is cut short."""

    code = "parcel"
    turn = Turn.OFFICER


class QuotaError(ProtocolError):
    """Too much in assembly from this node; older things have to finish first."""

    code = "quota"
    turn = Turn.NODE


class ChunkRangeError(ProtocolError):
    """The chunk names an attachment or an index that the manifest does not have."""

    code = "chunk_range"
    turn = Turn.NODE


class ChunkAuthError(ProtocolError):
    """The chunk does not authenticate; this one alone is refused and asked again."""

    code = "chunk_auth"
    turn = Turn.NODE


class AttachmentDigestError(ProtocolError):
    """All chunks are there, but the file is not the one that the manifest names."""

    code = "attachment_digest"
    turn = Turn.NODE


class ProofError(ProtocolError):
    """A Merkle proof does not lead to the signed root."""

    code = "proof"


class CommitmentError(ProtocolError):
    """Salt and subject do not open the ledger entry's commitment."""

    code = "commitment"


class TopicError(ProtocolError):
    """Not a topic of this protocol."""

    code = "topic"


class EnrolmentError(ProtocolError):
    """The enrolment code, its proof or its answer does not hold."""

    code = "enrolment"


def _all_errors() -> dict[str, type[ProtocolError]]:
    found: dict[str, type[ProtocolError]] = {}
    for kind in ProtocolError.__subclasses__():
        if kind.code in found:
            message = f"reject code used twice: {kind.code}"
            raise RuntimeError(message)
        found[kind.code] = kind
    return found


BY_CODE: dict[str, type[ProtocolError]] = _all_errors()
"""Every reject code with its class."""
