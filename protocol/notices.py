"""What the notices about cases carry, and what an officer states later.

``CaseNews``, ``CalendarData`` and ``BackedUp`` are open (the notice around them is signed); ``CorrectionAsked`` and
``Decision`` hold personal data and travel as ``sealing.SealedBody`` under their kind. An act is signed by the officer
and sealed to the hub.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundle import Answer, Applicant
from protocol.documents import DocumentRef, DocumentSealer
from protocol.envelope import KeyFinder, Purpose, sign, verify
from protocol.errors import IdentityError
from protocol.ids import FieldKey, NodeId, OfficerId, RegistrationNo, ServiceCode
from protocol.limits import MAX_ACT_BYTES, MAX_ANSWERS, MAX_ATTACHMENTS, MAX_NOTICE_BODY_BYTES
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes, to_bytes

Word = Annotated[str, msgspec.Meta(max_length=40)]
"""A code of a newer hub may be unknown here: it is shown as it is."""
Day = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
ShortText = Annotated[str, msgspec.Meta(max_length=200)]


class CaseNews(Wire, frozen=True, kw_only=True):
    """One step of a case that the village should know. Nothing personal."""

    bundle: Digest
    """The first bundle of the case."""
    registration_no: RegistrationNo
    event: Word
    """Kind of the event at the hub, such as ``complete``, ``custody``, ``paused``, ``opinion``, ``assessed``."""
    office: Word
    at: Annotated[int, msgspec.Meta(ge=0)]
    """Log time of the step in milliseconds."""
    ledger_index: Annotated[int, msgspec.Meta(ge=0)]
    stage: Word = ""
    code: Word = ""
    """Reason of a pause, outcome of an opinion, ``quarantined`` file, and so on."""
    due_on: Day | None = None
    """Last day of the promised time, as it stands after this step."""
    days_left: int | None = None
    amount_rp: Annotated[int, msgspec.Meta(ge=0, le=10**12)] | None = None
    payment_code: Word = ""


class CorrectionAsked(Wire, frozen=True, kw_only=True):
    """An office asks for a correction. Sealed to the node under the kind ``correction``."""

    bundle: Digest
    registration_no: RegistrationNo
    request: Annotated[int, msgspec.Meta(ge=0)]
    """Ledger index of the return: names this question."""
    office: Word
    reason: Word
    """A ``ReturnReason``."""
    fields: Annotated[list[FieldKey], msgspec.Meta(max_length=MAX_ANSWERS)]
    requirements: Annotated[list[FieldKey], msgspec.Meta(max_length=MAX_ATTACHMENTS * 2)]
    note: Annotated[str, msgspec.Meta(max_length=1_000)]
    service: ServiceCode
    service_version: Annotated[int, msgspec.Meta(ge=1)]
    applicant: Applicant
    answers: Annotated[dict[FieldKey, Answer], msgspec.Meta(max_length=MAX_ANSWERS)]
    """All answers as they stand: the form shows them, with the asked ones alone editable."""
    handed_in: Annotated[list[FieldKey], msgspec.Meta(max_length=MAX_ATTACHMENTS * 2)]
    asked_at: Annotated[int, msgspec.Meta(ge=0)]


class Decision(Wire, frozen=True, kw_only=True):
    """A case was decided. Sealed to the node under the kind ``decision``."""

    bundle: Digest
    registration_no: RegistrationNo
    outcome: Word
    """An ``Outcome``."""
    office: Word
    decided_at: Annotated[int, msgspec.Meta(ge=0)]
    number: ShortText = ""
    """Number of the letter, or of the national system."""
    valid_until: Day | None = None
    reasons: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    document: DocumentRef | None = None
    applicant_name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    """Whom the village calls to hand it over."""


class DayOff(msgspec.Struct, frozen=True, kw_only=True):
    """One day on which an office (or all of them) is closed."""

    day: Day
    kind: Word
    name: ShortText
    office: Word = ""
    """Empty: all offices."""


class CalendarData(Wire, frozen=True, kw_only=True):
    """The days off as the hub counts with them; each version replaces the one before."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    years: Annotated[list[int], msgspec.Meta(max_length=20)]
    days: Annotated[list[DayOff], msgspec.Meta(max_length=600)]


class BackedUp(Wire, frozen=True, kw_only=True):
    """A verified backup of the hub covers the ledger up to and with this many entries."""

    through: Annotated[int, msgspec.Meta(ge=0)]
    at: Annotated[int, msgspec.Meta(ge=0)]


class ActKind(StrEnum):
    """What an officer states about a bundle after it was sealed."""

    HANDED_OVER = "handed_over"  # the resident has the result
    TOLD = "told"  # the resident was told the news


class Act(Wire, frozen=True, kw_only=True):
    """An officer's later statement. Personal: signed by the officer, then sealed to the hub."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}\Z")]
    act: Digest
    """Random; names this statement for ever, whatever it is sealed into."""
    bundle: Digest
    node: NodeId
    officer: OfficerId
    claimed_at: Annotated[int, msgspec.Meta(ge=0)]
    person: ShortText = ""
    """Who received it."""
    note: ShortText = ""


def sign_act(act: Act, officer_key: Ed25519PrivateKey) -> bytes:
    """Return the officer's signed statement; ``sealing.seal_body`` with kind ``act`` closes it before it goes."""
    return sign(to_bytes(act), key=officer_key, purpose=Purpose.ACT)


def verify_act(raw: bytes, *, node: NodeId, find_officer_key: KeyFinder) -> Act:
    """Return an act that an officer of this node signed.

    Raises:
        ProtocolError: not signed by an officer, not an act, or of another node.
    """
    payload = verify(raw, purpose=Purpose.ACT, find_key=find_officer_key, max_bytes=MAX_ACT_BYTES).payload
    act = from_bytes(payload, Act, max_bytes=MAX_ACT_BYTES)
    if act.node != node:
        raise IdentityError
    return act


def read_decision(plain: bytes) -> Decision:
    """Parse the opened body of a decision notice.

    Raises:
        ProtocolError: size, form, version, schema, or a document whose size and pieces do not agree.
    """
    decision = from_bytes(plain, Decision, max_bytes=MAX_NOTICE_BODY_BYTES)
    if decision.document is not None:
        DocumentSealer(decision.document)
    return decision


def read_correction(plain: bytes) -> CorrectionAsked:
    """Parse the opened body of a correction notice.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    asked = from_bytes(plain, CorrectionAsked, max_bytes=MAX_NOTICE_BODY_BYTES)
    for key in asked.answers:
        FieldKey(key)  # msgspec checks the values of a map, not its keys
    return asked
