"""What a case does when one of its files is put in quarantine: it goes on, and everybody concerned can see why.

The worker finds it out, or whoever opened the file first; no person did anything, so the event names none.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.attachments.rules import GRAVE, Verdict
from hub.attachments.service import Announce
from hub.casework.events import SALT_BYTES, CaseTools, Happening, news_of, tell
from hub.casework.rules import EventKind
from hub.casework.tables import Case, CaseBundle, CaseEvent, CaseOpening
from hub.ledger.service import EntryDraft, append
from hub.storage.ports import to_ms
from protocol.ids import RegistrationNo, ServiceCode, VillageCode
from protocol.wire import Wire, to_bytes


class QuarantineSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``case.quarantined`` hides."""

    kind: EventKind
    case: RegistrationNo
    file: str
    """Bundle of the case, dot, position in it."""
    code: str


def announcer(tools: CaseTools) -> Announce:
    """Return what ``attachments`` calls, in its transaction, for a file that was put in quarantine."""

    def announce(session: Session, now: datetime, bundle_id: bytes, position: int, verdict: Verdict) -> None:
        wanted = select(Case, CaseBundle.position).join(CaseBundle, CaseBundle.case_id == Case.case_id)
        found = session.execute(wanted.where(CaseBundle.bundle_id == bundle_id)).first()
        if found is not None:
            case, bundle = found
            code = next(str(each) for each in verdict.findings if each in GRAVE)
            _note(
                session,
                now,
                case,
                Happening(kind=EventKind.QUARANTINED, code=code, names=(f"{bundle}.{position}",)),
                tools,
            )

    return announce


def _note(session: Session, now: datetime, case: Case, happening: Happening, tools: CaseTools) -> None:
    salt = tools.randomness.token(SALT_BYTES)
    subject = to_bytes(
        QuarantineSubject(
            kind=happening.kind,
            case=RegistrationNo(case.registration_no),
            file=happening.names[0],
            code=happening.code,
        )
    )
    draft = EntryDraft(
        kind=f"case.{happening.kind}",
        salt=salt,
        subject=subject,
        village=VillageCode(case.village),
        service=ServiceCode(case.service),
    )
    done = append(session, to_ms(now), [draft])[0]
    session.add(CaseOpening(ledger_index=done.index, salt=salt, subject=subject))
    session.add(
        CaseEvent(
            case_id=case.case_id,
            kind=str(happening.kind),
            office=case.front_office,
            person_id=None,
            at=now,
            ledger_index=done.index,
            code=happening.code,
            names=" ".join(happening.names),
        )
    )
    tell(session, now, case, news_of(case, happening, case.front_office, (done.index, done.time_ms)), tools)
