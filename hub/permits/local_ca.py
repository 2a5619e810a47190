"""The default signature provider: the regency's own authority for documents, P-256, made once at ``simpul-hub init``.

Rules:
1. Each signature has a fresh key and a certificate of its own that names the person, the capacity and the office; the
   key is forgotten with the signature. Nothing is left that could sign a second document in somebody's name.
2. P-256: pdfsig refuses Ed25519, and RSA-3072 costs 200 ms a signature because the library loads the key anew each time
   (measured, docs/adr). Key usage is digital signature and content commitment, else readers call it unfit for signing.
3. The signature certifies the document (DocMDP, no changes): whatever is added afterwards breaks it.
4. This is an uncertified signature (PP 71/2019 article 60): it proves origin and integrity to whoever trusts the
   regency's authority. Civil servants' certified signatures come from BSrE (``bsre.py``).
"""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pyhanko.keys.pemder import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hub.permits.signing import SIGNATURE_FIELD, Passphrase, ProviderRefusedError, Signer
from hub.storage.errors import StorageError
from hub.storage.files import PUBLIC, read_private, write_durably

KEY_FILE, CERTIFICATE_FILE = "document-ca.key", "document-ca.crt"
AUTHORITY_LIFE = timedelta(days=20 * 365)
"""A permit without end is checked for decades."""

SIGNATURE_LIFE = timedelta(days=10 * 365)
SKEW = timedelta(hours=1)
SERIAL_BYTES = 20
SIGNATURE_BYTES = 4_096
"""Room for the CMS object: two P-256 certificates and one signature take 2 KB."""

MAX_NAME = 64
"""Bound of a common name (RFC 5280 appendix A.1)."""

Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class DocumentAuthority:
    """The key that certifies signatures of documents, with its own certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, hub: str, *, now: datetime, entropy: Entropy) -> Self:
        """Make a new authority, valid from ``now``."""
        key = generate_private_key(SECP256R1())
        name = _name(f"Simpul {hub} Dokumen", "", "")
        builder = (
            _builder(name, name, key, now, AUTHORITY_LIFE, entropy)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return cls(key, builder.sign(key, SHA256()))

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Read the authority of a hub.

        Raises:
            StorageError: missing, open to others, or key and certificate that do not belong together.
        """
        try:
            key = load_pem_private_key(read_private(directory / KEY_FILE), password=None)
            certificate = x509.load_pem_x509_certificate((directory / CERTIFICATE_FILE).read_bytes())
        except OSError as error:
            raise StorageError(f"{CERTIFICATE_FILE}: {error.strerror}") from error
        except (ValueError, TypeError):
            raise StorageError(f"{KEY_FILE}: not a PEM key with its certificate") from None
        if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise StorageError(f"{KEY_FILE}: does not belong to {CERTIFICATE_FILE}")
        return cls(key, certificate)

    def issue(
        self, signer: Signer, *, now: datetime, entropy: Entropy
    ) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
        """Return a fresh key and its certificate for one signature (rule 1)."""
        key = generate_private_key(SECP256R1())
        name = _name(signer.name, signer.capacity, signer.office)
        builder = (
            _builder(name, self.certificate.subject, key, now, SIGNATURE_LIFE, entropy)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        return key, builder.sign(self.key, SHA256())


def make_authority(directory: Path, hub: str, *, now: datetime, entropy: Entropy) -> None:
    """Make the authority of a fresh hub; one that is there already is left alone.

    The certificate is written first: a key without its certificate would look like a finished authority.

    Raises:
        StorageError: the disk is full, read-only or broken.
    """
    if (directory / KEY_FILE).exists():
        return
    made = DocumentAuthority.create(hub, now=now, entropy=entropy)
    write_durably(directory / CERTIFICATE_FILE, made.certificate.public_bytes(Encoding.PEM), mode=PUBLIC)
    pem = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_durably(directory / KEY_FILE, pem)


@dataclass(frozen=True, kw_only=True)
class LocalCaProvider:
    """Signs with the regency's own authority."""

    authority: DocumentAuthority
    entropy: Entropy

    @property
    def asks_passphrase(self) -> bool:
        """The person has signed in; nothing more is asked."""
        return False

    def sign_pdf(self, pdf: bytes, signer: Signer, passphrase: Passphrase, now: datetime) -> bytes:  # noqa: ARG002  # interface
        """Return the signed file.

        Raises:
            ProviderRefusedError: the file cannot be signed.
        """
        key, certificate = self.authority.issue(signer, now=now, entropy=self.entropy)
        try:
            steps = _sign(pdf, _cms_signer(key, certificate, self.authority.certificate), signer, now)
            with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may stand in an event loop of its own
                return thread.submit(asyncio.run, steps).result()
        except (PdfError, SigningError) as error:
            raise ProviderRefusedError(type(error).__name__) from None


async def _sign(pdf: bytes, cms_signer: SimpleSigner, signer: Signer, now: datetime) -> bytes:
    """Sign in the steps that let the time be handed in; ``PdfSigner.sign_pdf`` would read the machine's clock."""
    meta = PdfSignatureMetadata(
        field_name=SIGNATURE_FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=signer.name,
        reason=signer.capacity,
        location=signer.office,
    )
    session = PdfSigner(meta, cms_signer).init_signing_session(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    session.system_time = now
    document = session.prepare_tbs_document(
        validation_info=None, bytes_reserved=SIGNATURE_BYTES * 2, appearance_text_params=None
    )
    prepared, output = document.digest_tbs_document(in_place=False)
    after = await document.perform_signature(
        document_digest=prepared.document_digest,
        pdf_cms_signed_attrs=PdfCMSSignedAttributes(signing_time=now),
    )
    await after.post_signature_processing(output)
    output.seek(0)
    return bytes(output.read())


def _cms_signer(
    key: EllipticCurvePrivateKey, certificate: x509.Certificate, authority: x509.Certificate
) -> SimpleSigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko's own class has no annotation
    own, above = (
        next(load_certs_from_pemder_data(each.public_bytes(Encoding.DER))) for each in (certificate, authority)
    )
    store.register(above)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signing_key = load_private_key_from_pemder_data(der, passphrase=None)
    return SimpleSigner(signing_cert=own, signing_key=signing_key, cert_registry=store)


def _builder(  # what both kinds of certificates have in common
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
    entropy: Entropy,
) -> x509.CertificateBuilder:
    serial = int.from_bytes(entropy(SERIAL_BYTES), "big") >> 1
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(max(serial, 1))
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
    )


def _name(common: str, title: str, organisation: str) -> x509.Name:
    parts = ((NameOID.COMMON_NAME, common), (NameOID.TITLE, title), (NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name([x509.NameAttribute(oid, text[:MAX_NAME]) for oid, text in parts if text])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
