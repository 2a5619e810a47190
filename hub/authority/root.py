"""The root of trust: its key signs an issuing key every few years, and its own successor. It may lie in a safe.

A root is needed for three things only: the first issuing key, the next one (after two of three years), and a roll-over
to a new root. Pure: values in, values out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from hub.authority.pki import (
    CLOCK_SKEW,
    HUB_URN,
    ISSUER_LIFE,
    ROOT_LIFE,
    CertificateAuthority,
    Entropy,
    fresh_serial,
    key_usage,
    load_ca_key,
    name_of,
    private_pem,
    urns,
)
from hub.authority.pki_check import CertificateRefusal, CertificateRefusedError, load_certificates
from protocol.ids import HubId

ROOT_DEPTH = 2
"""Keys below an old root that sign certificates: its successor, and the issuing key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root key with its self-signed certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, hub: HubId, *, now: datetime, entropy: Entropy) -> Self:
        """Make a new root for one hub, valid from ``now``."""
        key = generate_private_key(SECP256R1())
        name = name_of(f"Simpul {hub} Root {_mark(key.public_key())}")
        builder = _authority(name, name, key.public_key(), urn=f"{HUB_URN}{hub}", depth=ROOT_DEPTH, by=key)
        return cls(key=key, certificate=_sign(builder, key, now, now + ROOT_LIFE, entropy))

    @classmethod
    def load(cls, key_pem: bytes, certificate_pem: bytes) -> Self:
        """Read a root from its two PEM texts.

        Raises:
            CertificateRefusedError: not a P-256 key and a certificate that belong together.
        """
        key, certificate = load_ca_key(key_pem), load_certificates(certificate_pem)[0]
        if key.public_key() != certificate.public_key():
            raise CertificateRefusedError(CertificateRefusal.MALFORMED)
        return cls(key=key, certificate=certificate)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that nodes and brokers pin."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, unencrypted: only for a file that nobody else can read."""
        return private_pem(self.key)

    def issue_issuer(
        self, hub: HubId, trust: tuple[x509.Certificate, ...], *, now: datetime, entropy: Entropy
    ) -> CertificateAuthority:
        """Return a new issuing key under this root, for three years at most."""
        key = generate_private_key(SECP256R1())
        name = name_of(f"Simpul {hub} CA {_mark(key.public_key())}")
        builder = _authority(
            name, self.certificate.subject, key.public_key(), urn=f"{HUB_URN}{hub}", depth=0, by=self.key
        )
        certificate = _sign(builder, self.key, now, self._end(now, ISSUER_LIFE), entropy)
        return CertificateAuthority(key=key, certificate=certificate, trust=trust)

    def certify(self, successor: x509.Certificate, *, now: datetime, entropy: Entropy) -> x509.Certificate:
        """Return the successor's key under its name, certified by this root: who pins this one believes that one."""
        public_key = successor.public_key()
        if not isinstance(public_key, EllipticCurvePublicKey):
            raise CertificateRefusedError(CertificateRefusal.MALFORMED)
        names = successor.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        urn = names.get_values_for_type(x509.UniformResourceIdentifier)[0]
        builder = _authority(
            successor.subject, self.certificate.subject, public_key, urn=urn, depth=ROOT_DEPTH - 1, by=self.key
        )
        return _sign(builder, self.key, now, self._end(now, ROOT_LIFE), entropy)

    def _end(self, now: datetime, life: timedelta) -> datetime:
        return min(now + life, self.certificate.not_valid_after_utc)


def found_authority(hub: HubId, *, now: datetime, entropy: Entropy) -> CertificateAuthority:
    """Return an issuing key under a root that is forgotten at once: for tests and for what lives a day."""
    root = Root.create(hub, now=now, entropy=entropy)
    return root.issue_issuer(hub, (root.certificate,), now=now, entropy=entropy)


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: EllipticCurvePublicKey,
    *,
    urn: str,
    depth: int,
    by: EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(urns(urn), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )


def _sign(
    builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey, now: datetime, until: datetime, entropy: Entropy
) -> x509.Certificate:
    return (
        builder.serial_number(fresh_serial(entropy))
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(until)
        .sign(key, SHA256())
    )


def _mark(public_key: EllipticCurvePublicKey) -> str:
    """Return some letters of a key: two authorities of one hub must not have one name, or chains are built wrongly."""
    return x509.SubjectKeyIdentifier.from_public_key(public_key).digest.hex()[:8]
