"""The hub's certificate authority: who may open a connection to the broker, and under which name.

Rules:
1. The authority's key is P-256, leaf keys of nodes are Ed25519: ``cryptography``'s own path verifier refuses an Ed25519
   authority (pyca/cryptography #13391), and a P-256 key can move into an HSM later.
2. The hub decides the name. A request contributes its public key and the proof that the sender holds the private one
   (RFC 2986 §4.2; ``pki_check.check_request``); its subject and extensions are not even read.
3. Certificates name the node twice: common name = NodeId (brokers take this as the user name) and the URI
   ``urn:simpul:node:<id>`` (what a verifier matches, RFC 6125).
4. Serials are 20 random octets with the top bit clear (RFC 5280 §4.1.2.2), from the randomness that is handed in.
5. A revocation list is valid for 7 days and made anew every day: a broker refuses *every* node once it is stale
   (measured with Mosquitto 2.0.11), so its age is an alarm of its own.

Nothing here reads a clock, a file or the system's randomness, except that the libraries draw fresh private keys.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.authority.pki_check import CertificateRefusal, CertificateRefusedError, ProvenKey, node_urn
from protocol.errors import SchemaError
from protocol.ids import HubId, NodeId

NODE_LIFE = timedelta(days=90)
"""Short enough that a forgotten node falls out by itself; renewal begins after two thirds."""

HUB_LIFE = timedelta(days=365)
"""Certificates of the hub's own programs, which renew at start when a third is left."""

AUTHORITY_LIFE = timedelta(days=3653)
"""Ten years: changing it means a visit to every village."""

REVOCATION_LIST_LIFE = timedelta(days=7)
"""See rule 5."""

CLOCK_SKEW = timedelta(hours=1)
"""Certificates begin this much earlier: a village PC's clock may run slow."""

SERIAL_BYTES = 20

Entropy = Callable[[int], bytes]
"""Returns that many random bytes."""


class HubClient(StrEnum):
    """The hub's own programs, as the broker knows them."""

    INTAKE = "hub-intake"
    WORKER = "hub-worker"


BROKER_NAME = "hub-broker"
HUB_URN = "urn:simpul:hub:"


@dataclass(frozen=True, slots=True)
class Revocation:
    """One certificate that no longer counts."""

    serial: int
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """The key that certifies nodes, brokers and the hub's programs, with its own certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, hub: HubId, *, now: datetime, entropy: Entropy) -> Self:
        """Make a new authority for one hub, valid from ``now``."""
        key = generate_private_key(SECP256R1())
        name = _name(f"Simpul {hub} CA")
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(_serial(entropy))
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(_urns(f"{HUB_URN}{hub}"), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        return cls(key=key, certificate=builder.sign(key, SHA256()))

    @classmethod
    def load(cls, key_pem: bytes, certificate_pem: bytes) -> Self:
        """Read an authority from its two PEM texts.

        Raises:
            CertificateRefusedError: not a P-256 key and a certificate that belong together.
        """
        try:
            key = load_pem_private_key(key_pem, password=None)
            certificate = x509.load_pem_x509_certificate(certificate_pem)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise CertificateRefusedError(CertificateRefusal.MALFORMED) from None
        if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise CertificateRefusedError(CertificateRefusal.MALFORMED)
        return cls(key=key, certificate=certificate)

    @property
    def hub(self) -> HubId:
        """The hub whose authority this is.

        Raises:
            CertificateRefusedError: the certificate names none.
        """
        try:
            names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            return HubId(names.get_values_for_type(x509.UniformResourceIdentifier)[0].removeprefix(HUB_URN))
        except (x509.ExtensionNotFound, IndexError, SchemaError):
            raise CertificateRefusedError(CertificateRefusal.NAME) from None

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that nodes and brokers pin."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key, unencrypted: only for a file that nobody else can read."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issue_node(self, node: NodeId, proven: ProvenKey, *, now: datetime, entropy: Entropy) -> x509.Certificate:
        """Return a client certificate for a village node: 90 days, the name that the hub decided."""
        builder = self._leaf(str(node), proven.public_key, now=now, life=NODE_LIFE, entropy=entropy)
        return self._client(builder, node_urn(node))

    def issue_hub_client(
        self, client: HubClient, public_key: Ed25519PublicKey, *, now: datetime, entropy: Entropy
    ) -> x509.Certificate:
        """Return a client certificate for one of the hub's own programs."""
        builder = self._leaf(client.value, public_key, now=now, life=HUB_LIFE, entropy=entropy)
        return self._client(builder, f"{HUB_URN}{client.value}")

    def issue_broker(
        self, hosts: Iterable[str], public_key: CertificatePublicKeyTypes, *, now: datetime, entropy: Entropy
    ) -> x509.Certificate:
        """Return the broker's server certificate for its host names and addresses."""
        builder = self._leaf(BROKER_NAME, public_key, now=now, life=HUB_LIFE, entropy=entropy)
        names = x509.SubjectAlternativeName([_host(each) for each in hosts])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return (
            builder.add_extension(names, critical=False).add_extension(usage, critical=False).sign(self.key, SHA256())
        )

    def issue_revocation_list(self, revoked: Iterable[Revocation], *, now: datetime) -> x509.CertificateRevocationList:
        """Return the signed list of revoked certificates.

        Its number is the Unix second of the issue, which grows from list to list without a counter to keep
        (RFC 5280 §5.2.3).
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - CLOCK_SKEW)
            .next_update(now + REVOCATION_LIST_LIFE)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        dates: Mapping[int, datetime] = {each.serial: each.revoked_at for each in revoked}
        for serial, revoked_at in sorted(dates.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, SHA256())

    def _leaf(
        self, name: str, public_key: CertificatePublicKeyTypes, *, now: datetime, life: timedelta, entropy: Entropy
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(_serial(entropy))
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def _client(self, builder: x509.CertificateBuilder, urn: str) -> x509.Certificate:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return (
            builder.add_extension(_urns(urn), critical=False)
            .add_extension(usage, critical=False)
            .sign(self.key, SHA256())
        )


def renewal_due_at(certificate: x509.Certificate) -> datetime:
    """Return the moment at which two thirds of the certificate's life are over."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin + (end - begin) * 2 / 3


def _serial(entropy: Entropy) -> int:
    return max(1, int.from_bytes(entropy(SERIAL_BYTES)) >> 1)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _urns(urn: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(urn)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
