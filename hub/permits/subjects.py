"""What ledger entries ``permit.*`` hide, and writing them: entry and opening in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.tables import Case
from hub.ledger.service import EntryDraft, append
from hub.permits.tables import PermitOpening
from hub.storage.ports import Randomness, to_ms
from protocol.ids import RegistrationNo, ServiceCode, VillageCode
from protocol.permit import Mark
from protocol.sealing import Digest
from protocol.wire import Wire, to_bytes

SALT_BYTES = 32


class PermitSubject(Wire, frozen=True, kw_only=True):
    """Who did what to which document."""

    what: Annotated[str, msgspec.Meta(pattern=r"\A[a-z]{1,20}\Z")]
    """numbered, signed, voided, revoked."""
    case: RegistrationNo
    number: str
    person: str
    role: str
    office: str
    capacity: str = ""
    code: str = ""
    """Reason of a void or of a revocation."""
    mark: Mark | None = None
    document: Digest | None = None
    """SHA-256 of the signed file."""
    reason: Digest | None = None
    """SHA-256 of what was written."""
    second: str = ""
    """Who proposed what this person carried out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What an entry says beyond who, when and which case."""

    what: str
    number: str
    code: str = ""
    mark: bytes | None = None
    document: bytes | None = None
    reason: bytes | None = None
    second: str = ""


def write_entry(
    session: Session, now: datetime, actor: Actor, case: Case, note: Note, randomness: Randomness
) -> tuple[int, int]:
    """Append the ledger entry with its opening; return index and log time in milliseconds."""
    subject = to_bytes(
        PermitSubject(
            what=note.what,
            case=RegistrationNo(case.registration_no),
            number=note.number,
            person=actor.person_id,
            role=str(actor.role),
            office=str(actor.office),
            capacity=str(actor.capacity or ""),
            code=note.code,
            mark=note.mark,
            document=note.document,
            reason=note.reason,
            second=note.second,
        )
    )
    salt = randomness.token(SALT_BYTES)
    draft = EntryDraft(
        kind=f"permit.{note.what}",
        salt=salt,
        subject=subject,
        village=VillageCode(case.village),
        service=ServiceCode(case.service),
    )
    done = append(session, to_ms(now), [draft])[0]
    session.add(PermitOpening(ledger_index=done.index, salt=salt, subject=subject))
    return done.index, done.time_ms
