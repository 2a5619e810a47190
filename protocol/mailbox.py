"""Numbered messages from hub to node, and what the node writes back.

Each node has one sequence of notices, numbered from 1 without gaps. The node acknowledges a cursor: every notice up to
and including that number is stored. The hub re-sends everything beyond the cursor, for as long as it takes; a notice
that comes twice or too early changes nothing.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

from protocol.documents import PieceRange
from protocol.envelope import KeyFinder, Purpose, verify
from protocol.errors import IdentityError
from protocol.ids import NodeId, OfficerId
from protocol.limits import MAX_ACT_BYTES, MAX_ACTS, MAX_ANSWERS_IN_MAIL, MAX_DOCUMENTS_ASKED, MAX_MAIL_BYTES
from protocol.merkle import MAX_PATH
from protocol.renewal import RenewalRequest
from protocol.requests import RequestAnswer
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes

SealedAct = Annotated[bytes, msgspec.Meta(max_length=MAX_ACT_BYTES)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class NoticeKind(StrEnum):
    """What a notice carries in its body."""

    RECEIPT = "receipt"  # the bytes of a receipt: complete, returned, custody
    LEASE = "lease"  # NumberLease
    OFFICER = "officer"  # an officer certificate (envelope with purpose OFFICER)
    CATALOGUE = "catalogue"  # a service definition
    CASE = "case"  # ``notices.CaseNews``: a step of a case, nothing personal
    CORRECTION = "correction"  # sealed ``notices.CorrectionAsked``
    DECISION = "decision"  # sealed ``notices.Decision``, with the document to fetch
    DOCUMENT = "document"  # ``documents.DocumentOffer``: a document of a decision, to be fetched already
    REVOCATIONS = "revocations"  # a signed ``permit.RevocationList``
    CALENDAR = "calendar"  # ``notices.CalendarData``: days off, closures
    BACKUP = "backup"  # ``notices.BackedUp``: what a verified backup of the hub covers
    CERTIFICATE = "certificate"  # an envelope of ``renewal.CertificateNotice``
    MAINTENANCE = "maintenance"  # ``requests.MaintenanceNotice``: a planned outage
    BROADCAST = "broadcast"  # ``requests.BroadcastNotice``: a text for the office
    REQUEST = "request"  # ``requests.RemoteRequest``: the hub asks for something that the office may refuse


class Notice(Wire, frozen=True, kw_only=True):
    """One numbered message. Travels on ``down/mail``, signed with purpose NOTICE."""

    node: NodeId
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}\Z")]
    """A ``NoticeKind``. One that an older node does not know is stored, counted and left alone."""
    time: int
    """Hub time in milliseconds when the notice was written."""
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_MAIL_BYTES)]


class NumberLease(Wire, frozen=True, kw_only=True):
    """Registration numbers ``first`` to ``last`` of a year belong to this node alone."""

    year: Annotated[int, msgspec.Meta(ge=2000, le=2200)]
    first: Annotated[int, msgspec.Meta(ge=1, le=9_999_999)]
    last: Annotated[int, msgspec.Meta(ge=1, le=9_999_999)]


class OfficerCertificate(Wire, frozen=True, kw_only=True):
    """The hub's word that this key is an officer's of this node. Signed with purpose OFFICER."""

    officer: OfficerId
    node: NodeId
    public_key: Digest
    issued_at: int


class OfficerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A node asks the hub to certify an officer's key."""

    officer: OfficerId
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    public_key: Digest


class ProofRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A node asks how two checkpoints that it holds belong together."""

    old_size: Number
    new_size: Number


class DocumentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A node asks for pieces of a document that a notice named."""

    document: Digest
    ranges: Annotated[list[PieceRange], msgspec.Meta(min_length=1, max_length=20)]


class Mail(Wire, frozen=True, kw_only=True):
    """Node to hub on ``up/mail``, signed with purpose MAIL."""

    node: NodeId
    cursor: Number
    """Every notice up to this number is stored."""
    proof: ProofRequest | None = None
    officers: Annotated[list[OfficerRequest], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=list)
    """Officers of this node whose certificate has not come yet."""
    free_numbers: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Leased registration numbers that are left; the hub leases more before they end."""
    documents: Annotated[list[DocumentRequest], msgspec.Meta(max_length=MAX_DOCUMENTS_ASKED)] = msgspec.field(
        default_factory=list
    )
    """Pieces of documents that this node lacks; the hub answers on ``down/part`` and remembers nothing."""
    acts: Annotated[list[SealedAct], msgspec.Meta(max_length=MAX_ACTS)] = msgspec.field(default_factory=list)
    """Statements of officers, each a ``SealedBody``; they come again until the hub's receipt for them is here."""
    answers: Annotated[list[RequestAnswer], msgspec.Meta(max_length=MAX_ANSWERS_IN_MAIL)] = msgspec.field(
        default_factory=list
    )
    """What became of remote requests; they come again until the hub says that it has them."""
    renewal: RenewalRequest | None = None
    """The node's certificate has seen two thirds of its life."""


class Control(Wire, frozen=True, kw_only=True):
    """Hub to node on ``down/control``: the answer to a proof request. Signed with purpose CONTROL."""

    node: NodeId
    old_size: Number
    new_size: Number
    path: Annotated[list[Digest], msgspec.Meta(max_length=MAX_PATH)]


class Refusal(Wire, frozen=True, kw_only=True):
    """Hub to node: a message that became no bundle verdict was refused. Signed with purpose REFUSAL."""

    node: NodeId
    message: Digest
    """SHA-256 of the refused message."""
    code: Annotated[str, msgspec.Meta(max_length=40)]
    bundle: Digest | None = None


def verify_from_hub(raw: bytes, *, purpose: Purpose, find_key: KeyFinder) -> bytes:
    """Return the payload of a signed message from the hub.

    Raises:
        ProtocolError: the subclass of the first rule that does not hold.
    """
    return verify(raw, purpose=purpose, find_key=find_key, max_bytes=MAX_MAIL_BYTES + 1_000).payload


def verify_notice(raw: bytes, *, node: NodeId, find_key: KeyFinder) -> Notice:
    """Return a notice that the hub wrote to this node.

    Raises:
        ProtocolError: not signed by the hub, not a notice, or for another node.
    """
    payload = verify_from_hub(raw, purpose=Purpose.NOTICE, find_key=find_key)
    notice = from_bytes(payload, Notice, max_bytes=MAX_MAIL_BYTES + 1_000)
    if notice.node != node:
        raise IdentityError
    return notice


def verify_mail(raw: bytes, *, node: NodeId, find_key: KeyFinder) -> Mail:
    """Return mail that this node signed.

    Raises:
        ProtocolError: not signed by the node, not mail, or of another node.
    """
    payload = verify(raw, purpose=Purpose.MAIL, find_key=find_key, max_bytes=MAX_MAIL_BYTES).payload
    mail = from_bytes(payload, Mail, max_bytes=MAX_MAIL_BYTES)
    if mail.node != node:
        raise IdentityError
    return mail
