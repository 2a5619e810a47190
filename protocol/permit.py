"""Issued documents: the signed facts in their QR code, and the list of those that no longer hold.

Both verify with no link and without the hub: whoever holds the hub's permit key (32 bytes, printed in offices, pinned
by every node) can tell a genuine permit, an expired one and, with a revocation list at hand, a revoked one.

Rules:
1. The QR code holds ``SIMPUL1:`` and the COSE envelope of the facts in base 45 (RFC 9285): the alphabet of a QR code's
   alphanumeric mode, so that the code stays small enough for a photocopy. Facts have at most ``MAX_FACTS_BYTES``.
2. The facts are what the paper shows, no more: whoever reads the code learns nothing that is not printed beside it.
3. A document is named by its *mark*, the head of the SHA-256 of the facts, never of the envelope: nothing that leaves
   the facts as they are can give a revoked document another name.
4. A revocation is never taken back: another document is issued. So a reader may join all lists that it ever saw.
5. A list goes out whole, in parts of at most ``MAX_REVOKED`` documents; each part is signed and stands alone.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.catalogue import OfficeCode
from protocol.envelope import OVERHEAD_BYTES, Purpose, one_key, sign, verify
from protocol.errors import MalformedError, SchemaError, TooLargeError
from protocol.ids import HubId, RegistrationNo, ServiceCode
from protocol.limits import MAX_MAIL_BYTES, MAX_REVOKED
from protocol.sealing import Digest
from protocol.wire import Wire, from_bytes, to_bytes

QR_PREFIX = "SIMPUL1:"
MAX_FACTS_BYTES = 376
"""With its envelope and prefix this fills a QR code of version 15 at level L (758 letters): 77 modules a side, which a
phone still reads from a photocopy at 30 mm."""

MAX_ENVELOPE_BYTES = MAX_FACTS_BYTES + OVERHEAD_BYTES
MAX_QR_LETTERS = len(QR_PREFIX) + -(-MAX_ENVELOPE_BYTES // 2) * 3
MAX_LIST_BYTES = MAX_MAIL_BYTES - 2_000
MARK_BYTES = 16

Day = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Mark = Annotated[bytes, msgspec.Meta(min_length=MARK_BYTES, max_length=MARK_BYTES)]
Index = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {letter: value for value, letter in enumerate(_BASE45)}


class PermitKind(StrEnum):
    """What was issued. A word keeps its meaning for ever; a reader shows a word that it does not know as it is."""

    PERMIT = "permit"  # a permit or licence
    LETTER = "letter"  # a statement, cover letter or recommendation
    EXCERPT = "excerpt"  # an excerpt from the civil register
    REFUSAL = "refusal"  # a refusal with reasons: genuine, and no permit


class RevocationCode(StrEnum):
    """Why a document no longer holds. A word keeps its meaning for ever."""

    HOLDER_ASKED = "holder_asked"  # the holder gave it back
    VIOLATION = "violation"  # the conditions were broken
    FALSE_DATA = "false_data"  # issued on false documents or statements
    ERROR = "error"  # a mistake of the office; a right document takes its place
    COURT = "court"  # a court or a higher authority set it aside
    REPLACED = "replaced"  # renewed or changed before it ended


class Standing(StrEnum):
    """What a reader can say about facts whose signature holds."""

    VALID = "valid"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"


class PermitFacts(
    Wire,
    frozen=True,
    kw_only=True,
    rename={
        "hub": "h",
        "kind": "k",
        "number": "n",
        "service": "s",
        "version": "w",
        "title": "t",
        "holder": "p",
        "issued_on": "d",
        "valid_until": "e",
        "office": "o",
        "registration_no": "r",
        "ledger_index": "l",
    },
):
    """What a document says about itself, in keys of one letter: each letter more makes the QR code larger."""

    hub: HubId
    kind: Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,20}\Z")]
    """A ``PermitKind``."""
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    service: ServiceCode
    version: Annotated[int, msgspec.Meta(ge=1, le=9_999)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    holder: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    """The name as the paper shows it, cut where the code would grow too large."""
    issued_on: Day
    office: OfficeCode
    registration_no: RegistrationNo
    ledger_index: Index
    """Where the ledger says that this number was given."""
    valid_until: Day | None = None
    """The last day on which it holds; None: as long as nothing changes."""


class Revoked(msgspec.Struct, frozen=True, array_like=True):
    """One document that no longer holds: an array, because a list has many."""

    mark: Mark
    at_s: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    """Seconds since 1970."""
    code: Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,20}\Z")]
    """A ``RevocationCode``."""


class RevocationList(Wire, frozen=True, kw_only=True):
    """One part of the list. Signed with purpose REVOCATIONS by the permit key."""

    hub: HubId
    number: Annotated[int, msgspec.Meta(ge=1, le=2**40)]
    """Counts the lists of a hub; a larger number holds everything that a smaller one held."""
    issued_at: Annotated[int, msgspec.Meta(ge=0)]
    """Milliseconds since 1970."""
    part: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    parts: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    revoked: Annotated[list[Revoked], msgspec.Meta(max_length=MAX_REVOKED)]


class DocumentSeal(Wire, frozen=True, kw_only=True):
    """The hub's word that this file is the document of these facts. Signed with purpose DOCUMENT by the permit key.

    The facts stand inside of the file and so cannot hold its digest; the seal is a small file beside it.
    """

    hub: HubId
    mark: Mark
    sha256: Digest
    size: Annotated[int, msgspec.Meta(ge=1)]


def sign_facts(facts: PermitFacts, key: Ed25519PrivateKey) -> bytes:
    """Return the envelope of the facts; the same facts give the same bytes.

    Raises:
        TooLargeError: the QR code would not be readable on paper.
        SchemaError: a date that is none.
    """
    _check_days(facts)
    payload = to_bytes(facts)
    if len(payload) > MAX_FACTS_BYTES:
        raise TooLargeError
    return sign(payload, key=key, purpose=Purpose.PERMIT)


def verify_facts(raw: bytes, key: Ed25519PublicKey) -> tuple[PermitFacts, bytes]:
    """Return the facts and their mark.

    Raises:
        ProtocolError: not signed by this permit key, or not the form of facts.
    """
    payload = verify(raw, purpose=Purpose.PERMIT, find_key=one_key(key), max_bytes=MAX_ENVELOPE_BYTES).payload
    facts = from_bytes(payload, PermitFacts, max_bytes=MAX_FACTS_BYTES)
    _check_days(facts)
    return facts, mark_of(payload)


def mark_of(payload: bytes) -> bytes:
    """Return the name of a document: 16 bytes of the SHA-256 of its facts."""
    return hashlib.sha256(payload).digest()[:MARK_BYTES]


def facts_mark(facts: PermitFacts) -> bytes:
    """Return the mark of facts that are not signed yet."""
    return mark_of(to_bytes(facts))


def qr_text(envelope: bytes) -> str:
    """Return what the QR code holds."""
    return QR_PREFIX + base45_encode(envelope)


def read_qr(text: str) -> bytes:
    """Return the envelope out of a QR code's text; nothing is verified by this.

    Raises:
        TooLargeError: longer than any code of ours.
        MalformedError: not the text of a code of ours.
    """
    line = text.strip("\r\n\t")
    if len(line) > MAX_QR_LETTERS:
        raise TooLargeError
    if not line.startswith(QR_PREFIX):
        reason = "no QR text of a permit"
        raise MalformedError(reason)
    return base45_decode(line.removeprefix(QR_PREFIX))


def sign_revocations(revoked: Sequence[Revoked], head: RevocationList, key: Ed25519PrivateKey) -> list[bytes]:
    """Return the signed parts of a whole list; of ``head`` hub, number and time are taken. An empty list has a part."""
    pieces = [revoked[start : start + MAX_REVOKED] for start in range(0, len(revoked), MAX_REVOKED)] or [()]
    parts = (
        msgspec.structs.replace(head, part=place, parts=len(pieces), revoked=list(piece))
        for place, piece in enumerate(pieces, 1)
    )
    return [sign(to_bytes(part), key=key, purpose=Purpose.REVOCATIONS) for part in parts]


def verify_revocations(raw: bytes, key: Ed25519PublicKey) -> RevocationList:
    """Return one part of a list.

    Raises:
        ProtocolError: not signed by this permit key, or not the form of a list.
    """
    payload = verify(raw, purpose=Purpose.REVOCATIONS, find_key=one_key(key), max_bytes=MAX_LIST_BYTES).payload
    part = from_bytes(payload, RevocationList, max_bytes=MAX_LIST_BYTES)
    if part.part > part.parts:
        reason = "part of a list"
        raise SchemaError(reason)
    return part


def joined(parts: Collection[RevocationList]) -> Mapping[bytes, Revoked]:
    """Return everything that these parts revoke, by mark: the earliest word counts (rule 4)."""
    found: dict[bytes, Revoked] = {}
    for each in (item for part in parts for item in part.revoked):
        if each.mark not in found or each.at_s < found[each.mark].at_s:
            found[each.mark] = each
    return found


def sign_seal(seal: DocumentSeal, key: Ed25519PrivateKey) -> bytes:
    """Return the signed seal of a file."""
    return sign(to_bytes(seal), key=key, purpose=Purpose.DOCUMENT)


def verify_seal(raw: bytes, key: Ed25519PublicKey, content: bytes) -> DocumentSeal:
    """Return the seal of this very file.

    Raises:
        ProtocolError: not signed by this permit key.
        SchemaError: the seal of another file.
    """
    payload = verify(raw, purpose=Purpose.DOCUMENT, find_key=one_key(key), max_bytes=MAX_ENVELOPE_BYTES).payload
    seal = from_bytes(payload, DocumentSeal, max_bytes=MAX_ENVELOPE_BYTES)
    if (len(content), hashlib.sha256(content).digest()) != (seal.size, seal.sha256):
        reason = "another file"
        raise SchemaError(reason)
    return seal


def standing_of(facts: PermitFacts, mark: bytes, today: date, revoked: Collection[bytes]) -> Standing:
    """Return what holds today, where the document was issued; ``revoked`` are marks."""
    if mark in revoked:
        return Standing.REVOKED
    if facts.valid_until is not None and date.fromisoformat(facts.valid_until) < today:
        return Standing.EXPIRED
    return Standing.NOT_YET if date.fromisoformat(facts.issued_on) > today else Standing.VALID


def base45_encode(data: bytes) -> str:
    """Return the bytes in base 45 (RFC 9285 §4): two bytes give three letters, a last single one gives two."""
    letters = []
    for place in range(0, len(data), 2):
        pair = data[place : place + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, value = divmod(number, 45)
            letters.append(_BASE45[value])
    return "".join(letters)


def base45_decode(text: str) -> bytes:
    """Return the bytes of a text in base 45, of which every value has one form.

    Raises:
        MalformedError: a letter outside of the alphabet, a lone one, or a group beyond its bytes (RFC 9285 §4, §6).
    """
    out = bytearray()
    for place in range(0, len(text), 3):
        group = [_VALUE.get(letter, -1) for letter in text[place : place + 3]]
        number, size = sum(value * 45**power for power, value in enumerate(group)), len(group) - 1
        if min(group) < 0 or size == 0 or number >> 8 * size:
            reason = "base 45"
            raise MalformedError(reason)
        out += number.to_bytes(size, "big")
    return bytes(out)


def _check_days(facts: PermitFacts) -> None:
    try:
        for day in (facts.issued_on, facts.valid_until or facts.issued_on):
            date.fromisoformat(day)
    except ValueError:
        reason = "day"
        raise SchemaError(reason) from None
