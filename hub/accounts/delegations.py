"""Use cases about delegations and absences: each leaves a ledger entry that says who entered what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from hub.accounts.delegation_rules import (
    AbsenceReason,
    DelegationRule,
    NewAbsence,
    NewDelegation,
    Standing,
    delegation_rule,
    local_day,
    may_keep,
    period_rule,
)
from hub.accounts.errors import DelegationRefusedError
from hub.accounts.rules import Actor, Role, SignCapacity, may_work_at
from hub.accounts.service import begin_session, end_session
from hub.accounts.tables import Absence, Delegation, Person
from hub.accounts.trace import AccountSubject, note
from hub.catalogue.offices import Office
from hub.storage.ports import Ids, Randomness
from protocol.catalogue import OfficeCode


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountTools:
    """What these use cases work with."""

    ids: Ids
    randomness: Randomness
    offices: Mapping[OfficeCode, Office]


def enter_delegation(session: Session, now: datetime, actor: Actor, new: NewDelegation, tools: AccountTools) -> str:
    """Enter a delegation and return its id.

    Raises:
        DelegationRefusedError: a rule forbids it.
    """
    _refuse(delegation_rule(actor, local_day(now), new, _standing(session, new, tools)))
    row = Delegation(
        delegation_id=tools.ids.new(),
        office=str(new.office),
        role=str(new.role),
        capacity=str(new.capacity),
        holder_id=new.holder_id,
        principal_id=new.principal_id or None,
        first_day=new.period.first,
        last_day=new.period.last,
        basis=new.basis.strip(),
        entered_by=actor.person_id,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    note(session, now, _about(actor, row, "delegation"), tools.randomness)
    return row.delegation_id


def withdraw_delegation(session: Session, now: datetime, actor: Actor, delegation_id: str, tools: AccountTools) -> None:
    """Withdraw a delegation: from now on nobody acts under it, whatever session they are in.

    Raises:
        DelegationRefusedError: there is none, or it is none of the actor's business: the same either way (fault F04).
    """
    row = session.get(Delegation, delegation_id, with_for_update=True)
    if row is None or row.withdrawn_at is not None or not may_keep(actor, row.office):
        raise DelegationRefusedError(DelegationRule.UNKNOWN)  # that it exists elsewhere is none of the actor's business
    row.withdrawn_by, row.withdrawn_at = actor.person_id, now
    note(session, now, _about(actor, row, "delegation_withdrawn"), tools.randomness)


def enter_absence(session: Session, now: datetime, actor: Actor, new: NewAbsence, tools: AccountTools) -> str:
    """Enter that somebody is away, and return the entry's id. People may enter their own.

    Raises:
        DelegationRefusedError: a rule forbids it.
    """
    person = _open_account(session, new.person_id)
    if person is None:
        raise DelegationRefusedError(DelegationRule.PERSON_UNKNOWN)
    if new.person_id != actor.person_id and not may_keep(actor, person.office):
        raise DelegationRefusedError(DelegationRule.NOT_YOURS)
    _refuse(period_rule(local_day(now), new.period))
    row = Absence(
        absence_id=tools.ids.new(),
        person_id=new.person_id,
        reason=str(AbsenceReason(new.reason)),
        first_day=new.period.first,
        last_day=new.period.last,
        entered_by=actor.person_id,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    note(session, now, _about_absence(actor, row, person.office, "absence"), tools.randomness)
    return row.absence_id


def withdraw_absence(session: Session, now: datetime, actor: Actor, absence_id: str, tools: AccountTools) -> None:
    """Withdraw an absence: the person is back, or never left.

    Raises:
        DelegationRefusedError: there is none, or it is none of the actor's business.
    """
    row = session.get(Absence, absence_id, with_for_update=True)
    if row is None or row.withdrawn_at is not None:
        raise DelegationRefusedError(DelegationRule.UNKNOWN)
    office = session.get_one(Person, row.person_id).office
    if row.person_id != actor.person_id and not may_keep(actor, office):
        raise DelegationRefusedError(DelegationRule.UNKNOWN)
    row.withdrawn_by, row.withdrawn_at = actor.person_id, now
    note(session, now, _about_absence(actor, row, office, "absence_withdrawn"), tools.randomness)


def change_hat(
    session: Session, now: datetime, randomness: Randomness, old_token: str, wearer: tuple[str, str | None]
) -> str:
    """Begin a new session of the same person (id and delegation; None: the own role), and end the one before.

    Whether the delegation is in force is asked at every request (``service.resume_session``), so it is not asked here.
    """
    person_id, delegation_id = wearer
    end_session(session, old_token)
    return begin_session(session, now, randomness, person_id, delegation_id)


def _standing(session: Session, new: NewDelegation, tools: AccountTools) -> Standing:
    office = tools.offices.get(new.office)
    holds_post = exists().where(Person.role == str(new.role), Person.office == str(new.office), Person.active)
    overlapping = exists().where(
        Delegation.holder_id == new.holder_id,
        Delegation.office == str(new.office),
        Delegation.role == str(new.role),
        Delegation.withdrawn_at.is_(None),
        Delegation.first_day <= new.period.last,
        Delegation.last_day >= new.period.first,
    )
    return Standing(
        is_holder_known=_open_account(session, new.holder_id) is not None,
        may_have_role=office is not None and may_work_at(new.role, office.kind),
        is_principal_fit=_is_principal_fit(session, new),
        is_post_vacant=not session.scalar(select(holds_post)),
        is_taken=bool(session.scalar(select(overlapping))),
    )


def _is_principal_fit(session: Session, new: NewDelegation) -> bool:
    """Tell whether the principal has the post, or, for u.b., holds it a.n. on the first day."""
    has_post = (Person.role == str(new.role)) & (Person.office == str(new.office))
    has_it_given = exists().where(
        Delegation.holder_id == Person.person_id,
        Delegation.office == str(new.office),
        Delegation.role == str(new.role),
        Delegation.capacity == str(SignCapacity.ON_BEHALF),
        Delegation.withdrawn_at.is_(None),
        Delegation.first_day <= new.period.first,
        Delegation.last_day >= new.period.first,
    )
    fit = or_(has_post, has_it_given) if new.capacity is SignCapacity.SUB_MANDATE else has_post
    return bool(session.scalar(select(exists().where(Person.person_id == new.principal_id, Person.active, fit))))


def _open_account(session: Session, person_id: str) -> Person | None:
    person = session.get(Person, person_id)
    return person if person is not None and person.active else None


def _refuse(rule: DelegationRule | None) -> None:
    if rule is not None:
        raise DelegationRefusedError(rule)


def _about(actor: Actor, row: Delegation, what: str) -> AccountSubject:
    return AccountSubject(
        what=what,
        entry=row.delegation_id,
        by=actor.person_id,
        office=row.office,
        holder=row.holder_id,
        principal=row.principal_id or "",
        capacity=row.capacity,
        role=str(Role(row.role)),
        first=row.first_day.isoformat(),
        last=row.last_day.isoformat(),
        basis=row.basis,
    )


def _about_absence(actor: Actor, row: Absence, office: str, what: str) -> AccountSubject:
    return AccountSubject(
        what=what,
        entry=row.absence_id,
        by=actor.person_id,
        office=office,
        holder=row.person_id,
        first=row.first_day.isoformat(),
        last=row.last_day.isoformat(),
        basis=row.reason,
    )
