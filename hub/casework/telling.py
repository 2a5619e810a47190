"""The sealed tidings of casework: what a village has to correct, and results that come without a document of ours."""

from datetime import datetime

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.events import CaseTools, applicant_place, data_key
from hub.casework.tables import Case
from hub.storage.ports import to_ms
from protocol.bundle import Applicant
from protocol.ids import RegistrationNo
from protocol.limits import MAX_MANIFEST_BYTES
from protocol.notices import Decision
from protocol.wire import from_bytes


def applicant_of(session: Session, case: Case, tools: CaseTools) -> Applicant:
    """Return the resident of a case."""
    plain = data_key(session, tools.keyring, case.bundle_id).open(case.applicant, applicant_place(case.case_id))
    return from_bytes(plain, Applicant, max_bytes=MAX_MANIFEST_BYTES)


def tell_result(
    session: Session, now: datetime, actor: Actor, case: Case, words: tuple[str, str], tools: CaseTools
) -> None:
    """Tell the village a result that no document of ours carries: number and reasons are the ``words``."""
    number, reasons = words
    tidings = Decision(
        bundle=case.bundle_id,
        registration_no=RegistrationNo(case.registration_no),
        outcome=case.outcome,
        office=str(actor.office),
        decided_at=to_ms(now),
        number=number,
        reasons=reasons,
        applicant_name=applicant_of(session, case, tools).name,
    )
    tools.notify(session, now, tidings)
