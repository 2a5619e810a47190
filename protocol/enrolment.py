"""How a fresh node becomes known: one-time code, keys made on the node, answer bound to the code.

The administrator makes a code for one village (80 bits, 16 letters in Crockford's base 32, hours to live). Both sides
derive from it, by HKDF, a public code id, a request key and a response key. The request is authenticated with
the request key, the answer with the response key: the node learns the true hub keys with no trust on first
use. The hub decides the node's name; a second person approves after comparing the fingerprint on both screens.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.catalogue import OfficeCode
from protocol.errors import EnrolmentError, SchemaError
from protocol.ids import CROCKFORD, HubId, NodeId, VillageCode, crockford, normalise_code
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.mailbox import NumberLease, OfficerRequest
from protocol.sealing import Digest, KeyId
from protocol.wire import Wire, from_bytes, to_bytes

CODE_BYTES = 10
CODE_LETTERS = 16

RegionTitle = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
"""Kind and name of a region, as letters write it: ``Desa Krikilan``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeKeys:
    """What both sides derive from an enrolment code. The hub stores these, never the code."""

    code_id: bytes
    request_key: bytes
    response_key: bytes


class EnrolmentRequest(Wire, frozen=True, kw_only=True):
    """Node to hub: my keys, please certify them."""

    code_id: KeyId
    csr: Annotated[bytes, msgspec.Meta(max_length=4_000)]
    """PKCS#10 in DER for the TLS key; the hub takes nothing but the public key from it."""
    signing_key: Digest
    """Ed25519 public key that signs bundles, mail and health."""
    sealing_key: Digest
    """X25519 public key; what is personal in the mailbox is sealed to it."""
    officers: Annotated[list[OfficerRequest], msgspec.Meta(min_length=1, max_length=20)]
    program: Annotated[str, msgspec.Meta(max_length=40)]


class HubKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The hub's public keys, which a node pins."""

    hub: HubId
    log: Annotated[str, msgspec.Meta(max_length=300)]
    """Verifier key of the ledger in the form of signed notes."""
    message_key: Digest
    sealing_key: Digest
    """X25519 public key; bundles and acts are sealed to it."""
    permit_key: Digest
    """Ed25519 public key that the facts of issued documents and the revocation list are signed with."""


class OfficeName(msgspec.Struct, frozen=True, kw_only=True):
    """What an office is called: a node shows this where receipts carry the code."""

    code: OfficeCode
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    """Short official name: ``Dispendukcapil``, ``Kec. Kalijambe``."""


class EnrolmentAnswer(Wire, frozen=True, kw_only=True):
    """Hub to node: your name, your certificate, my keys, and what you need to work without a link."""

    node: NodeId
    village: VillageCode
    village_name: RegionTitle
    subdistrict_name: RegionTitle
    certificate: str
    """PEM chain of the node's client certificate."""
    authority: str
    """PEM of the authority that broker and nodes are certified by."""
    broker_host: Annotated[str, msgspec.Meta(max_length=253)]
    broker_port: Annotated[int, msgspec.Meta(ge=1, le=65_535)]
    keys: HubKeys
    checkpoint: str
    """Newest checkpoint of the ledger at this moment: the first that the node remembers."""
    officers: list[bytes]
    """Officer certificates."""
    leases: list[NumberLease]
    services: list[bytes]
    """Service definitions, as ``protocol.catalogue`` encodes them."""
    offices: Annotated[list[OfficeName], msgspec.Meta(max_length=60)]
    """The offices of the regency, and this village's own with its subdistrict's."""


class Authenticated(Wire, frozen=True, kw_only=True):
    """A body with an HMAC-SHA-256 under the request key or the response key."""

    body: Annotated[bytes, msgspec.Meta(max_length=MAX_ENROLMENT_BYTES)]
    mac: Digest


class EnrolmentPoll(Wire, frozen=True, kw_only=True):
    """Node to hub: is there an answer for this code?"""

    code_id: KeyId


def make_code(random: bytes) -> str:
    """Return the code for 10 random bytes, as it is printed."""
    return crockford(random[:CODE_BYTES])


def derive_code_keys(typed: str) -> CodeKeys:
    """Return the keys of a code as a person typed it.

    Raises:
        EnrolmentError: not 16 letters of the code alphabet.
    """
    code = normalise_code(typed)
    if len(code) != CODE_LETTERS or any(letter not in CROCKFORD for letter in code):
        reason = "code form"
        raise EnrolmentError(reason)
    derived = HKDF(algorithm=SHA256(), length=80, salt=None, info=b"simpul/v1/enrolment").derive(code.encode())
    return CodeKeys(code_id=derived[:16], request_key=derived[16:48], response_key=derived[48:])


def authenticate(message: Wire, key: bytes) -> bytes:
    """Return the message's bytes with a MAC under this key."""
    body = to_bytes(message)
    return to_bytes(Authenticated(body=body, mac=hmac.digest(key, body, "sha256")))


def parse_authenticated(raw: bytes) -> Authenticated:
    """Parse the frame; its MAC is not checked yet.

    Raises:
        ProtocolError: size, form, version or schema.
    """
    return from_bytes(raw, Authenticated, max_bytes=MAX_ENROLMENT_BYTES)


def open_request(frame: Authenticated, keys: CodeKeys) -> EnrolmentRequest:
    """Return a request that was made with the code.

    Raises:
        EnrolmentError: made with another code, or changed.
        ProtocolError: not a request.
    """
    _check_mac(frame, keys.request_key)
    return from_bytes(frame.body, EnrolmentRequest, max_bytes=MAX_ENROLMENT_BYTES)


def open_answer(raw: bytes, keys: CodeKeys) -> EnrolmentAnswer:
    """Return an answer of the hub that knows the code.

    Raises:
        EnrolmentError: made by somebody else, or changed.
        ProtocolError: not an answer.
    """
    frame = parse_authenticated(raw)
    _check_mac(frame, keys.response_key)
    answer = from_bytes(frame.body, EnrolmentAnswer, max_bytes=MAX_ENROLMENT_BYTES)
    if answer.node.village != answer.village:
        reason = "village"
        raise SchemaError(reason)
    return answer


def claimed_code_id(frame: Authenticated) -> bytes:
    """Return which code a request claims, to look its keys up; nothing is verified by this.

    Raises:
        ProtocolError: not a request.
    """
    return from_bytes(frame.body, EnrolmentRequest, max_bytes=MAX_ENROLMENT_BYTES).code_id


def fingerprint(signing_key: bytes) -> str:
    """Return the fingerprint that both screens show: 6 groups of 4 letters of the key's SHA-256 (120 bits)."""
    letters = crockford(hashlib.sha256(signing_key).digest()[:15])
    return "-".join(letters[place : place + 4] for place in range(0, 24, 4))


def _check_mac(frame: Authenticated, key: bytes) -> None:
    if not hmac.compare_digest(hmac.digest(key, frame.body, "sha256"), frame.mac):
        reason = "code or content"
        raise EnrolmentError(reason)
