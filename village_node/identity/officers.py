"""Officers on this PC: created with a PIN, unlocked by it.

Wrong PINs: from the fifth on each costs a wait that doubles, 30 s to 1 h. The try is written down before it is judged,
so that killing the program in between gains nothing; the counter is reset by the right PIN alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocol.envelope import public_bytes
from protocol.ids import OfficerId, crockford
from village_node.identity.errors import OfficerUnknownHereError, PinLockedError, PinWrongError, VaultError
from village_node.identity.mailbox import make_box, make_mailbox_key, open_box, share_mailbox_key
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

    The first officer of a PC makes the node's mailbox key as well.

    Raises:
        PinFormError: the PIN is no PIN.
    """
    check_pin(pin)
    parameters = kdf or KdfParameters()
    officer = OfficerId("o-" + crockford(randomness.token(10)))
    salt, vault_raw, key_raw = (randomness.token(size) for size in (SALT_BYTES, KEY_BYTES, KEY_BYTES))
    vault, key = VaultKey(vault_raw, randomness), Ed25519PrivateKey.from_private_bytes(key_raw)
    box = make_box(officer, key, vault, randomness)
    row = Officer(
        officer_id=str(officer),
        name=" ".join(name.split()),
        public_key=public_bytes(key.public_key()),
        kdf=parameters.text,
        kdf_salt=salt,
        wrapped_vault_key=wrapping_key(pin, salt, parameters, randomness).seal(vault_raw, _wrap_place(officer)),
        sealed_private_key=vault.seal(key_raw, _key_place(officer)),
        box_key=box.public_key,
        box_proof=box.proof,
        sealed_box_key=box.sealed_private_key,
        created_at=clock.now(),
    )
    make_mailbox_key(session, randomness, row)
    session.add(row)
    session.flush()
    return officer


def unlock(database: Database, clock: Clock, randomness: Randomness, officer: OfficerId, pin: str) -> Unlocked:
    """Return the officer's opened vault. Two short transactions: the try is counted before it is judged.

    On the way colleagues who lack the mailbox key get it (``mailbox`` rule 3).

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
        unlocked = Unlocked(officer=officer, name=fresh.name, vault=vault, key=key, box=open_box(fresh, vault))
        share_mailbox_key(session, unlocked)
    return unlocked


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
