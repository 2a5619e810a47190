"""The trace of accounts in the ledger: who may act is as much evidence as what they did.

Without it whoever may use the command line could add a second person, let them agree, and disable them again.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.tables import AccountOpening, Person
from hub.ledger.service import EntryDraft, append
from hub.storage.ports import Randomness, to_ms
from protocol.wire import Wire, to_bytes

SALT_BYTES = 32
COMMAND_LINE = "simpul-hub"
"""Who did it, where no person is signed in: the machine's administrator."""


class AccountSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``people.*`` hides."""

    what: str
    entry: str
    """Id of the delegation, absence or person."""
    by: str
    office: str
    holder: str
    principal: str = ""
    capacity: str = ""
    role: str = ""
    first: str = ""
    last: str = ""
    basis: str = ""


def note(session: Session, now: datetime, subject: AccountSubject, randomness: Randomness) -> None:
    """Append the entry of a change, and keep its opening."""
    salt, raw = randomness.token(SALT_BYTES), to_bytes(subject)
    draft = EntryDraft(kind=f"people.{subject.what}", salt=salt, subject=raw)
    index = append(session, to_ms(now), [draft])[0].index
    session.add(AccountOpening(ledger_index=index, salt=salt, subject=raw))


def note_person(session: Session, now: datetime, what: str, username: str, randomness: Randomness) -> None:
    """Note that a person was added, disabled, given a new password or the mark of a NIK at the command line."""
    person = session.scalars(select(Person).where(Person.username == username)).one()
    subject = AccountSubject(
        what=what,
        entry=person.person_id,
        by=COMMAND_LINE,
        office=person.office,
        holder=person.person_id,
        role=person.role,
    )
    note(session, now, subject, randomness)
