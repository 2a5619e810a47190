"""What this node knows about its hub: name, keys, newest checkpoint, leased numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.checkpoint import Checkpoint, LogKey
from protocol.enrolment import OfficeName
from protocol.envelope import KeyFinder, load_public_key, one_key
from protocol.ids import HubId, NodeId, key_id
from protocol.mailbox import NumberLease
from protocol.sealing import SealTo
from village_node.identity.errors import NotEnrolledError
from village_node.identity.tables import KnownCheckpoint, LeasedBlock, NamedOffice, NodeIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """The node's name, where it stands, and its hub's pinned keys."""

    node: NodeId
    village_name: str
    subdistrict_name: str
    hub: HubId
    log: LogKey
    message_key: bytes
    sealing_key: bytes
    permit_key: bytes
    broker_host: str
    broker_port: int
    certificate: str
    authority: str
    enrolled_at: datetime
    hub_url: str = ""
    """The hub's web address, as it was at the enrolment."""

    @property
    def place(self) -> str:
        """Where the node stands, as letters write it: ``Desa Krikilan, Kecamatan Kalijambe``."""
        return f"{self.village_name}, {self.subdistrict_name}"

    @property
    def find_message_key(self) -> KeyFinder:
        """Finds the hub's message key by its key id."""
        return one_key(load_public_key(self.message_key))

    def seal_to(self, bundle: bytes) -> SealTo:
        """Return to whom a bundle of this node is sealed."""
        return SealTo(
            hub=self.hub,
            kid=key_id(self.sealing_key),
            public_key=X25519PublicKey.from_public_bytes(self.sealing_key),
            node=self.node,
            bundle=bundle,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckpointSeen:
    """Size and root of the newest linked checkpoint."""

    size: int
    root: bytes


def find_enrolled(session: Session) -> Enrolled | None:
    """Return what the enrolment wrote, or None before it."""
    row = session.get(NodeIdentity, 1)
    if row is None:
        return None
    return Enrolled(
        node=NodeId(row.node_id),
        village_name=row.village_name,
        subdistrict_name=row.subdistrict_name,
        hub=HubId(row.hub_id),
        log=LogKey.parse(row.log_key),
        message_key=row.message_key,
        sealing_key=row.sealing_key,
        permit_key=row.permit_key,
        broker_host=row.broker_host,
        broker_port=row.broker_port,
        certificate=row.certificate,
        authority=row.authority,
        enrolled_at=row.enrolled_at,
        hub_url=row.hub_url,
    )


def load_enrolled(session: Session) -> Enrolled:
    """Return what the enrolment wrote.

    Raises:
        NotEnrolledError: there was none.
    """
    found = find_enrolled(session)
    if found is None:
        raise NotEnrolledError
    return found


def office_names(session: Session) -> Mapping[str, str]:
    """Return what the hub calls its offices, by code."""
    return {row.code: row.name for row in session.scalars(select(NamedOffice))}


def store_offices(session: Session, offices: Iterable[OfficeName]) -> None:
    """Keep the names of offices; a newer name takes the place of an older one."""
    for office in offices:
        session.merge(NamedOffice(code=str(office.code), name=office.name))


def newest_checkpoint(session: Session) -> CheckpointSeen | None:
    """Return the newest checkpoint that is linked to everything seen before."""
    row = session.get(KnownCheckpoint, 1)
    return None if row is None else CheckpointSeen(size=row.size, root=row.root)


def remember_checkpoint(session: Session, now: datetime, checkpoint: Checkpoint) -> None:
    """Keep a linked checkpoint, if it is newer than the one that is kept."""
    row = session.get(KnownCheckpoint, 1)
    if row is None:
        session.add(
            KnownCheckpoint(id=1, size=checkpoint.size, root=checkpoint.root, text=checkpoint.text, seen_at=now)
        )
    elif checkpoint.size > row.size:
        row.size, row.root, row.text, row.seen_at = checkpoint.size, checkpoint.root, checkpoint.text, now


def store_lease(session: Session, now: datetime, lease: NumberLease) -> None:
    """Keep a block of registration numbers; one that is there already changes nothing."""
    known = select(LeasedBlock.id).where(LeasedBlock.year == lease.year, LeasedBlock.first == lease.first)
    if session.scalar(known) is None:
        session.add(LeasedBlock(year=lease.year, first=lease.first, last=lease.last, next=lease.first, received_at=now))
        session.flush()


def take_number(session: Session, year: int) -> tuple[int, int] | None:
    """Take the next leased number of a year, or of the newest year that has one; return (year, number).

    A village must not stop because January came before the link: a number of last year's block stays valid.
    """
    block = session.scalars(
        select(LeasedBlock)
        .where(LeasedBlock.next <= LeasedBlock.last)
        .order_by((LeasedBlock.year != year), LeasedBlock.year.desc(), LeasedBlock.first)
        .limit(1)
    ).first()
    if block is None:
        return None
    number = block.next
    block.next = number + 1
    return block.year, number


def free_numbers(session: Session) -> int:
    """Return how many leased numbers are left."""
    return session.scalar(select(func.coalesce(func.sum(LeasedBlock.last - LeasedBlock.next + 1), 0))) or 0
