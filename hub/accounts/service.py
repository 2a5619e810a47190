"""Use cases about people and their sessions.

``sign_in`` opens its own two transactions, because the password hash takes a tenth of a second and no write lock may be
held meanwhile; all others work in the caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub.accounts.acting import find_acting
from hub.accounts.errors import AccountError, AccountRule
from hub.accounts.passwords import hash_password, is_hash_outdated, is_password
from hub.accounts.rules import (
    FORGET,
    FREE_FAILURES,
    FREE_NETWORK_FAILURES,
    MAX_PASSWORD,
    MIN_PASSWORD,
    TOKEN_BYTES,
    TOUCH,
    Actor,
    Role,
    is_forgotten,
    is_session_alive,
    is_username,
    may_work_at,
    session_ends,
    throttle_keys,
    token_hash,
    wait_after,
)
from hub.accounts.tables import Person, SignInFailure, WebSession
from hub.catalogue.offices import Office
from hub.storage.engine import Database
from hub.storage.keyring import NIK_PURPOSE, Keyring
from hub.storage.ports import Clock, Ids, Randomness
from protocol.catalogue import OfficeCode
from protocol.nik import is_sixteen_digits


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPerson:
    """What is said about a person who is added."""

    username: str
    name: str
    password: str
    role: Role
    office: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What a sign-in form sent, and from which network."""

    username: str
    password: str
    network: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInResult:
    """The new session's token, or how long the next attempt has to wait; neither: wrong name or password."""

    token: str | None = None
    wait_s: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveSession:
    """A session that stands, with its person."""

    actor: Actor
    token_hash: bytes
    seen_at: datetime


def add_person(
    session: Session, now: datetime, ids: Ids, offices: Mapping[OfficeCode, Office], person: NewPerson
) -> str:
    """Add a person and return the id.

    Raises:
        AccountError: a rule forbids it.
    """
    _check(session, offices, person)
    person_id = ids.new()
    session.add(
        Person(
            person_id=person_id,
            username=person.username,
            name=person.name,
            password=hash_password(person.password),
            role=str(person.role),
            office=person.office,
            active=True,
            created_at=now,
        )
    )
    session.flush()
    return person_id


def disable_person(session: Session, username: str) -> None:
    """Close a person's account and end all sessions at once (fault F09).

    Raises:
        AccountError: there is no such person.
    """
    person = _by_username(session, username)
    if person is None:
        raise AccountError(AccountRule.PERSON_UNKNOWN)
    person.active = False
    end_sessions(session, person.person_id)


def set_password(session: Session, username: str, password: str) -> None:
    """Give a person a new password and end all sessions at once (fault F09).

    Raises:
        AccountError: there is no such person, or the password is too short or too long.
    """
    person = _by_username(session, username)
    if person is None:
        raise AccountError(AccountRule.PERSON_UNKNOWN)
    if rule := _password_rule(password):
        raise AccountError(rule)
    person.password = hash_password(password)
    end_sessions(session, person.person_id)


def sign_in(database: Database, clock: Clock, randomness: Randomness, attempt: Attempt) -> SignInResult:
    """Check name and password, count a failure, or begin a session with a new token."""
    now = clock.now()
    with database.reading() as session:
        wait_s = _wait_s(session, now, attempt)
        person = _by_username(session, attempt.username.strip().lower())
        stored = person.password if person is not None and person.active else None
        person_id = person.person_id if person is not None else ""
    if wait_s:
        return SignInResult(wait_s=wait_s)
    right = len(attempt.password) <= MAX_PASSWORD and is_password(stored, attempt.password)
    fresh = hash_password(attempt.password) if right and stored is not None and is_hash_outdated(stored) else None
    with database.session() as session:
        if not right:
            _count_failure(session, now, attempt)
            return SignInResult()
        if fresh is not None:
            session.execute(update(Person).where(Person.person_id == person_id).values(password=fresh))
        _forgive(session, attempt)
        return SignInResult(token=begin_session(session, now, randomness, person_id))


def set_nik(session: Session, keyring: Keyring, username: str, nik: str) -> None:
    """Keep the keyed mark of a person's own NIK, so that nobody works on their own case; the number is not kept.

    Raises:
        AccountError: there is no such person, or it is no NIK.
    """
    person = _by_username(session, username)
    if person is None:
        raise AccountError(AccountRule.PERSON_UNKNOWN)
    if not is_sixteen_digits(nik):
        raise AccountError(AccountRule.NIK)
    person.nik_index = keyring.blind(nik.encode(), NIK_PURPOSE)


