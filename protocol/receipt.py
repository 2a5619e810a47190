"""The hub's signed answers about a bundle, and how a stranger checks them.

A receipt carries: the ledger entry, the opening of its commitment (salt and subject), its index, an inclusion proof in
the form of RFC 9942 (COSE Receipts, signed root), the checkpoint of the same tree as C2SP note, and a consistency proof
from the checkpoint that the manifest named. So the bundle is proven younger than the one and older than the other
checkpoint. Checking plan; numbers return as comments in ``verify_receipt``:
1. form and schema; entry and subject are strict CBOR themselves;
2. salt and subject open the entry's commitment;
3. the leaf hash of the entry and the path lead to a root;
4. the log's COSE signature over that root verifies;
5. the checkpoint note of the log has that root and that size;
6. the consistency proof links the checkpoint that the subject names to this one.
The same verdict always gives the same bytes: they are made once, in or after the transaction, and stored.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import codec, merkle
from protocol.checkpoint import Checkpoint, CheckpointRef, LogKey, verify_checkpoint
from protocol.envelope import ALG_ED25519, TAG_SIGN1, public_bytes
from protocol.errors import AlgorithmError, CommitmentError, MalformedError, ProofError, SignatureError
from protocol.ids import NodeId, RegistrationNo, ServiceCode, VillageCode, key_id
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes, to_bytes

VDS_RFC9162_SHA256 = 1
HEADER_ALG, HEADER_KID, HEADER_VDS, HEADER_VDP = 1, 4, 395, 396
VDP_INCLUSION = -1


class ReceiptKind(StrEnum):
    """What the hub states about a bundle. Each is a ledger entry of its own."""

    ARRIVED = "arrived"  # the signed manifest is committed; files may be missing
    WHOLE = "whole"  # all attachments are there
    COMPLETE = "complete"  # the front office calls it complete and correct: the statutory clock starts
    RETURNED = "returned"  # returned for correction
    CUSTODY = "custody"  # an agency has taken it up
    DECIDED = "decided"  # decided: ``code`` is the ``Outcome``
    HANDED_OVER = "handed_over"  # the village says that the resident has the result
    REJECTED = "rejected"  # refused, with a stable code


class Outcome(StrEnum):
    """How a case ended: ``code`` of a ``decided`` subject. A code keeps its meaning for ever."""

    ISSUED = "issued"  # a permit or letter was signed
    REFUSED = "refused"  # a refusal letter was signed
    RECORDED = "recorded"  # entered into a register; the product comes from there
    TRACKED = "tracked"  # issued by a national system, whose number is known
    WITHDRAWN = "withdrawn"  # the applicant took it back


class ReturnReason(StrEnum):
    """Why a case goes back to the village: ``code`` of a ``returned`` subject. A code keeps its meaning for ever."""

    DOCUMENT_MISSING = "document_missing"  # a document that the service asks for is not there
    DOCUMENT_UNREADABLE = "document_unreadable"  # a document cannot be read
    DATA_WRONG = "data_wrong"  # an answer is wrong or incomplete
    DATA_DIFFERS = "data_differs"  # an answer is not what the document says
    WRONG_SERVICE = "wrong_service"  # another service was meant
    OTHER = "other"  # what the office's note says


class Entry(Wire, frozen=True, kw_only=True):
    """One leaf of the ledger. Public: no personal data, only a salted commitment."""

    kind: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]+(\.[a-z_]+)+\Z", max_length=60)]
    time: Annotated[int, msgspec.Meta(ge=0)]
    """Log time: milliseconds since 1970, never smaller than in the entry before."""
    commitment: Digest
    village: VillageCode | None = None
    service: ServiceCode | None = None


class Subject(Wire, frozen=True, kw_only=True):
    """What the commitment of a bundle's entry hides: known to the hub, the node and whoever holds the receipt."""

    kind: ReceiptKind
    bundle: Digest
    """The bundle id; for a rejected message that held no readable bundle, the SHA-256 of the message."""
    node: NodeId
    counter: int
    registration_no: RegistrationNo | None = None
    missing_attachments: int = 0
    code: str = ""
    """Reject code, ``ReturnReason`` or ``Outcome``. Text when read: a newer hub may know more codes."""
    office: str = ""
    """The office that acted, for complete, returned, custody and decided."""
    message: Digest | None = None
    """SHA-256 of the message as received, for a rejection."""
    named: CheckpointRef | None = None
    """The checkpoint that the manifest named, if it is one of this log's."""


class ConsistencyProof(msgspec.Struct, frozen=True, kw_only=True):
    """Links the checkpoint of ``size`` leaves to the receipt's checkpoint."""

    size: Annotated[int, msgspec.Meta(ge=0)]
    path: Annotated[list[Digest], msgspec.Meta(max_length=merkle.MAX_PATH)]


class Receipt(Wire, frozen=True, kw_only=True):
    """The receipt as it travels on ``down/receipt`` and is kept for decades."""

    entry: bytes
    salt: Digest
    subject: bytes
    proof: bytes
    checkpoint: str
    consistency: ConsistencyProof | None


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedReceipt:
    """A receipt that passed the whole checking plan."""

    subject: Subject
    entry: Entry
    index: int
    checkpoint: Checkpoint
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedRoot:
    """The log's COSE signature over one root: made once per batch, serves every receipt of it."""

    size: int
    protected: bytes
    signature: bytes
    checkpoint: Checkpoint


