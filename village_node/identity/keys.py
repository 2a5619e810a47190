"""The node's own keys on disk: for TLS, for signing bundles, mail and health, for its mailbox. PEM files, owner only.

Created once, before the enrolment, and never overwritten: a lost key is a new enrolment, decided by people.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
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

TLS_KEY, SIGNING_KEY, SEALING_KEY = "tls.key", "signing.key", "sealing.key"
CERTIFICATE, AUTHORITY = "node.crt", "authority.crt"


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFiles:
    """Where a TLS client finds what it needs."""

    key: Path
    certificate: Path
    authority: Path


class NodeKeys:
    """The node's private keys."""

    def __init__(
        self, directory: Path, *, tls: Ed25519PrivateKey, signing: Ed25519PrivateKey, sealing: X25519PrivateKey
    ) -> None:
        """Take loaded keys and the folder that they lie in."""
        self._directory = directory
        self._tls = tls
        self._signing = signing
        self._sealing = sealing

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        """The key that the hub enrolled for bundles, mail and health."""
        return self._signing

    @property
    def public_signing_key(self) -> bytes:
        """Its public half."""
        return public_bytes(self._signing.public_key())

    @property
    def public_sealing_key(self) -> bytes:
        """The public half of the mailbox key."""
        return self._sealing.public_key().public_bytes_raw()

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
    made: dict[str, Callable[[], Ed25519PrivateKey | X25519PrivateKey]] = {
        TLS_KEY: lambda: Ed25519PrivateKey.from_private_bytes(randomness.token(32)),
        SIGNING_KEY: lambda: Ed25519PrivateKey.from_private_bytes(randomness.token(32)),
        SEALING_KEY: lambda: X25519PrivateKey.from_private_bytes(randomness.token(32)),
    }
    for name, make in made.items():
        if not (directory / name).exists():
            pem = make().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_durably(directory / name, [pem], mode=0o600)
    return load_keys(directory)


def load_keys(directory: Path) -> NodeKeys:
    """Return the node's keys.

    Raises:
        KeyFileError: a key file is missing or damaged.
    """
    tls, signing = _load(directory / TLS_KEY), _load(directory / SIGNING_KEY)
    sealing = _load(directory / SEALING_KEY)
    if not isinstance(tls, Ed25519PrivateKey) or not isinstance(signing, Ed25519PrivateKey):
        raise KeyFileError(f"{TLS_KEY}, {SIGNING_KEY}")
    if not isinstance(sealing, X25519PrivateKey):
        raise KeyFileError(SEALING_KEY)
    return NodeKeys(directory, tls=tls, signing=signing, sealing=sealing)


def _load(path: Path) -> object:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        raise KeyFileError(path.name) from None
    if os.name != "nt" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return key
