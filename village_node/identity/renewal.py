"""The node's certificate: when to ask for the next one, what is checked of it, and how it is kept.

What the receiver verifies of a ``CertificateNotice``:
1. the hub's message key signed it, for this node;
2. the first certificate names this node and has the key of the one that is kept: a node never changes its TLS key;
3. each certificate of the chain is certified by the next one, the last one by one of the roots that come with it;
4. it is another one and ends no earlier than the one that is kept. Else it is a notice that comes twice, or late: no
   error.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from sqlalchemy.orm import Session

from protocol.errors import SchemaError
from protocol.renewal import RenewalRequest, verify_certificate
from village_node.identity.hub import Enrolled
from village_node.identity.keys import NodeKeys
from village_node.identity.tables import NodeIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class NextCertificate:
    """A certificate that passed the checks, with the roots that came with it."""

    certificate: str
    authority: str
    ends: datetime


def wish(enrolled: Enrolled, keys: NodeKeys, now: datetime) -> RenewalRequest | None:
    """Return what the mail asks for once two thirds of the certificate's life are over."""
    kept = _readable(enrolled.certificate)
    if kept is None:
        return None
    begins, ends = kept.not_valid_before_utc, kept.not_valid_after_utc
    return RenewalRequest(csr=keys.signing_request()) if now >= begins + (ends - begins) * 2 / 3 else None


def is_over(enrolled: Enrolled, now: datetime) -> bool:
    """Say whether the certificate has ended, by this PC's clock: then the only way is the door."""
    kept = _readable(enrolled.certificate)
    return kept is not None and now > kept.not_valid_after_utc


def read_next(raw: bytes, enrolled: Enrolled) -> NextCertificate | None:
    """Return the next certificate after all checks of the module's list; None when the kept one is as good.

    Raises:
        ProtocolError: the first check that does not hold.
    """
    notice = verify_certificate(raw, node=enrolled.node, find_key=enrolled.find_message_key)  # 1
    chain, roots, kept = _read(notice.certificate), _read(notice.authority), _first(enrolled.certificate)
    leaf = chain[0]
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    if [name.value for name in names] != [str(enrolled.node)] or leaf.public_key() != kept.public_key():  # 2
        reason = "certificate of another name or key"
        raise SchemaError(reason)
    if not _leads_up(chain, roots):  # 3
        reason = "certificate chain"
        raise SchemaError(reason)
    if leaf.not_valid_after_utc < kept.not_valid_after_utc or notice.certificate == enrolled.certificate:  # 4
        return None
    return NextCertificate(certificate=notice.certificate, authority=notice.authority, ends=leaf.not_valid_after_utc)


def store_next(session: Session, found: NextCertificate) -> None:
    """Keep a certificate with its roots; what the TLS library reads is written from this afterwards."""
    row = session.get_one(NodeIdentity, 1)
    row.certificate, row.authority = found.certificate, found.authority
    session.flush()


def _leads_up(chain: list[x509.Certificate], roots: list[x509.Certificate]) -> bool:
    return all(_is_issued_by(lower, upper) for lower, upper in pairwise(chain)) and any(
        _is_issued_by(chain[-1], root) for root in roots
    )


def _is_issued_by(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _readable(pem: str) -> x509.Certificate | None:
    """Return the certificate that is kept; None when it cannot be read, which the doctor tells."""
    try:
        return _first(pem)
    except SchemaError:
        return None


def _first(pem: str) -> x509.Certificate:
    return _read(pem)[0]


def _read(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, x509.InvalidVersion):
        reason = "certificate"
        raise SchemaError(reason) from None
