"""Read models of people."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Role
from hub.accounts.tables import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonLine:
    """One person in a list."""

    person_id: str
    username: str
    name: str
    role: Role
    office: str
    active: bool


def list_people(session: Session) -> list[PersonLine]:
    """Return everybody in the order of the user names."""
    return [
        PersonLine(
            person_id=row.person_id,
            username=row.username,
            name=row.name,
            role=Role(row.role),
            office=row.office,
            active=row.active,
        )
        for row in session.scalars(select(Person).order_by(Person.username))
    ]


def names_of(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these people by id."""
    wanted = select(Person.person_id, Person.name).where(Person.person_id.in_(sorted(set(person_ids))))
    return {row.person_id: row.name for row in session.execute(wanted)}
