"""Keep services and read them.

Bytes from the hub come either as they are (in the enrolment answer, which is authenticated as a whole) or in an
authenticated notice. A version that is here already is never replaced: it never changes.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocol.catalogue import Service
from protocol.catalogue_check import parse_service
from protocol.errors import ProtocolError
from village_node.catalogue.tables import CachedService
from village_node.store.errors import DomainError


class ServiceUnknownHereError(DomainError):
    """This node has no such service in that version."""

    code = "service_unknown_here"


def store_services(session: Session, now: datetime, services: Sequence[bytes]) -> int:
    """Keep service definitions that can be read, and return how many were new."""
    new = 0
    for raw in services:
        try:
            service = parse_service(raw)
        except ProtocolError:
            continue  # a newer hub may send what this program cannot read; it must not lose the others
        if session.get(CachedService, (str(service.code), service.version)) is None:
            session.add(CachedService(code=str(service.code), version=service.version, raw=raw, received_at=now))
            new += 1
    session.flush()
    return new


def newest_services(session: Session) -> list[Service]:
    """Return the newest version of every service, by code."""
    newest = select(CachedService.code, func.max(CachedService.version).label("version")).group_by(CachedService.code)
    latest = newest.subquery()
    rows = session.scalars(
        select(CachedService.raw)
        .join(latest, (CachedService.code == latest.c.code) & (CachedService.version == latest.c.version))
        .order_by(CachedService.code)
    )
    return [parse_service(raw) for raw in rows]


def load_service(session: Session, code: str, version: int) -> Service:
    """Return one version of one service.

    Raises:
        ServiceUnknownHereError: not here.
    """
    row = session.get(CachedService, (code, version))
    if row is None:
        raise ServiceUnknownHereError
    return parse_service(row.raw)
