"""The node's mailbox key: what is personal in the hub's notices is sealed to it; no file and no row holds it in clear.

Rules:
1. The first officer's vault is made together with the mailbox key; the enrolment tells the hub the public half.
2. Each officer has a box key (X25519): private half under the vault key, public half in clear, signed by the officer's
   own key. The mailbox key is wrapped to the box key, so that a colleague need not be present to get it.
3. Whoever signs in and has the mailbox key wraps it for each colleague who lacks it and whom *the hub* has certified.
   The proof over the box key keeps out a row that somebody wrote into the database by hand.
4. Synchronisation never has the key: notices are stored as they came and opened only while an officer is signed in.
5. When nobody knows a PIN any more the key is gone: the PC is enrolled anew, and the hub seals what is still open to
   the new node's key. That is the price of rule 4; a copy kept elsewhere would be the thing that a thief looks for.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.envelope import load_public_key
from protocol.errors import ProtocolError
from protocol.ids import OfficerId
from protocol.sealing import BodyContext, open_body
from village_node.identity.certificates import read_certificate
from village_node.identity.errors import NotEnrolledError, VaultError
from village_node.identity.hub import Enrolled, find_enrolled
from village_node.identity.sessions import Unlocked
from village_node.identity.tables import MailboxKey, Officer
from village_node.identity.vault import VaultKey
from village_node.store.ports import Randomness

KEY_BYTES = 32
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """An officer's box key as it is stored."""

    public_key: bytes
    proof: bytes
    sealed_private_key: bytes


class Mailbox:
    """Opens what is sealed to this node, while an officer is signed in. Never stored."""

    def __init__(self, key: X25519PrivateKey) -> None:
        """Take the mailbox key."""
        self._key = key

    def open(self, raw: bytes, context: BodyContext) -> bytes:
        """Return what was sealed.

        Raises:
            ProtocolError: not a sealed body, damaged, or sealed for another hub, node or kind.
        """
        return open_body(raw, self._key, context)

    def __repr__(self) -> str:
        """Show nothing of the key in a traceback."""
        return "Mailbox()"


def make_box(officer: OfficerId, key: Ed25519PrivateKey, vault: VaultKey, randomness: Randomness) -> Box:
    """Make the box key of a new officer (rule 2)."""
    raw = randomness.token(KEY_BYTES)
    public = X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    return Box(
        public_key=public,
        proof=key.sign(_proof_text(officer, public)),
        sealed_private_key=vault.seal(raw, _box_place(officer)),
    )


def open_box(officer: Officer, vault: VaultKey) -> X25519PrivateKey:
    """Return the private half of an officer's box key.

    Raises:
        VaultError: damaged, or another officer's.
    """
    raw = vault.open(officer.sealed_box_key, _box_place(OfficerId(officer.officer_id)))
    return X25519PrivateKey.from_private_bytes(raw)


def make_mailbox_key(session: Session, randomness: Randomness, officer: Officer) -> None:
    """Make the mailbox key with the first officer of this PC (rule 1); later calls change nothing."""
    if session.get(MailboxKey, 1) is not None:
        return
    raw = randomness.token(KEY_BYTES)
    public = X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    session.add(MailboxKey(id=1, public_key=public))
    officer.wrapped_mailbox_key = _wrap(raw, officer, public)


def public_mailbox_key(session: Session) -> bytes:
    """Return the public half, as the enrolment tells it to the hub.

    Raises:
        NotEnrolledError: no officer has been added to this PC yet.
    """
    row = session.get(MailboxKey, 1)
    if row is None:
        raise NotEnrolledError("no officer")
    return row.public_key


def find_mailbox(session: Session, unlocked: Unlocked) -> Mailbox | None:
    """Return the mailbox for a signed-in officer; None while no colleague has wrapped its key for this officer.

    Raises:
        VaultError: what is stored does not open, or opens to another key.
    """
    key = find_mailbox_key(session, unlocked)
    return None if key is None else Mailbox(key)


def find_mailbox_key(session: Session, unlocked: Unlocked) -> X25519PrivateKey | None:
    """Return the key itself, for what else is wrapped to it; None as above.

    Raises:
        VaultError: what is stored does not open, or opens to another key.
    """
    raw = _open_wrapped(session, unlocked)
    return None if raw is None else X25519PrivateKey.from_private_bytes(raw)


def share_mailbox_key(session: Session, unlocked: Unlocked) -> int:
    """Wrap the key for each certified colleague who lacks it (rule 3); return for how many."""
    enrolled, raw = find_enrolled(session), _open_wrapped(session, unlocked)
    if enrolled is None or raw is None:
        return 0
    public = public_mailbox_key(session)
    lacking = session.scalars(
        select(Officer).where(Officer.wrapped_mailbox_key.is_(None), Officer.certificate.is_not(None))
    )
    trusted = [row for row in lacking if _is_trusted(row, enrolled)]
    for row in trusted:
        row.wrapped_mailbox_key = _wrap(raw, row, public)
    return len(trusted)


def _open_wrapped(session: Session, unlocked: Unlocked) -> bytes | None:
    row, mailbox = session.get_one(Officer, str(unlocked.officer)), session.get(MailboxKey, 1)
    if row.wrapped_mailbox_key is None or mailbox is None:
        return None
    try:
        raw = _SUITE.decrypt(
            row.wrapped_mailbox_key, unlocked.box, info=_wrap_text(unlocked.officer, mailbox.public_key)
        )
    except (InvalidTag, ValueError):
        raise VaultError("mailbox key") from None
    if X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw() != mailbox.public_key:
        raise VaultError("mailbox key of another PC")
    return raw


def _is_trusted(row: Officer, enrolled: Enrolled) -> bool:
    try:
        certified = read_certificate(row.certificate or b"", enrolled.node, enrolled.find_message_key)
        load_public_key(certified.public_key).verify(row.box_proof, _proof_text(OfficerId(row.officer_id), row.box_key))
    except (ProtocolError, InvalidSignature):
        return False
    return str(certified.officer) == row.officer_id


def _wrap(raw: bytes, officer: Officer, public: bytes) -> bytes:
    to = X25519PublicKey.from_public_bytes(officer.box_key)
    return _SUITE.encrypt(raw, to, info=_wrap_text(OfficerId(officer.officer_id), public))


def _proof_text(officer: OfficerId, public: bytes) -> bytes:
    return b"simpul-node/v1/box\0" + officer.encode() + b"\0" + public


def _wrap_text(officer: OfficerId, public: bytes) -> bytes:
    return b"simpul-node/v1/mailbox\0" + officer.encode() + b"\0" + public


def _box_place(officer: OfficerId) -> str:
    return f"officer.sealed_box_key:{officer}"
