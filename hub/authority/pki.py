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
6. A root certifies an issuing key, that one everything else. Nodes and brokers pin roots alone. At a roll-over the new
   root is also certified by the old one, and that certificate travels with every chain: who pins the old root, the new
   one or both believes old and new leaves alike, for as long as the old root is valid.
7. No leaf outlives the key that issued it.

Nothing here reads a clock, a file or the system's randomness, except that the libraries draw fresh private keys.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
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

from hub.authority.pki_check import CertificateRefusal, CertificateRefusedError, ProvenKey, load_certificates, node_urn
from protocol.errors import SchemaError
from protocol.ids import HubId, NodeId

NODE_LIFE = timedelta(days=90)
"""Short enough that a forgotten node falls out by itself; renewal begins after two thirds."""

HUB_LIFE = timedelta(days=365)
"""Certificates of the hub's own programs, which renew at start when a third is left."""

ROOT_LIFE = timedelta(days=3653)
"""Ten years: its successor is told over the link (rule 6), which takes every village some weeks."""

ISSUER_LIFE = timedelta(days=1096)
"""Three years; a new one is made after two, which the nodes do not notice."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """The issuing key, which certifies nodes, brokers and the hub's programs; its root may lie in a safe."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()
    """What stands between it and an older root: the newer root, certified by the older one (``root.Root.certify``)."""
    trust: tuple[x509.Certificate, ...]
    """The roots that nodes and brokers pin: one, or the new and the old one during a roll-over."""

    @classmethod
    def load(cls, key_pem: bytes, chain_pem: bytes, trust_pem: bytes) -> Self:
        """Read an issuing authority from its PEM texts.

        Raises:
            CertificateRefusedError: not a P-256 key and a certificate that belong together, or no root.
        """
        key, chain, trust = load_ca_key(key_pem), load_certificates(chain_pem), load_certificates(trust_pem)
        if key.public_key() != chain[0].public_key():
            raise CertificateRefusedError(CertificateRefusal.MALFORMED)
        return cls(key=key, certificate=chain[0], above=chain[1:], trust=trust)

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
    def trust_pem(self) -> bytes:
        """What nodes and brokers pin."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.trust)

    @property
    def trust_digest(self) -> bytes:
        """SHA-256 of what nodes pin: says whether a node was told today's roots."""
        return hashlib.sha256(self.trust_pem).digest()

    @property
    def chain_pem(self) -> bytes:
        """The issuing certificate and what leads from it to an older root."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.above))

    @property
    def key_pem(self) -> bytes:
        """The private key, unencrypted: only for a file that nobody else can read."""
        return private_pem(self.key)

    def with_chain(self, leaf: x509.Certificate) -> bytes:
        """Return a leaf and what its holder must show beside it, in PEM."""
        return leaf.public_bytes(Encoding.PEM) + self.chain_pem

    def issue_node(
        self, node: NodeId, proven: ProvenKey, *, now: datetime, entropy: Entropy, life: timedelta = NODE_LIFE
    ) -> x509.Certificate:
        """Return a client certificate for a village node: 90 days, the name that the hub decided."""
        builder = self._leaf(str(node), proven.public_key, now=now, life=life, entropy=entropy)
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
            .subject_name(name_of(name))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(fresh_serial(entropy))
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(min(now + life, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def _client(self, builder: x509.CertificateBuilder, urn: str) -> x509.Certificate:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return (
            builder.add_extension(urns(urn), critical=False)
            .add_extension(usage, critical=False)
            .sign(self.key, SHA256())
        )


def renewal_due_at(certificate: x509.Certificate) -> datetime:
    """Return the moment at which two thirds of the certificate's life are over."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin + (end - begin) * 2 / 3


def load_ca_key(raw: bytes) -> EllipticCurvePrivateKey:
    """Read the private key of an authority.

    Raises:
        CertificateRefusedError: not a P-256 key in PEM.
    """
    try:
        key = load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificateRefusedError(CertificateRefusal.MALFORMED) from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise CertificateRefusedError(CertificateRefusal.MALFORMED)
    return key


def private_pem(key: EllipticCurvePrivateKey) -> bytes:
    """Return a private key in PEM, unencrypted: only for a file that nobody else can read."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def fresh_serial(entropy: Entropy) -> int:
    """Return a serial number (rule 4)."""
    return max(1, int.from_bytes(entropy(SERIAL_BYTES)) >> 1)


def name_of(common_name: str) -> x509.Name:
    """Return a subject with this common name and nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def urns(urn: str) -> x509.SubjectAlternativeName:
    """Return the alternative name that says the same as a URI."""
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(urn)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what a key may do: sign certificates and lists, or prove its holder in TLS."""
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
