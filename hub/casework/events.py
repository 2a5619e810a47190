"""Writing what happened: one ledger entry and one row per event, and the news for the village, in one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor, Role
from hub.casework.commands import ProposalKind
from hub.casework.news import Effect, Notify
from hub.casework.rules import LOOKS, EventKind
from hub.casework.tables import Case, CaseEvent, CaseOpening
from hub.casework.timekeeping import promise
from hub.catalogue.catalogue import Catalogue
from hub.intake.receipts import Statement, request_receipt
from hub.intake.tables import Bundle
from hub.ledger.service import EntryDraft, append
from hub.storage.keyring import DataKey, Keyring
from hub.storage.ports import Ids, Randomness, to_ms
from protocol.ids import RegistrationNo, ServiceCode, VillageCode
from protocol.notices import CaseNews
from protocol.sealing import Digest
from protocol.wire import Wire, to_bytes

SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTools:
    """What the use cases of this room work with."""

    catalogue: Catalogue
    keyring: Keyring
    randomness: Randomness
    ids: Ids
    notify: Notify
    effects: Mapping[ProposalKind, Effect] = field(default_factory=dict)
    """What higher rooms do when two persons agreed; a kind that is not here needs nobody above."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """What an event says beyond who, where and when."""

    kind: EventKind
    stage: str = ""
    code: str = ""
    names: tuple[str, ...] = ()
    note: str = ""
    minutes: bytes = b""
    out_of_turn: bool = False
    receipt_index: int | None = None
    amount_rp: int | None = None
    payment_code: str = ""


class CaseSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``case.*`` hides: who did what to which case."""

    kind: EventKind
    case: RegistrationNo
    person: str
    role: Role
    office: str
    capacity: str = ""
    """Whose power the person used: a.n., u.b., Plt., Plh.; empty for their own."""
    stage: str = ""
    code: str = ""
    """Reason of a return, opinion, verdict, kind of a proposal."""
    names: Annotated[list[str], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)
    """Fields and requirements of a return, offices, numbers of documents, the position of a file."""
    note: Digest | None = None
    """SHA-256 of what was written."""
    minutes: Digest | None = None
    """SHA-256 of the minutes of a visit."""
    out_of_turn: bool = False


def write_event(
    session: Session, now: datetime, actor: Actor, case: Case, happening: Happening, tools: CaseTools
) -> int:
    """Append the ledger entry and the row, tell the village unless it was a look; return the ledger index.

    Clocks are read for the news: move them first.
    """
    salt, subject = tools.randomness.token(SALT_BYTES), to_bytes(_subject(actor, case, happening))
    draft = EntryDraft(
        kind=f"case.{happening.kind}",
        salt=salt,
        subject=subject,
        village=VillageCode(case.village),
        service=ServiceCode(case.service),
    )
    done = append(session, to_ms(now), [draft])[0]
    session.add(_row(session, now, actor, case, happening, (done.index, tools)))
    session.add(CaseOpening(ledger_index=done.index, salt=salt, subject=subject))
    if happening.kind not in LOOKS:
        tell(session, now, case, news_of(case, happening, str(actor.office), (done.index, done.time_ms)), tools)
    return done.index


def news_of(case: Case, happening: Happening, office: str, entry: tuple[int, int]) -> CaseNews:
    """Return the news of an event with the index and time of its entry; nothing personal, no unsettled verdict."""
    index, time_ms = entry
    return CaseNews(
        bundle=case.bundle_id,
        registration_no=RegistrationNo(case.registration_no),
        event=str(happening.kind),
        office=office,
        at=time_ms,
        ledger_index=index,
        stage=happening.stage,
        code="" if happening.kind in _UNSETTLED else happening.code,
        amount_rp=happening.amount_rp,
        payment_code=happening.payment_code,
    )


_UNSETTLED = frozenset({EventKind.PROPOSED, EventKind.DECLINED, EventKind.DISAGREED})
"""What was proposed and does not stand is no news for an applicant: only that a second body looks at it."""


def tell(session: Session, now: datetime, case: Case, news: CaseNews, tools: CaseTools) -> None:
    """Send news to the village, with the promised time as it now stands."""
    standing = promise(session, now, case.case_id)
    due_on = None if standing.due_on is None else standing.due_on.isoformat()
    tools.notify(session, now, msgspec.structs.replace(news, due_on=due_on, days_left=standing.days_left))


def ask_receipt(session: Session, now: datetime, case: Case, statement: Statement, tools: CaseTools) -> int:
    """Ask for a receipt about the case's first bundle; return its ledger index."""
    return request_receipt(session, to_ms(now), case.bundle_id, statement, tools.randomness.token(SALT_BYTES))


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


def seal_text(session: Session, case: Case, text: str, place: str, tools: CaseTools) -> bytes:
    """Return a text sealed with the case's key for one place."""
    return data_key(session, tools.keyring, case.bundle_id).seal(text.encode(), place, tools.randomness)


def _row(
    session: Session,
    now: datetime,
    actor: Actor,
    case: Case,
    happening: Happening,
    entry: tuple[int, CaseTools],
) -> CaseEvent:
    index, tools = entry
    note, place = happening.note.strip(), note_place(case.case_id, index)
    return CaseEvent(
        case_id=case.case_id,
        kind=str(happening.kind),
        office=str(actor.office),
        person_id=actor.person_id,
        at=now,
        ledger_index=index,
        receipt_index=happening.receipt_index,
        stage=happening.stage,
        code=happening.code,
        names=" ".join(happening.names),
        note=seal_text(session, case, note, place, tools) if note else None,
        out_of_turn=happening.out_of_turn,
    )


def _subject(actor: Actor, case: Case, happening: Happening) -> CaseSubject:
    note = happening.note.strip()
    return CaseSubject(
        kind=happening.kind,
        case=RegistrationNo(case.registration_no),
        person=actor.person_id,
        role=actor.role,
        office=str(actor.office),
        capacity=str(actor.capacity or ""),
        stage=happening.stage,
        code=happening.code,
        names=list(happening.names),
        note=hashlib.sha256(note.encode()).digest() if note else None,
        minutes=hashlib.sha256(happening.minutes).digest() if happening.minutes else None,
        out_of_turn=happening.out_of_turn,
    )
