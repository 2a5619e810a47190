"""Computes the golden vectors of renewal; the certificates are mere words, since the wire does not judge them."""

from protocol import renewal
from protocol.envelope import Purpose, sign
from protocol.vectors import samples as s
from protocol.wire import to_bytes

Json = dict[str, object]

DOOR = renewal.DoorRequest(node=s.NODE, csr=b"a signing request", asked_at=s.TIME_MS)
CERTIFICATE = renewal.CertificateNotice(
    node=s.NODE,
    certificate="-----BEGIN CERTIFICATE-----\n",
    authority="-----BEGIN CERTIFICATE-----\n",
    serial="1f",
    expires_at=s.TIME_MS + 7_776_000_000,
)


def renewals(_: Json) -> Json:
    """Return a request at the door and the hub's answer."""
    return {
        "door": sign(to_bytes(DOOR), key=s.NODE_KEY, purpose=Purpose.RENEWAL).hex(),
        "certificate": sign(to_bytes(CERTIFICATE), key=s.MESSAGE_KEY, purpose=Purpose.CERTIFICATE).hex(),
    }
