"""What must hold before the hub believes a certificate request, a certificate or a revocation list.

Unverified bytes go in; a ``ProvenKey``, a ``NodeId`` or a set of serials comes out. Pure: no file, no clock.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from protocol.errors import SchemaError
from protocol.ids import NodeId, crockford, grouped

NODE_URN = "urn:simpul:node:"
_END_OF_LIST = b"-----END X509 CRL-----\n"

MAX_REQUEST_BYTES = 4_000
"""A request with an Ed25519 key takes about 210 bytes."""


class RequestRefusal(StrEnum):
    """Why a certificate request was refused."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    KEY_TYPE = "key_type"
    NO_PROOF = "no_proof"


class CertificateRefusal(StrEnum):
    """Why a certificate was not accepted as one of ours."""

    MALFORMED = "malformed"
    CHAIN = "chain"
    NAME = "name"
    USE = "use"
    REVOKED = "revoked"


class RequestRefusedError(Exception):
    """A certificate request that the authority does not sign."""

    def __init__(self, reason: RequestRefusal) -> None:
        """Keep the reason, never bytes of the request."""
        super().__init__(reason.value)
        self.reason = reason


class CertificateRefusedError(Exception):
    """A certificate that does not prove what it should."""

    def __init__(self, reason: CertificateRefusal) -> None:
        """Keep the reason, never bytes of the certificate."""
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ProvenKey:
    """A public key whose holder proved to have the private key; only the two functions below make one."""

    public_key: Ed25519PublicKey


def check_request(raw: bytes) -> ProvenKey:
    """Return the public key of a PKCS#10 request in DER.

    Raises:
        RequestRefusedError: too large, not a request, another kind of key, or no proof of possession.
    """
    if len(raw) > MAX_REQUEST_BYTES:
        raise RequestRefusedError(RequestRefusal.TOO_LARGE)
    try:
        request = x509.load_der_x509_csr(raw)
    except (ValueError, x509.InvalidVersion):
        raise RequestRefusedError(RequestRefusal.MALFORMED) from None
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise RequestRefusedError(RequestRefusal.KEY_TYPE) from None
    if not isinstance(key, Ed25519PublicKey):
        raise RequestRefusedError(RequestRefusal.KEY_TYPE)
    try:
        proven = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        proven = False
    if not proven:
        raise RequestRefusedError(RequestRefusal.NO_PROOF)
    return ProvenKey(public_key=key)


def proven_before(public_key: bytes) -> ProvenKey:
    """Return a key whose holder proved to have the private one when it was stored; a renewal certifies it again."""
    return ProvenKey(public_key=Ed25519PublicKey.from_public_bytes(public_key))


def load_certificates(raw_pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM text, at least one.

    Raises:
        CertificateRefusedError: there is none, or one that cannot be read.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(raw_pem))
    except (ValueError, x509.InvalidVersion):
        raise CertificateRefusedError(CertificateRefusal.MALFORMED) from None


def check_node_certificate(
    raw_pem: bytes, trust: Sequence[x509.Certificate], *, now: datetime, revoked: frozenset[int]
) -> NodeId:
    """Return the node that a chain names, if it leads to one of the roots, was made for a node and counts at ``now``.

    Raises:
        CertificateRefusedError: unreadable, not from this authority, expired, not a node's, or revoked.
    """
    leaf, *between = load_certificates(raw_pem)
    verifier = PolicyBuilder().store(Store(list(trust))).time(now).build_client_verifier()
    try:
        verifier.verify(leaf, between)
        extensions = leaf.extensions
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        urns = extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.UniformResourceIdentifier
        )
    except (VerificationError, InvalidSignature):
        raise CertificateRefusedError(CertificateRefusal.CHAIN) from None
    except (x509.ExtensionNotFound, ValueError):
        # The library's verifier accepts a leaf without these two extensions; we do not.
        raise CertificateRefusedError(CertificateRefusal.USE) from None
    if not usage.digital_signature or list(purposes) != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise CertificateRefusedError(CertificateRefusal.USE)
    if leaf.serial_number in revoked:
        raise CertificateRefusedError(CertificateRefusal.REVOKED)
    return _named_node(leaf, urns)


def revoked_serials(raw_pem: bytes, authority: x509.Certificate, *, now: datetime) -> frozenset[int]:
    """Return the serials of a revocation list, as a set: looking one up in the list itself is linear.

    Raises:
        CertificateRefusedError: unreadable, not signed by the authority, or stale.
    """
    key = authority.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        raise CertificateRefusedError(CertificateRefusal.CHAIN)
    found = next((each for each in load_lists(raw_pem) if each.is_signature_valid(key)), None)
    if found is None:
        raise CertificateRefusedError(CertificateRefusal.CHAIN)
    until = found.next_update_utc
    if until is None or until < now:
        raise CertificateRefusedError(CertificateRefusal.CHAIN)
    return frozenset(each.serial_number for each in found)


def load_lists(raw_pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the revocation lists of a PEM text: one for each issuing key whose leaves may still be valid.

    Raises:
        CertificateRefusedError: there is none, or one that cannot be read.
    """
    blocks = [block + _END_OF_LIST for block in raw_pem.split(_END_OF_LIST)[:-1]]
    try:
        found = tuple(x509.load_pem_x509_crl(each) for each in blocks)
    except ValueError:
        raise CertificateRefusedError(CertificateRefusal.MALFORMED) from None
    if not found:
        raise CertificateRefusedError(CertificateRefusal.MALFORMED)
    return found


def node_urn(node: NodeId) -> str:
    """Return the URI that names a node in its certificate."""
    return f"{NODE_URN}{node}"


def fingerprint(public_key: CertificatePublicKeyTypes) -> str:
    """Return what two people compare by telephone: 6 groups of 4 letters of the SHA-256 of the SPKI (120 bits)."""
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return grouped(crockford(hashlib.sha256(spki).digest()[:15]))


def _named_node(leaf: x509.Certificate, urns: list[str]) -> NodeId:
    names = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        node = NodeId(names[0])
    except (IndexError, SchemaError):
        raise CertificateRefusedError(CertificateRefusal.NAME) from None
    if len(names) != 1 or urns != [node_urn(node)]:
        raise CertificateRefusedError(CertificateRefusal.NAME)
    return node
