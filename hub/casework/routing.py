"""Whose turn it is at a desk, and which other office may do a stage."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.acting import absent_people
from hub.accounts.rules import Role
from hub.accounts.tables import Person
from hub.casework.rules import AT_WORK
from hub.casework.tables import CaseStage
from hub.catalogue.catalogue import Catalogue
from hub.catalogue.rules import may_route
from protocol.catalogue import OfficeKind


def least_loaded(session: Session, now: datetime, office: str, role: Role) -> str | None:
    """Return who of a desk has the least on it and is not away; None when nobody works there.

    A proposal, no order: whoever of the desk takes the case has it.
    """
    people = session.scalars(
        select(Person.person_id)
        .where(Person.office == office, Person.role == str(role), Person.active)
        .order_by(Person.person_id)
    ).all()
    if len(people) < 2:  # noqa: PLR2004  # nothing to choose
        return next(iter(people), None)
    here = [person for person in people if person not in absent_people(session, now, people)] or list(people)
    loads = _loads(session, office)
    return min(here, key=lambda person: (loads.get(person, 0), person))


def can_route(catalogue: Catalogue, kind: OfficeKind, office: str) -> bool:
    """Tell whether a stage of this kind of office may go to this office."""
    known = {str(code): each.kind for code, each in catalogue.offices.items()}.get(office)
    return known is not None and may_route(kind, known)


def _loads(session: Session, office: str) -> dict[str, int]:
    who = func.coalesce(CaseStage.taken_by, CaseStage.proposed_to)
    states = [str(state) for state in AT_WORK]
    counted = (
        select(who, func.count())
        .where(CaseStage.office == office, CaseStage.state.in_(states), who.is_not(None))
        .group_by(who)
    )
    return {str(person): count for person, count in session.execute(counted)}
