"""Roots and issuing keys on disk, numbered; the newest of each is in use. Everything secret lies in ``private/``.

1. A number counts once key and certificate are both there: the key is written first, so that a power cut leaves at
   most a key that is overwritten later. A root counts by its certificate: its key may have been taken away.
2. ``ca.crt`` beside the folder holds the roots that nodes and brokers pin, newest first.
3. Older issuing keys stay until they expire: their leaves are still valid, and their revocation list must be made.
"""

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.authority.pki import CertificateAuthority, Entropy, renewal_due_at
from hub.authority.pki_check import CertificateRefusedError, load_certificates
from hub.authority.root import Root
from hub.authority.writing import write_atomically
from protocol.ids import HubId

_PEM = Encoding.PEM
_ISSUER = re.compile(r"issuer-([1-9][0-9]*)\.crt")
_ROOT = re.compile(r"root-([1-9][0-9]*)\.crt")


class PkiMissingError(Exception):
    """There is no certificate authority in this directory; ``simpul-hub init`` makes one."""


class RootAwayError(Exception):
    """The root's key is needed and is not here: it was taken away, as it should be."""


class RollOverOpenError(Exception):
    """Two roots are pinned: the nodes are still being told the newer one."""


class RootWrongError(Exception):
    """The key that was handed in is not the root's."""


