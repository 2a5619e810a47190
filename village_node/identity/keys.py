"""The node's own keys on disk: for TLS, for signing bundles, mail and health. PEM files, owner only.

Created once, before the enrolment, and never overwritten: a lost key is a new enrolment, decided by people. They speak
for the place and open nothing that was written to it: the mailbox key is the officers' (``mailbox.py``).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from protocol.envelope import Purpose, public_bytes, sign
from village_node.identity.errors import KeyFileError
from village_node.store.files import write_durably
from village_node.store.ports import Randomness

TLS_KEY, SIGNING_KEY = "tls.key", "signing.key"
CERTIFICATE, AUTHORITY = "node.crt", "authority.crt"


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """Where a TLS client finds what it needs."""

    key: Path
    certificate: Path
    authority: Path


class NodeKeys:
    """The node's private keys."""

    def __init__(self, directory: Path, *, tls: Ed25519PrivateKey, signing: Ed25519PrivateKey) -> None:
        """Take loaded keys and the folder that they lie in."""
        self._directory = directory
        self._tls = tls
        self._signing = signing

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """The key that the hub enrolled for bundles, mail and health."""
        return self._signing

    @property
    def public_signing_key(self) -> bytes:
        """Its public half."""
        return public_bytes(self._signing.public_key())

    @property
    def public_tls_key(self) -> bytes:
        """The public half of the TLS key, as the certificate must have it."""
        return public_bytes(self._tls.public_key())

    @property
    def tls_files(self) -> TlsFiles:
        """The files for a TLS client; the certificates are there after the enrolment."""
        folder = self._directory
        return TlsFiles(key=folder / TLS_KEY, certificate=folder / CERTIFICATE, authority=folder / AUTHORITY)

    def sign(self, payload: bytes, purpose: Purpose) -> bytes:
        """Return an envelope signed by this node."""
        return sign(payload, key=self._signing, purpose=purpose)

    def signing_request(self) -> bytes:
        """Return a PKCS#10 request in DER for the TLS key. The hub decides the name."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simpul-node")])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._tls, None)
        return request.public_bytes(Encoding.DER)

    def write_certificates(self, certificate: str, authority: str) -> None:
        """Write what the TLS library wants to read from files; the database keeps the originals."""
        for name, text in ((CERTIFICATE, certificate), (AUTHORITY, authority)):
            path = self._directory / name
            if not path.exists() or path.read_bytes() != text.encode():
                write_durably(path, [text.encode()])

    def __repr__(self) -> str:
        """Show nothing of the keys in a traceback."""
        return "NodeKeys()"


def create_or_load_keys(directory: Path, randomness: Randomness) -> NodeKeys:
    """Return the node's keys; make those that are not there yet, durably.

    Raises:
        KeyFileError: a key file is damaged.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (TLS_KEY, SIGNING_KEY):
        if not (directory / name).exists():
            made = Ed25519PrivateKey.from_private_bytes(randomness.token(32))
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_durably(directory / name, [pem], mode=0o600)
    return load_keys(directory)


def load_keys(directory: Path) -> NodeKeys:
    """Return the node's keys.

    Raises:
        KeyFileError: a key file is missing or damaged.
    """
    tls, signing = _load(directory / TLS_KEY), _load(directory / SIGNING_KEY)
    if not isinstance(tls, Ed25519PrivateKey) or not isinstance(signing, Ed25519PrivateKey):
        raise KeyFileError(f"{TLS_KEY}, {SIGNING_KEY}")
    return NodeKeys(directory, tls=tls, signing=signing)


def _load(path: Path) -> object:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise KeyFileError(path.name) from None
    if os.name != "nt" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return key
