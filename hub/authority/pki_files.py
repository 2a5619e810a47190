"""The certificate authority and the hub's certificates on disk.

``open_pki`` makes what is missing and renews what is due (``simpul-hub run`` and ``init`` call it, one at a time);
``load_pki`` only reads. Private keys are files of mode 0600; every file appears whole or not at all (written beside,
synced, renamed), so that a power cut leaves the old one.
"""

import os
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

from hub.authority.pki import (
    BROKER_NAME,
    CertificateAuthority,
    Entropy,
    HubClient,
    Revocation,
    renewal_due_at,
)
from protocol.ids import HubId

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
REISSUE_AFTER = timedelta(days=1)
"""A revocation list older than this is made anew at start, with the same entries."""


class PkiMissingError(Exception):
    """There is no certificate authority in this directory; ``simpul-hub init`` makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Three PEM files with which a program opens a mutually authenticated connection."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PkiFiles:
    """The authority and where its files lie."""

    directory: Path
    authority: CertificateAuthority

    @property
    def ca_file(self) -> Path:
        """The authority's certificate."""
        return self.directory / "ca.crt"

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
        """Replace the revocation list; the broker must be told to read it again."""
        issued = self.authority.issue_revocation_list(revoked, now=now)
        write_atomically(self.crl_file, issued.public_bytes(Encoding.PEM), mode=0o644)

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
    try:
        files = load_pki(directory)
    except PkiMissingError:
        authority = CertificateAuthority.create(hub, now=now, entropy=entropy)
        files = PkiFiles(directory=directory, authority=authority)
        # Key first: a certificate without its key would make every later start fail.
        write_atomically(directory / "ca.key", authority.key_pem, mode=0o600)
        write_atomically(files.ca_file, authority.certificate_pem, mode=0o644)
    for client in HubClient:
        wanted = files.client(client)
        if _is_due(wanted, files.authority, now):
            key = Ed25519PrivateKey.generate()
            made = files.authority.issue_hub_client(client, key.public_key(), now=now, entropy=entropy)
            _write_credentials(wanted, key, made)
    if _is_due(files.broker, files.authority, now) or not _names(files.broker, broker_hosts):
        key = Ed25519PrivateKey.generate()
        made = files.authority.issue_broker(broker_hosts, key.public_key(), now=now, entropy=entropy)
        _write_credentials(files.broker, key, made)
    _refresh_revocation_list(files, now)
    return files


def load_pki(directory: Path) -> PkiFiles:
    """Return the authority of a directory as it is.

    Raises:
        PkiMissingError: there is none.
        CertificateRefusedError: the files are not an authority.
    """
    try:
        key_pem = (directory / "ca.key").read_bytes()
        certificate_pem = (directory / "ca.crt").read_bytes()
    except FileNotFoundError:
        raise PkiMissingError(str(directory)) from None
    return PkiFiles(directory=directory, authority=CertificateAuthority.load(key_pem, certificate_pem))


def write_atomically(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file so that it appears whole, with this mode from its first moment, and survives a power cut.

    Raises:
        OSError: no space, no right.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _write_credentials(where: Credentials, key: Ed25519PrivateKey, certificate: x509.Certificate) -> None:
    write_atomically(where.key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    write_atomically(where.cert_file, certificate.public_bytes(Encoding.PEM), mode=0o644)


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


def _refresh_revocation_list(files: PkiFiles, now: datetime) -> None:
    revoked: list[Revocation] = []
    if files.crl_file.exists():
        found = x509.load_pem_x509_crl(files.crl_file.read_bytes())
        if now - found.last_update_utc < REISSUE_AFTER:
            return
        revoked = [Revocation(serial=each.serial_number, revoked_at=each.revocation_date_utc) for each in found]
    files.write_revocation_list(revoked, now=now)
