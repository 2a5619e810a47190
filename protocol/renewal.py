"""How a node gets its next certificate: over the link from two thirds of its life on, or at the door once it is over.

1. Over the link: the mail carries a ``RenewalRequest``; the answer is a notice of kind ``certificate``.
2. At the door: a node whose certificate is over cannot connect. It posts a ``DoorRequest``, signed with its signing
   key, to ``/enrol/renewal`` and gets the same signed ``CertificateNotice``. Repeating the request gains nobody
   anything: the certificate is for the node's own key.
3. The hub decides the name and gives a certificate for the key that the request proves; it may also send one unasked,
   when the authorities change. ``authority`` holds every root that counts now: during a roll-over the new and the old.
4. A node takes a certificate for its own name and key that ends no earlier than the one it has, and nothing else.
"""

from typing import Annotated

import msgspec

from protocol.envelope import KeyFinder, Purpose, verify
from protocol.errors import IdentityError
from protocol.ids import NodeId
from protocol.limits import MAX_CERTIFICATE_BYTES, MAX_DOOR_BYTES
from protocol.wire import Wire, from_bytes

RENEWAL_PATH = "/enrol/renewal"

SigningRequest = Annotated[bytes, msgspec.Meta(min_length=1, max_length=4_000)]
"""PKCS#10 in DER; the hub takes nothing but the public key from it."""

PemText = Annotated[str, msgspec.Meta(min_length=1, max_length=8_000)]
"""Up to six certificates."""

Millis = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """In a mail: my certificate ends, please give me the next one."""

    csr: SigningRequest


class DoorRequest(Wire, frozen=True, kw_only=True):
    """The same from a node that cannot connect any more. Signed with purpose RENEWAL."""

    node: NodeId
    csr: SigningRequest
    asked_at: Millis
    """The node's clock; for the hub's log, nothing is decided by it."""


class CertificateNotice(Wire, frozen=True, kw_only=True):
    """The hub's answer. Signed with purpose CERTIFICATE, since at the door it comes without a notice around it."""

    node: NodeId
    certificate: PemText
    """PEM chain of the node's client certificate."""
    authority: PemText
    """PEM of every root that broker and nodes are certified by now."""
    serial: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{1,40}\Z")]
    expires_at: Millis


def verify_door_request(raw: bytes, *, node: NodeId, find_key: KeyFinder) -> DoorRequest:
    """Return a request that this node signed.

    Raises:
        ProtocolError: not signed by the node, not a request, or of another node.
    """
    payload = verify(raw, purpose=Purpose.RENEWAL, find_key=find_key, max_bytes=MAX_DOOR_BYTES).payload
    request = from_bytes(payload, DoorRequest, max_bytes=MAX_DOOR_BYTES)
    if request.node != node:
        raise IdentityError
    return request


def verify_certificate(raw: bytes, *, node: NodeId, find_key: KeyFinder) -> CertificateNotice:
    """Return the certificate that the hub signed for this node; the certificate itself is not looked at yet.

    Raises:
        ProtocolError: not signed by the hub, not a certificate notice, or for another node.
    """
    payload = verify(raw, purpose=Purpose.CERTIFICATE, find_key=find_key, max_bytes=MAX_CERTIFICATE_BYTES).payload
    notice = from_bytes(payload, CertificateNotice, max_bytes=MAX_CERTIFICATE_BYTES)
    if notice.node != node:
        raise IdentityError
    return notice
