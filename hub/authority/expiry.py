"""What expires, and when: one list for alarms (30, 7 and 1 day before) and for ``simpul-hub ca show``.

An expired revocation list refuses *every* node, an expired root all of them at once; so nothing that ends may be
missing here. A list is made anew each day and lives seven: one that has fewer than six days left was not made today.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.authority.pki import HubClient
from hub.authority.pki_check import CertificateRefusedError, load_certificates, load_lists
from hub.authority.pki_files import Credentials, PkiFiles
from hub.authority.tables import NodeCertificate
from hub.registry.rules import NodeStatus
from hub.registry.tables import Node

DAY_S = 86_400


class Expiring(StrEnum):
    """Kinds of things that end."""

    ROOT = "root"
    ISSUER = "issuer"
    BROKER = "broker"
    HUB_PROGRAM = "hub_program"
    REVOCATION_LIST = "revocation_list"
    NODE = "node"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """One thing that ends."""

    what: Expiring
    who: str
    """Node, program or host; empty where there is one only."""
    expires_at: datetime
    days: int
    """Whole days left; below zero: it is over."""


def expiries(session: Session, files: PkiFiles, now: datetime) -> list[Expiry]:
    """Return everything that ends, what ends first first.

    A file of the hub that is missing or cannot be read counts as ended: nothing works without it.

    Raises:
        PkiMissingError: there is no authority.
        CertificateRefusedError: the authority's own files cannot be read.
    """
    found = [
        Expiry(what=what, who=who, expires_at=end, days=int((end - now).total_seconds() // DAY_S))
        for what, who, end in (*_of_authority(files, now), *_of_hub(files, now), *_of_nodes(session))
    ]
    return sorted(found, key=lambda each: (each.expires_at, each.what, each.who))


def _of_authority(files: PkiFiles, now: datetime) -> Iterator[tuple[Expiring, str, datetime]]:
    authority = files.authority
    for root in authority.trust:
        yield Expiring.ROOT, root.subject.rfc4514_string().removeprefix("CN="), root.not_valid_after_utc
    yield Expiring.ISSUER, "", authority.certificate.not_valid_after_utc
    yield Expiring.REVOCATION_LIST, "", _list_end(files, now)


def _of_hub(files: PkiFiles, now: datetime) -> Iterator[tuple[Expiring, str, datetime]]:
    yield Expiring.BROKER, "", _end(files.broker, now)
    for client in HubClient:
        yield Expiring.HUB_PROGRAM, client.value, _end(files.client(client), now)


def _of_nodes(session: Session) -> Iterator[tuple[Expiring, str, datetime]]:
    wanted = (
        select(NodeCertificate.node_id, func.max(NodeCertificate.expires_at))
        .join(Node)
        .where(Node.status == NodeStatus.ACTIVE.value)
        .group_by(NodeCertificate.node_id)
    )
    for node, end in session.execute(wanted):
        yield Expiring.NODE, node, end


def _end(where: Credentials, now: datetime) -> datetime:
    try:
        return min(each.not_valid_after_utc for each in load_certificates(where.cert_file.read_bytes()))
    except (OSError, CertificateRefusedError):
        return now


def _list_end(files: PkiFiles, now: datetime) -> datetime:
    try:
        ends = [_next_update(each, now) for each in load_lists(files.crl_file.read_bytes())]
    except (OSError, CertificateRefusedError):
        return now
    return min(ends)


def _next_update(found: x509.CertificateRevocationList, now: datetime) -> datetime:
    return found.next_update_utc or now
