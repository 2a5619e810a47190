"""The hub's certificates and the revocation list on disk, beside the authority's keys (``authority_files.py``).

``open_pki`` makes what is missing and renews what is due (``simpul-hub run`` and ``init`` call it, one at a time);
``load_pki`` only reads. Private keys are files of mode 0600; every file appears whole or not at all (written beside,
synced, renamed), so that a power cut leaves the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.authority.authority_files import AuthorityFiles, PkiMissingError
from hub.authority.pki import (
    BROKER_NAME,
    CertificateAuthority,
    Entropy,
    HubClient,
    Revocation,
    renewal_due_at,
)
from hub.authority.pki_check import load_lists
from hub.authority.writing import write_atomically
from protocol.ids import HubId

__all__ = [
    "Credentials",
    "PkiFiles",
    "PkiMissingError",
    "is_made_by",
    "load_pki",
    "open_pki",
    "write_atomically",
]

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
REISSUE_AFTER = timedelta(days=1)
"""A revocation list older than this is made anew at start, with the same entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Three PEM files with which a program opens a mutually authenticated connection."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PkiFiles:
    """Where everything lies. The authority is read from disk when it is asked for: a roll-over needs no restart."""

    directory: Path

    @property
    def keys(self) -> AuthorityFiles:
        """The authority's own files."""
        return AuthorityFiles(self.directory)

    @property
    def authority(self) -> CertificateAuthority:
        """The issuing key in use.

        Raises:
            PkiMissingError: there is none.
            CertificateRefusedError: the files are not an authority.
        """
        return self.keys.current()

    @property
    def ca_file(self) -> Path:
        """The roots that nodes and brokers pin."""
        return self.keys.trust_file

    @property
    def crl_file(self) -> Path:
        """The revocation list that Mosquitto reads at SIGHUP."""
        return self.directory / "crl.pem"

    @property
    def broker(self) -> Credentials:
        """The broker's server certificate."""
        return self._credentials(BROKER_NAME)

    def client(self, client: HubClient) -> Credentials:
        """Return the client certificate of one of the hub's programs."""
        return self._credentials(client.value)

    def write_revocation_list(self, revoked: Iterable[Revocation], *, now: datetime) -> None:
        """Replace the revocation lists, one of each issuing key that is still valid; the broker must read them again.

        Each names all serials: which key issued a certificate need not be known, and serials are never given twice.
        """
        listed = list(revoked)
        made = [each.issue_revocation_list(listed, now=now) for each in self.keys.issuers(now)]
        write_atomically(self.crl_file, b"".join(each.public_bytes(Encoding.PEM) for each in made), mode=0o644)

    def _credentials(self, name: str) -> Credentials:
        return Credentials(
            ca_file=self.ca_file,
            cert_file=self.directory / f"{name}.crt",
            key_file=self.directory / f"{name}.key",
        )


def open_pki(
    directory: Path,
    hub: HubId,
    *,
    now: datetime,
    entropy: Entropy,
    broker_hosts: Sequence[str] = LOOPBACK_HOSTS,
) -> PkiFiles:
    """Return the authority of a directory; make it, and what is missing or due for renewal, first.

    Raises:
        CertificateRefusedError: the files that are there are not an authority.
        OSError: the directory cannot be written.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = PkiFiles(directory=directory)
    files.keys.found(hub, now=now, entropy=entropy)
    if files.keys.is_issuer_due(now) and files.keys.root_key_file().exists():
        files.keys.renew_issuer(files.keys.root(), hub, now=now, entropy=entropy)
    authority = files.authority
    for client in HubClient:
        wanted = files.client(client)
        if _is_due(wanted, authority, now):
            key = Ed25519PrivateKey.generate()
            made = authority.issue_hub_client(client, key.public_key(), now=now, entropy=entropy)
            _write_credentials(wanted, key, authority.with_chain(made))
    if _is_due(files.broker, authority, now) or not _names(files.broker, broker_hosts):
        key = Ed25519PrivateKey.generate()
        made = authority.issue_broker(broker_hosts, key.public_key(), now=now, entropy=entropy)
        _write_credentials(files.broker, key, authority.with_chain(made))
    _refresh_revocation_list(files, now)
    return files


def load_pki(directory: Path) -> PkiFiles:
    """Return the authority of a directory as it is.

    Raises:
        PkiMissingError: there is none.
        CertificateRefusedError: the files are not an authority.
    """
    files = PkiFiles(directory=directory)
    files.keys.current()
    return files


def _write_credentials(where: Credentials, key: Ed25519PrivateKey, chain_pem: bytes) -> None:
    write_atomically(where.key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    write_atomically(where.cert_file, chain_pem, mode=0o644)


def _is_due(where: Credentials, authority: CertificateAuthority, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(where.cert_file.read_bytes())
        key = load_pem_private_key(where.key_file.read_bytes(), password=None)
        certificate.verify_directly_issued_by(authority.certificate)
    except (OSError, ValueError, TypeError, InvalidSignature, x509.InvalidVersion):
        return True
    if not isinstance(key, Ed25519PrivateKey):
        return True
    # A power cut between the two renames leaves a new key beside the old certificate: renew both.
    public = certificate.public_key()
    return not isinstance(public, Ed25519PublicKey) or key.public_key() != public or renewal_due_at(certificate) <= now


def _names(where: Credentials, hosts: Sequence[str]) -> bool:
    certificate = x509.load_pem_x509_certificate(where.cert_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in names} == set(hosts)


def is_made_by(found: x509.CertificateRevocationList, authority: CertificateAuthority) -> bool:
    """Say whether a list is the issuing key's own: after a roll-over the new key's must be there at once."""
    return found.is_signature_valid(authority.key.public_key())


def _refresh_revocation_list(files: PkiFiles, now: datetime) -> None:
    revoked: list[Revocation] = []
    if files.crl_file.exists():
        newest = load_lists(files.crl_file.read_bytes())[0]
        if now - newest.last_update_utc < REISSUE_AFTER and is_made_by(newest, files.authority):
            return
        revoked = [Revocation(serial=each.serial_number, revoked_at=each.revocation_date_utc) for each in newest]
    files.write_revocation_list(revoked, now=now)
