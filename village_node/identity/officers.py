"""Officers on this PC: created with a PIN, unlocked by it, certified by the hub.

Wrong PINs: from the fifth on each costs a wait that doubles, 30 s to 1 h. The try is written down before it is judged,
so that killing the program in between gains nothing; the counter is reset by the right PIN alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.envelope import KeyFinder, Purpose, public_bytes
from protocol.errors import IdentityError
from protocol.ids import NodeId, OfficerId, crockford
from protocol.limits import MAX_MAIL_BYTES
from protocol.mailbox import OfficerCertificate, OfficerRequest, verify_from_hub
from protocol.wire import from_bytes
from village_node.identity.errors import OfficerUnknownHereError, PinLockedError, PinWrongError, VaultError
from village_node.identity.sessions import Unlocked
from village_node.identity.tables import Officer
from village_node.identity.vault import (
    KEY_BYTES,
    SALT_BYTES,
    KdfParameters,
    VaultKey,
    check_pin,
    wrapping_key,
)
from village_node.store.engine import Database
from village_node.store.ports import Clock, Randomness

FREE_TRIES = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 3_600


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficerRow:
    """An officer as the sign-in page lists them."""

    officer: OfficerId
    name: str
    certified: bool
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CertifiedOfficer:
    """A verified officer certificate, with the envelope that it came in."""

    officer: OfficerId
    public_key: bytes
    raw: bytes


def create_officer(
    session: Session,
    clock: Clock,
    randomness: Randomness,
    *,
    name: str,
    pin: str,
    kdf: KdfParameters | None = None,
) -> OfficerId:
    """Make an officer: identity key and vault, wrapped by the PIN. The hub has to certify the key before it signs.

    Raises:
        PinFormError: the PIN is no PIN.
    """
    check_pin(pin)
    parameters = kdf or KdfParameters()
    officer = OfficerId("o-" + crockford(randomness.token(10)))
    salt, vault_raw, key_raw = (randomness.token(size) for size in (SALT_BYTES, KEY_BYTES, KEY_BYTES))
    vault = VaultKey(vault_raw, randomness)
    session.add(
        Officer(
            officer_id=str(officer),
            name=" ".join(name.split()),
            public_key=public_bytes(Ed25519PrivateKey.from_private_bytes(key_raw).public_key()),
            kdf=parameters.text,
            kdf_salt=salt,
            wrapped_vault_key=wrapping_key(pin, salt, parameters, randomness).seal(vault_raw, _wrap_place(officer)),
            sealed_private_key=vault.seal(key_raw, _key_place(officer)),
            created_at=clock.now(),
        )
    )
    session.flush()
    return officer


def unlock(database: Database, clock: Clock, randomness: Randomness, officer: OfficerId, pin: str) -> Unlocked:
    """Return the officer's opened vault. Two short transactions: the try is counted before it is judged.

    Raises:
        OfficerUnknownHereError: no such officer here.
        PinLockedError: too many wrong PINs, wait.
        PinWrongError: wrong PIN.
    """
    with database.session() as session:
        row = _count_try(session, clock.now(), officer)
    try:
        wrapping = wrapping_key(pin, row.kdf_salt, KdfParameters.parse(row.kdf), randomness)
        vault = VaultKey(wrapping.open(row.wrapped_vault_key, _wrap_place(officer)), randomness)
    except VaultError:
        raise PinWrongError from None
    key = Ed25519PrivateKey.from_private_bytes(vault.open(row.sealed_private_key, _key_place(officer)))
    with database.session() as session:
        fresh = session.get_one(Officer, str(officer))
        fresh.wrong_pins, fresh.locked_until = 0, None
        return Unlocked(officer=officer, name=fresh.name, vault=vault, key=key)


def change_pin(session: Session, randomness: Randomness, unlocked: Unlocked, old_pin: str, new_pin: str) -> None:
    """Wrap the same vault key by another PIN.

    Raises:
        PinFormError: the new PIN is no PIN.
        PinWrongError: the old PIN is wrong.
    """
    check_pin(new_pin)
    row = session.get_one(Officer, str(unlocked.officer))
    place = _wrap_place(unlocked.officer)
    old = wrapping_key(old_pin, row.kdf_salt, KdfParameters.parse(row.kdf), randomness)
    try:
        vault_raw = old.open(row.wrapped_vault_key, place)
    except VaultError:
        raise PinWrongError from None
    salt, parameters = randomness.token(SALT_BYTES), KdfParameters()
    row.kdf, row.kdf_salt = parameters.text, salt
    row.wrapped_vault_key = wrapping_key(new_pin, salt, parameters, randomness).seal(vault_raw, place)


def list_officers(session: Session) -> list[OfficerRow]:
    """Return the officers of this PC by name."""
    rows = session.scalars(select(Officer).order_by(Officer.name, Officer.officer_id))
    return [
        OfficerRow(
            officer=OfficerId(row.officer_id),
            name=row.name,
            certified=row.certificate is not None,
            created_at=row.created_at,
        )
        for row in rows
    ]


def is_certified(session: Session, officer: OfficerId) -> bool:
    """Tell whether the hub has certified this officer's key; before that nothing is sealed."""
    row = session.get(Officer, str(officer))
    return row is not None and row.certificate is not None


def uncertified_officers(session: Session, limit: int = 20) -> list[OfficerRequest]:
    """Return the officers whose certificate has not come yet, as the hub is asked for it."""
    rows = session.scalars(
        select(Officer).where(Officer.certificate.is_(None)).order_by(Officer.created_at).limit(limit)
    )
    return [OfficerRequest(officer=OfficerId(row.officer_id), name=row.name, public_key=row.public_key) for row in rows]


def read_certificate(raw: bytes, node: NodeId, find_key: KeyFinder) -> CertifiedOfficer:
    """Return an officer certificate that the hub signed for this node.

    Raises:
        ProtocolError: not signed by the hub, not a certificate, or for another node.
    """
    payload = verify_from_hub(raw, purpose=Purpose.OFFICER, find_key=find_key)
    certificate = from_bytes(payload, OfficerCertificate, max_bytes=MAX_MAIL_BYTES)
    if certificate.node != node:
        raise IdentityError
    return CertifiedOfficer(officer=certificate.officer, public_key=certificate.public_key, raw=raw)


def store_certificates(session: Session, now: datetime, certificates: Sequence[CertifiedOfficer]) -> int:
    """Keep officer certificates and return how many fitted; one for a key that this PC lacks changes nothing."""
    stored = 0
    for certificate in certificates:
        row = session.get(Officer, str(certificate.officer))
        if row is not None and row.public_key == certificate.public_key:
            row.certificate, row.certified_at = certificate.raw, now
            stored += 1
    return stored


def _count_try(session: Session, now: datetime, officer: OfficerId) -> Officer:
    row = session.get(Officer, str(officer))
    if row is None:
        raise OfficerUnknownHereError
    if row.locked_until is not None:
        wait = (row.locked_until - now).total_seconds()
        if 0 < wait <= LONGEST_WAIT_S:  # a longer wait means that the clock was set back
            raise PinLockedError(int(wait) + 1)
    row.wrong_pins += 1
    if row.wrong_pins > FREE_TRIES:
        doubled = FIRST_WAIT_S * 2 ** min(row.wrong_pins - FREE_TRIES - 1, 10)
        row.locked_until = now + timedelta(seconds=min(doubled, LONGEST_WAIT_S))
    session.flush()
    return row


def _wrap_place(officer: OfficerId) -> str:
    return f"officer.wrapped_vault_key:{officer}"


def _key_place(officer: OfficerId) -> str:
    return f"officer.sealed_private_key:{officer}"