def begin_session(
    session: Session, now: datetime, randomness: Randomness, person_id: str, delegation_id: str | None = None
) -> str:
    """Begin a session and return its token (256 random bits, hexadecimal); sessions that ended are swept out."""
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    token = randomness.token(TOKEN_BYTES).hex()
    session.add(
        WebSession(
            token_hash=token_hash(token),
            person_id=person_id,
            created_at=now,
            seen_at=now,
            expires_at=session_ends(now),
            delegation_id=delegation_id,
        )
    )
    session.flush()
    return token


def resume_session(database: Database, now: datetime, token: str) -> Actor | None:
    """Return the person of a living session, and note at most once a minute that it is in use."""
    with database.reading() as session:
        live = _find_live(session, now, token)
    if live is None:
        return None
    if now - live.seen_at >= TOUCH:
        with database.session() as session:
            session.execute(update(WebSession).where(WebSession.token_hash == live.token_hash).values(seen_at=now))
    return live.actor


def end_session(session: Session, token: str) -> None:
    """End one session."""
    session.execute(delete(WebSession).where(WebSession.token_hash == token_hash(token)))


def end_sessions(session: Session, person_id: str) -> None:
    """End every session of a person."""
    session.execute(delete(WebSession).where(WebSession.person_id == person_id))


def _password_rule(password: str) -> AccountRule | None:
    if len(password) < MIN_PASSWORD:
        return AccountRule.PASSWORD_SHORT
    return AccountRule.PASSWORD_LONG if len(password) > MAX_PASSWORD else None


def _check(session: Session, offices: Mapping[OfficeCode, Office], person: NewPerson) -> None:
    office = next((known for code, known in offices.items() if code == person.office), None)
    broken = {
        AccountRule.USERNAME: not is_username(person.username),
        AccountRule.OFFICE_UNKNOWN: office is None,
        AccountRule.OFFICE_KIND: office is not None and not may_work_at(person.role, office.kind),
    }
    rule = next((rule for rule, is_broken in broken.items() if is_broken), _password_rule(person.password))
    if rule is None and _by_username(session, person.username) is not None:
        rule = AccountRule.USERNAME_TAKEN
    if rule is not None:
        raise AccountError(rule)


def _by_username(session: Session, username: str) -> Person | None:
    return session.scalar(select(Person).where(Person.username == username[:40]))


def _find_live(session: Session, now: datetime, token: str) -> LiveSession | None:
    row = session.get(WebSession, token_hash(token))
    if row is None or not is_session_alive(now=now, seen_at=row.seen_at, expires_at=row.expires_at):
        return None
    person = session.get_one(Person, row.person_id)
    if not person.active:
        return None
    actor = Actor(
        person_id=person.person_id, role=Role(person.role), office=OfficeCode(person.office), name=person.name
    )
    acting = find_acting(session, now, person.person_id, row.delegation_id) if row.delegation_id else None
    shown = actor if acting is None else acting.put_on(actor)
    return LiveSession(actor=shown, token_hash=row.token_hash, seen_at=row.seen_at)


def _wait_s(session: Session, now: datetime, attempt: Attempt) -> int:
    """Return the whole seconds that this attempt still has to wait."""
    waits = [0]
    for key, free in zip(
        throttle_keys(attempt.username, attempt.network), (FREE_FAILURES, FREE_NETWORK_FAILURES), strict=True
    ):
        row = session.get(SignInFailure, key)
        if row is not None and not is_forgotten(now, row.last_at):
            left = row.last_at + wait_after(row.failures, free) - now
            waits.append(-(-int(left.total_seconds() * 1000) // 1000))
    return max(waits)


def _count_failure(session: Session, now: datetime, attempt: Attempt) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.last_at < now - FORGET))
    for key in throttle_keys(attempt.username, attempt.network):
        row = session.get(SignInFailure, key, with_for_update=True)
        if row is None:
            session.add(SignInFailure(name_hash=key, failures=1, last_at=now))
        else:
            row.failures += 1
            row.last_at = now
    session.flush()


def _forgive(session: Session, attempt: Attempt) -> None:
    """Forget the failures of this account in this network; those of the network stay."""
    key, _ = throttle_keys(attempt.username, attempt.network)
    session.execute(delete(SignInFailure).where(SignInFailure.name_hash == key))
