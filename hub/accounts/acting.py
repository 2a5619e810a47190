"""Who may act for whom today: read models over delegations and absences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, aliased

from hub.accounts.delegation_rules import AbsenceReason, Period, local_day
from hub.accounts.rules import Actor, Role, SignCapacity
from hub.accounts.tables import Absence, Delegation, Person
from protocol.catalogue import OfficeCode

SHOWN = 200
"""Entries that the page lists, the newest first; the ledger has all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """A delegation in force: what its holder may act as."""

    delegation_id: str
    office: OfficeCode
    role: Role
    capacity: SignCapacity
    principal_id: str
    """Empty when the post is vacant."""
    principal: str
    """Name of whom the holder stands for."""
    period: Period
    basis: str

    def put_on(self, actor: Actor) -> Actor:
        """Return the same person under this delegation."""
        return replace(
            actor, role=self.role, office=self.office, capacity=self.capacity, delegation_id=self.delegation_id
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DelegationLine:
    """One delegation in a list."""

    delegation_id: str
    office: str
    role: Role
    capacity: SignCapacity
    holder: str
    principal: str
    period: Period
    basis: str
    is_withdrawn: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AbsenceLine:
    """One absence in a list."""

    absence_id: str
    person: str
    office: str
    reason: AbsenceReason
    period: Period
    is_withdrawn: bool


def acting_for(session: Session, person_id: str, now: datetime) -> tuple[Acting, ...]:
    """Return what a person may act as now, beside their own role."""
    return tuple(_acting(row, name) for row, name in session.execute(_in_force(local_day(now), person_id)))


def find_acting(session: Session, now: datetime, person_id: str, delegation_id: str) -> Acting | None:
    """Return one delegation of this person if it is in force now, None otherwise."""
    found = session.execute(
        _in_force(local_day(now), person_id).where(Delegation.delegation_id == delegation_id)
    ).first()
    return None if found is None else _acting(*found)


def stand_in_for_each_other(session: Session, now: datetime, one: str, other: str) -> bool:
    """Tell whether one of two people acts for the other today: the second look of a deputy is no second look."""
    today = local_day(now)
    wanted = select(Delegation.delegation_id).where(
        tuple_(Delegation.holder_id, Delegation.principal_id).in_([(one, other), (other, one)]),
        Delegation.withdrawn_at.is_(None),
        Delegation.first_day <= today,
        Delegation.last_day >= today,
    )
    return session.scalar(wanted.limit(1)) is not None


def absent_people(session: Session, now: datetime, person_ids: Iterable[str]) -> frozenset[str]:
    """Return who of these people is away today."""
    today = local_day(now)
    wanted = select(Absence.person_id).where(
        Absence.person_id.in_(sorted(set(person_ids))),
        Absence.withdrawn_at.is_(None),
        Absence.first_day <= today,
        Absence.last_day >= today,
    )
    return frozenset(session.scalars(wanted))


def delegation_lines(session: Session, office: str | None) -> Sequence[DelegationLine]:
    """Return the delegations of an office, the newest first; None: of all offices."""
    holder, principal = aliased(Person), aliased(Person)
    query = (
        select(Delegation, holder.name, principal.name)
        .join(holder, holder.person_id == Delegation.holder_id)
        .outerjoin(principal, principal.person_id == Delegation.principal_id)
        .order_by(Delegation.first_day.desc(), Delegation.delegation_id.desc())
        .limit(SHOWN)
    )
    if office is not None:
        query = query.where(Delegation.office == office)
    return [
        DelegationLine(
            delegation_id=row.delegation_id,
            office=row.office,
            role=Role(row.role),
            capacity=SignCapacity(row.capacity),
            holder=holder_name,
            principal=principal_name or "",
            period=Period(first=row.first_day, last=row.last_day),
            basis=row.basis,
            is_withdrawn=row.withdrawn_at is not None,
        )
        for row, holder_name, principal_name in session.execute(query)
    ]


def absence_lines(session: Session, office: str | None) -> Sequence[AbsenceLine]:
    """Return the absences of an office's people, the newest first; None: of everybody."""
    query = (
        select(Absence, Person.name, Person.office)
        .join(Person, Person.person_id == Absence.person_id)
        .order_by(Absence.first_day.desc(), Absence.absence_id.desc())
        .limit(SHOWN)
    )
    if office is not None:
        query = query.where(Person.office == office)
    return [
        AbsenceLine(
            absence_id=row.absence_id,
            person=name,
            office=place,
            reason=AbsenceReason(row.reason),
            period=Period(first=row.first_day, last=row.last_day),
            is_withdrawn=row.withdrawn_at is not None,
        )
        for row, name, place in session.execute(query)
    ]


def _in_force(today: date, person_id: str) -> Select[Delegation, str]:
    principal = aliased(Person)
    return (
        select(Delegation, principal.name)
        .outerjoin(principal, principal.person_id == Delegation.principal_id)
        .where(
            Delegation.holder_id == person_id,
            Delegation.withdrawn_at.is_(None),
            Delegation.first_day <= today,
            Delegation.last_day >= today,
        )
        .order_by(Delegation.first_day, Delegation.delegation_id)
    )


def _acting(row: Delegation, principal: str | None) -> Acting:
    return Acting(
        delegation_id=row.delegation_id,
        office=OfficeCode(row.office),
        role=Role(row.role),
        capacity=SignCapacity(row.capacity),
        principal_id=row.principal_id or "",
        principal=principal or "",
        period=Period(first=row.first_day, last=row.last_day),
        basis=row.basis,
    )
