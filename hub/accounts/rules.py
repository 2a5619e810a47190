"""Pure decisions about people: roles, scope, password rule, throttle of sign-in, life of a session.

Rules of scope (UU 27/2022: only what the task needs; fault F04):
1. A person of an office sees the cases that have a desk at that office, wherever they come from.
2. The inspectorate reads all cases and changes none.
3. The network administrator sees no content of cases.
Rules of sign-in:
4. After ``FREE_FAILURES`` failures the next attempt has to wait, per account *and* network: a stranger elsewhere cannot
   lock a person out. A network with many failures over many accounts waits too.
5. Nothing that the answer says depends on whether the account exists.
Rules of sessions (OWASP ASVS 5.0, 7.3.1, 7.3.2):
6. Idle 30 minutes, 12 hours at most; a new token at each sign-in, and when a person puts on or takes off a delegation.
7. Who acts for somebody else does so under one delegation at a time, chosen by the person: role and office are then
   those of the delegation. The person stays the same, so that "two persons" can never be one with two hats.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from protocol.catalogue import OfficeCode, OfficeKind

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCH = timedelta(seconds=60)
"""``seen_at`` is written at most this often: reading a page should not cost a write."""

TOKEN_BYTES = 32
MIN_PASSWORD = 12
MAX_PASSWORD = 200
"""Bounds what argon2id has to swallow."""

FREE_FAILURES = 4
FREE_NETWORK_FAILURES = 40
MAX_WAIT_S = 300
FORGET = timedelta(hours=1)
"""A row of the throttle that saw no failure for so long counts as zero again."""

_THIS_MACHINE = frozenset({"127.0.0.1", "::1", ""})
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


class Role(StrEnum):
    """What a person does at the hub."""

    VILLAGE_OFFICER = "village_officer"
    FRONT_OFFICE = "front_office"
    AGENCY_CLERK = "agency_clerk"
    SUBDISTRICT_OFFICER = "subdistrict_officer"
    DIVISION_HEAD = "division_head"
    HEAD = "head"
    NETWORK_ADMIN = "network_admin"
    INSPECTORATE = "inspectorate"


class SignCapacity(StrEnum):
    """In which capacity somebody signs who is not the office's head (Indonesian: a.n., u.b., Plt., Plh.)."""

    ON_BEHALF = "an"  # atas nama: the head gave the power away
    SUB_MANDATE = "ub"  # untuk beliau: who had it a.n. gave it on
    ACTING = "plt"  # pelaksana tugas: the post is vacant
    DAILY = "plh"  # pelaksana harian: the holder is away for some days


DESK_ROLES = frozenset(
    {
        Role.VILLAGE_OFFICER,
        Role.FRONT_OFFICE,
        Role.AGENCY_CLERK,
        Role.SUBDISTRICT_OFFICER,
        Role.DIVISION_HEAD,
        Role.HEAD,
    }
)
"""Roles that work on cases: each at the stages of its own kind."""

CASE_READERS = DESK_ROLES | {Role.INSPECTORATE}
"""Roles that may read cases within their scope."""

_WITH_DIVISIONS = frozenset({OfficeKind.ONE_STOP, OfficeKind.CIVIL_REGISTRY, OfficeKind.AGENCY, OfficeKind.SUBDISTRICT})

_OFFICE_KINDS = {
    Role.VILLAGE_OFFICER: frozenset({OfficeKind.VILLAGE}),
    Role.FRONT_OFFICE: frozenset({OfficeKind.ONE_STOP, OfficeKind.CIVIL_REGISTRY}),
    Role.AGENCY_CLERK: frozenset({OfficeKind.AGENCY}),
    Role.SUBDISTRICT_OFFICER: frozenset({OfficeKind.SUBDISTRICT}),
    Role.NETWORK_ADMIN: frozenset({OfficeKind.ONE_STOP}),
    Role.INSPECTORATE: frozenset({OfficeKind.INSPECTORATE}),
    Role.DIVISION_HEAD: _WITH_DIVISIONS,
    Role.HEAD: _WITH_DIVISIONS | {OfficeKind.VILLAGE},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """The person who is signed in, under their own role or under one delegation (rule 7)."""

    person_id: str
    role: Role
    office: OfficeCode
    name: str
    capacity: SignCapacity | None = None
    """None: under the own role."""
    delegation_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which cases an actor may know of: all of them, or those with a desk at one office; ``None`` means none."""

    everything: bool
    office: OfficeCode | None

    @property
    def is_empty(self) -> bool:
        """Whether no case at all is in scope."""
        return not self.everything and self.office is None


def scope_of(actor: Actor) -> Scope:
    """Return what the actor may see (rules 1 to 3)."""
    if actor.role is Role.INSPECTORATE:
        return Scope(everything=True, office=None)
    if actor.role in CASE_READERS:
        return Scope(everything=False, office=actor.office)
    return Scope(everything=False, office=None)


def reads_network(actor: Actor) -> bool:
    """Tell whether the actor may look at the wall of villages: nodes, their troubles and their officers' names.

    Of the heads only those whose task it is: the one-stop office runs the network, a subdistrict has its villages.
    """
    if actor.role is Role.HEAD:
        return actor.office.partition(".")[0] in {"one-stop", "subdistrict"}
    return actor.role in {Role.NETWORK_ADMIN, Role.INSPECTORATE}


def may_work_at(role: Role, kind: OfficeKind) -> bool:
    """Tell whether a person of this role can belong to an office of this kind."""
    return kind in _OFFICE_KINDS[role]


def is_username(text: str) -> bool:
    """Tell whether the text can be a user name: 3 to 40 of a-z, 0-9, dot, hyphen, underscore."""
    return _USERNAME.fullmatch(text) is not None


def token_hash(token: str) -> bytes:
    """Return what is stored of a session token: 32 bytes that cannot be turned back."""
    return hashlib.sha256(b"simpul/session\0" + token.encode()).digest()


def session_ends(created_at: datetime) -> datetime:
    """Return when a session ends however busy it is."""
    return created_at + ABSOLUTE


def is_session_alive(*, now: datetime, seen_at: datetime, expires_at: datetime) -> bool:
    """Tell whether a session still stands (rule 6)."""
    return now < expires_at and now - seen_at < IDLE


def throttle_keys(username: str, network: str) -> tuple[bytes, bytes]:
    """Return the two names under which failures are counted: account in this network, and the network alone."""
    pair = hashlib.sha256(f"simpul/account\0{username.lower()}\0{network}".encode()).digest()
    return pair, hashlib.sha256(f"simpul/network\0{network}".encode()).digest()


def network_of(address: str) -> str:
    """Return the network of an address: IPv4 whole, IPv6 its first 64 bits (one customer's line)."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


def visitor_of(peer: str, forwarded: str) -> str:
    """Return the visitor's address. Only a proxy on this machine is believed when it names somebody else.

    ``forwarded`` is the header X-Forwarded-For; its last name is what our own proxy saw (``deploy/nginx``).
    """
    return forwarded.rpartition(",")[2].strip() if forwarded and peer in _THIS_MACHINE else peer


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long the next attempt has to wait: nothing at first, then 1, 2, 4 … seconds up to ``MAX_WAIT_S``."""
    over = failures - free
    return timedelta(seconds=0 if over < 0 else min(2**over, MAX_WAIT_S) if over < 20 else MAX_WAIT_S)  # noqa: PLR2004


def is_forgotten(now: datetime, last_at: datetime) -> bool:
    """Tell whether old failures no longer count."""
    return now - last_at > FORGET