def commitment(salt: bytes, subject: bytes) -> bytes:
    """Return the salted commitment of a subject (32 bytes); without the salt nothing can be guessed from it."""
    return hashlib.sha256(b"simpul/v1/commitment\0" + salt + subject).digest()


def sign_root(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> SignedRoot:
    """Sign the root of a checkpoint in the form of RFC 9942 §5.2 (detached payload: the root)."""
    protected = _protected_header(key.public_key())
    signature = key.sign(_root_structure(protected, checkpoint.root))
    return SignedRoot(size=checkpoint.size, protected=protected, signature=signature, checkpoint=checkpoint)


def inclusion_receipt(root: SignedRoot, index: int, path: list[bytes]) -> bytes:
    """Return the RFC 9942 inclusion receipt of one leaf under a signed root."""
    proof = codec.encode([root.size, index, path])
    unprotected = {HEADER_VDP: {VDP_INCLUSION: [proof]}}
    return TAG_SIGN1 + codec.encode([root.protected, unprotected, None, root.signature])


def make_receipt(
    *, entry: bytes, salt: bytes, subject: bytes, proof: bytes, checkpoint: Checkpoint, link: ConsistencyProof | None
) -> bytes:
    """Return the receipt's bytes."""
    return to_bytes(
        Receipt(entry=entry, salt=salt, subject=subject, proof=proof, checkpoint=checkpoint.text, consistency=link)
    )


def verify_receipt(raw: bytes, *, log: LogKey) -> VerifiedReceipt:
    """Check a receipt. That it speaks about one's own bundle, and names one's own checkpoint, the caller compares.

    Raises:
        ProtocolError: the subclass of the first rule that does not hold.
    """
    receipt = from_bytes(raw, Receipt, max_bytes=MAX_RECEIPT_BYTES)  # 1
    entry = from_bytes(receipt.entry, Entry, max_bytes=MAX_RECEIPT_BYTES)
    subject = from_bytes(receipt.subject, Subject, max_bytes=MAX_RECEIPT_BYTES)
    if commitment(receipt.salt, receipt.subject) != entry.commitment:  # 2
        raise CommitmentError
    if entry.kind != f"bundle.{subject.kind}":
        reason = "kind"
        raise CommitmentError(reason)
    protected, signature, (size, index, path) = _parse_proof(receipt.proof, log)
    root = merkle.root_from_inclusion(merkle.leaf_hash(receipt.entry), index, size, path)  # 3
    try:
        log.public_key.verify(signature, _root_structure(protected, root))  # 4
    except InvalidSignature:
        raise SignatureError from None
    checkpoint = verify_checkpoint(receipt.checkpoint, log)  # 5
    if (checkpoint.size, checkpoint.root) != (size, root):
        reason = "checkpoint"
        raise ProofError(reason)
    _check_link(receipt.consistency, subject.named, checkpoint)  # 6
    return VerifiedReceipt(subject=subject, entry=entry, index=index, checkpoint=checkpoint, raw=raw)


def _check_link(link: ConsistencyProof | None, named: CheckpointRef | None, checkpoint: Checkpoint) -> None:
    if link is None and named is None:
        return
    if link is None or named is None or link.size != named.size:
        reason = "consistency proof and named checkpoint do not belong together"
        raise ProofError(reason)
    merkle.check_consistency((named.size, named.root), (checkpoint.size, checkpoint.root), link.path)


def _parse_proof(raw: bytes, log: LogKey) -> tuple[bytes, bytes, tuple[int, int, list[bytes]]]:
    parts = codec.decode(raw[1:], max_bytes=MAX_RECEIPT_BYTES) if raw[:1] == TAG_SIGN1 else None
    if not isinstance(parts, list) or len(parts) != 4 or parts[2] is not None:  # noqa: PLR2004  # RFC 9052 §4.2
        reason = "inclusion receipt"
        raise MalformedError(reason)
    protected, unprotected, _, signature = parts
    if not isinstance(protected, bytes) or not isinstance(signature, bytes):
        reason = "inclusion receipt elements"
        raise MalformedError(reason)
    if protected != _protected_header(log.public_key):
        raise AlgorithmError
    return protected, signature, _parse_inclusion(unprotected)


def _parse_inclusion(unprotected: object) -> tuple[int, int, list[bytes]]:
    match unprotected:
        case {396: {-1: [bytes() as inner]}} if unprotected == {HEADER_VDP: {VDP_INCLUSION: [inner]}}:
            parts = codec.decode(inner, max_bytes=MAX_RECEIPT_BYTES)
        case _:
            reason = "inclusion receipt header"
            raise MalformedError(reason)
    match parts:
        case [int() as size, int() as index, list() as path] if type(size) is type(index) is int:  # True is no number
            steps = [step for step in path if isinstance(step, bytes) and len(step) == hashlib.sha256().digest_size]
            if len(steps) == len(path):
                return size, index, steps
    reason = "inclusion proof"
    raise MalformedError(reason)


def _protected_header(key: Ed25519PublicKey) -> bytes:
    kid = key_id(public_bytes(key))
    return codec.encode({HEADER_ALG: ALG_ED25519, HEADER_KID: kid, HEADER_VDS: VDS_RFC9162_SHA256})


def _root_structure(protected: bytes, root: bytes) -> bytes:
    return codec.encode(["Signature1", protected, b"", root])
