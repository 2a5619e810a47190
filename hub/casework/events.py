"""Writing what happened: one ledger entry and one row per event, in the caller's transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.rules import CaseSubject, EventKind
from hub.casework.tables import Case, CaseEvent, CaseOpening
from hub.catalogue.catalogue import Catalogue
from hub.intake.tables import Bundle
from hub.ledger.service import EntryDraft, append
from hub.storage.keyring import DataKey, Keyring
from hub.storage.ports import Randomness, to_ms
from protocol.ids import RegistrationNo, ServiceCode, VillageCode
from protocol.wire import to_bytes

SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTools:
    """What the use cases of this room work with."""

    catalogue: Catalogue
    keyring: Keyring
    randomness: Randomness


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """What an event says beyond who, where and when."""

    kind: EventKind
    code: str = ""
    names: tuple[str, ...] = ()
    note: str = ""
    out_of_turn: bool = False
    receipt_index: int | None = None


def write_event(
    session: Session, now: datetime, actor: Actor, case: Case, happening: Happening, tools: CaseTools
) -> int:
    """Append the ledger entry and the row; return the ledger index."""
    salt, subject = tools.randomness.token(SALT_BYTES), to_bytes(_subject(actor, case, happening))
    draft = EntryDraft(
        kind=f"case.{happening.kind}",
        salt=salt,
        subject=subject,
        village=VillageCode(case.village),
        service=ServiceCode(case.service),
    )
    index = append(session, to_ms(now), [draft])[0].index
    note = happening.note.strip()
    session.add(
        CaseEvent(
            case_id=case.case_id,
            kind=str(happening.kind),
            office=str(actor.office),
            person_id=actor.person_id,
            at=now,
            ledger_index=index,
            receipt_index=happening.receipt_index,
            code=happening.code,
            names=" ".join(happening.names),
            note=_seal_note(session, case, index, note, tools) if note else None,
            out_of_turn=happening.out_of_turn,
        )
    )
    session.add(CaseOpening(ledger_index=index, salt=salt, subject=subject))
    return index


def data_key(session: Session, keyring: Keyring, bundle_id: bytes) -> DataKey:
    """Return the key that everything personal of a case is sealed with."""
    wrapped = session.scalars(select(Bundle.data_key).where(Bundle.bundle_id == bundle_id)).one()
    return keyring.unwrap(wrapped)


def note_place(case_id: str, ledger_index: int) -> str:
    """Return the place that the note of an event is bound to."""
    return f"case_event.note:{case_id}:{ledger_index}"


def applicant_place(case_id: str) -> str:
    """Return the place that the applicant of a case is bound to."""
    return f"case.applicant:{case_id}"


def _subject(actor: Actor, case: Case, happening: Happening) -> CaseSubject:
    note = happening.note.strip()
    return CaseSubject(
        kind=happening.kind,
        case=RegistrationNo(case.registration_no),
        person=actor.person_id,
        role=actor.role,
        office=str(actor.office),
        code=happening.code,
        names=list(happening.names),
        note=hashlib.sha256(note.encode()).digest() if note else None,
        out_of_turn=happening.out_of_turn,
    )


def _seal_note(session: Session, case: Case, index: int, note: str, tools: CaseTools) -> bytes:
    key = data_key(session, tools.keyring, case.bundle_id)
    return key.seal(note.encode(), note_place(case.case_id, index), tools.randomness)