@dataclass(frozen=True, slots=True)
class AuthorityFiles:
    """The authority of one directory."""

    directory: Path

    @property
    def trust_file(self) -> Path:
        """The roots that nodes and brokers pin."""
        return self.directory / "ca.crt"

    @property
    def private(self) -> Path:
        """The folder of the authority's keys, which no other program may read."""
        return self.directory / "private"

    def current(self) -> CertificateAuthority:
        """Return the issuing key in use.

        Raises:
            PkiMissingError: there is none.
            CertificateRefusedError: the files are not an authority.
        """
        numbers = self._numbers(_ISSUER)
        if not numbers:
            raise PkiMissingError(str(self.directory))
        return self._issuer(numbers[-1])

    def issuers(self, now: datetime) -> list[CertificateAuthority]:
        """Return the issuing keys that are still valid, the one in use first."""
        found = [self._issuer(number) for number in reversed(self._numbers(_ISSUER))]
        return [each for each in found if each.certificate.not_valid_after_utc > now]

    def root_certificate(self) -> x509.Certificate:
        """Return the certificate of the newest root.

        Raises:
            PkiMissingError: there is none.
        """
        numbers = self._numbers(_ROOT)
        if not numbers:
            raise PkiMissingError(str(self.directory))
        return load_certificates((self.private / f"root-{numbers[-1]}.crt").read_bytes())[0]

    def root(self, key_file: Path | None = None) -> Root:
        """Return the newest root, with its key from here or from a file that was brought.

        Raises:
            RootAwayError: no file was named and the key is not here.
            RootWrongError: the named file holds another key.
        """
        certificate = self.root_certificate()
        return _open_root(certificate, key_file or self.root_key_file())

    def root_key_file(self) -> Path:
        """Return where the newest root's key lies, or lay."""
        return self.private / f"root-{self._numbers(_ROOT)[-1]}.key"

    def found(self, hub: HubId, *, now: datetime, entropy: Entropy) -> None:
        """Make the first root and issuing key, or what a power cut left undone of them."""
        self.private.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._numbers(_ROOT):
            self._save_root(Root.create(hub, now=now, entropy=entropy))
        if not self.trust_file.exists():
            self._pin((self.root_certificate(),))
        if not self._numbers(_ISSUER):
            self.renew_issuer(self.root(), hub, now=now, entropy=entropy)

    def is_issuer_due(self, now: datetime) -> bool:
        """Say whether two thirds of the issuing key's life are over."""
        return renewal_due_at(self.current().certificate) <= now

    def renew_issuer(self, root: Root, hub: HubId, *, now: datetime, entropy: Entropy) -> CertificateAuthority:
        """Make a new issuing key under a root; what the older ones issued stays valid."""
        above = self.current().above if self._numbers(_ISSUER) and self._stands_on_newest_root() else ()
        made = root.issue_issuer(hub, self._pinned(), now=now, entropy=entropy)
        self._save_issuer(made.key_pem, made.chain_pem + b"".join(each.public_bytes(_PEM) for each in above))
        return self.current()

    def roll_over(self, old: Root, hub: HubId, *, now: datetime, entropy: Entropy) -> CertificateAuthority:
        """Make a new root that the old one certifies, pin both, and issue under the new one from now on.

        The root is kept last: after a power cut the old root is still the newest, and the next try certifies anew.

        Raises:
            RollOverOpenError: an older roll-over is not finished: who pins the oldest root would be left behind.
        """
        if len(self._pinned()) > 1:
            raise RollOverOpenError(str(self.trust_file))
        new = Root.create(hub, now=now, entropy=entropy)
        bridge = old.certify(new.certificate, now=now, entropy=entropy)
        trust = (new.certificate, *self._pinned())
        made = new.issue_issuer(hub, trust, now=now, entropy=entropy)
        self._pin(trust)
        self._save_issuer(made.key_pem, made.chain_pem + bridge.public_bytes(_PEM))
        self._save_root(new)
        return self.current()

    def retire_old_roots(self) -> int:
        """Pin the newest root alone; return how many older ones were dropped."""
        pinned = self._pinned()
        self._pin((self.root_certificate(),))
        return len(pinned) - 1

    def take_root_away(self, target: Path) -> Path:
        """Move the root's key to another place, such as a stick; return the file. It is gone here once it is there.

        Raises:
            RootAwayError: it is not here.
            OSError: the place cannot be written, or has such a file already.
        """
        root, here = self.root(), self.root_key_file()
        there = target / here.name
        if there.exists():
            raise FileExistsError(str(there))
        write_atomically(there, root.key_pem, mode=0o600)
        _open_root(root.certificate, there)
        here.unlink()
        return there

    def _stands_on_newest_root(self) -> bool:
        return self.current().certificate.issuer == self.root_certificate().subject

    def _numbers(self, pattern: re.Pattern[str]) -> list[int]:
        try:
            names = os.listdir(self.private)  # noqa: PTH208  # the names alone
        except FileNotFoundError:
            return []
        found = [pattern.fullmatch(name) for name in names]
        return sorted(int(each[1]) for each in found if each is not None)

    def _issuer(self, number: int) -> CertificateAuthority:
        place = self.private / f"issuer-{number}"
        try:
            return CertificateAuthority.load(
                place.with_suffix(".key").read_bytes(),
                place.with_suffix(".crt").read_bytes(),
                self.trust_file.read_bytes(),
            )
        except FileNotFoundError:
            raise PkiMissingError(str(self.directory)) from None

    def _pinned(self) -> tuple[x509.Certificate, ...]:
        return load_certificates(self.trust_file.read_bytes())

    def _pin(self, trust: tuple[x509.Certificate, ...]) -> None:
        write_atomically(self.trust_file, b"".join(each.public_bytes(_PEM) for each in trust), mode=0o644)

    def _save_root(self, root: Root) -> None:
        place = self.private / f"root-{max(self._numbers(_ROOT), default=0) + 1}"
        write_atomically(place.with_suffix(".key"), root.key_pem, mode=0o600)
        write_atomically(place.with_suffix(".crt"), root.certificate_pem, mode=0o644)

    def _save_issuer(self, key_pem: bytes, chain_pem: bytes) -> None:
        place = self.private / f"issuer-{max(self._numbers(_ISSUER), default=0) + 1}"
        write_atomically(place.with_suffix(".key"), key_pem, mode=0o600)
        write_atomically(place.with_suffix(".crt"), chain_pem, mode=0o644)


def _open_root(certificate: x509.Certificate, key_file: Path) -> Root:
    try:
        key_pem = key_file.read_bytes()
    except FileNotFoundError:
        raise RootAwayError(str(key_file)) from None
    try:
        return Root.load(key_pem, certificate.public_bytes(_PEM))
    except CertificateRefusedError:
        raise RootWrongError(str(key_file)) from None
