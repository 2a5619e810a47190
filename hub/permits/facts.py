"""What a letter of a case says: read from the case, its merged application, the decision and the earlier letter."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from hub.accounts.delegation_rules import local_day
from hub.accounts.rules import Actor
from hub.casework.duplicates_rules import MarkKind
from hub.casework.duplicates_tables import CaseMark
from hub.casework.events import CaseTools, data_key
from hub.casework.moves_decisions import decision_place
from hub.casework.stages import standing_decision
from hub.casework.tables import Case
from hub.intake.effective import effective_manifest
from hub.permits.letter import region_title, village_values
from hub.permits.rules import PermitState, clean, long_date, valid_until
from hub.permits.stationery import REFUSAL, ServicePaper, Stationery
from hub.permits.tables import Permit, RegisterLine
from hub.permits.template import Template
from hub.permits.wording import fee_text, shown_answers
from protocol.bundle import Manifest
from protocol.catalogue import Service
from protocol.fees import assess_fee
from protocol.ids import VillageCode
from protocol.receipt import Outcome

REFUSAL_TITLE = "Surat Penolakan"


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What the letter of a case says, before it has a number."""

    template: Template
    title: str
    code: str
    holder: str
    valid_until: date | None
    values: dict[str, str]
    answers: tuple[tuple[str, str], ...]
    renews: str | None


def content_of(
    session: Session, now: datetime, actor: Actor, case: Case, stationery: Stationery, tools: CaseTools
) -> Content:
    """Return what the letter of a decided case says: its permit, or the refusal with its reasons.

    Raises:
        PermitRefusedError: nothing says how this service's letter looks.
    """
    service = tools.catalogue.service(case.service, case.service_version)
    manifest = effective_manifest(session, tools.keyring, service, case.bundle_id).manifest
    values = _common(case, service, manifest, tools)
    if case.outcome == Outcome.REFUSED:
        return Content(
            template=stationery.template(REFUSAL),
            title=REFUSAL_TITLE,
            code=stationery.refusal_code,
            holder=manifest.applicant.name,
            valid_until=None,
            values=values | _decision(session, case, tools),
            answers=(),
            renews=None,
        )
    paper = stationery.paper(case.service)
    until = _until(service, manifest, paper, local_day(now))
    earlier = _earlier(session, actor, case, manifest, paper)
    return Content(
        template=stationery.template(paper.template),
        title=paper.title,
        code=paper.code,
        holder=manifest.applicant.name,
        valid_until=until,
        values=values | {"validity": validity_text(service, until), "earlier_number": earlier[1]},
        answers=shown_answers(
            service, manifest.answers, paper.fields, lambda code: region_title(code, tools.catalogue)
        ),
        renews=earlier[0],
    )


def validity_text(service: Service, until: date | None) -> str:
    """Return how long a document holds, in words."""
    return f"sampai dengan {long_date(until)}" if until is not None else clean(service.validity.text.id).lower()


def _common(case: Case, service: Service, manifest: Manifest, tools: CaseTools) -> dict[str, str]:
    applicant, fee = manifest.applicant, assess_fee(service, manifest.answers)
    legal = "\n".join(f"{clean(text).rstrip(';.')};" for text in service.legal_basis)
    return {
        "holder": applicant.name,
        "nik": applicant.nik or "",
        "address": applicant.address,
        "service": service.name.id,
        "registration_no": case.registration_no,
        "applied_on": long_date(local_day(case.received_at)),
        "legal_basis": legal or "ketentuan peraturan perundang-undangan yang berlaku;",
        "amount": fee_text(fee.amount_rp) if fee.amount_rp is not None else clean(fee.basis.id),
        **village_values(VillageCode(case.village), tools.catalogue),
    }


def _decision(session: Session, case: Case, tools: CaseTools) -> dict[str, str]:
    decision = standing_decision(session, case.case_id)
    if decision is None:
        return {}
    key = data_key(session, tools.keyring, case.bundle_id)
    place = decision_place(case.case_id, decision.number)
    reasons = key.open(decision.note, place).decode() if decision.note is not None else ""
    return {"reasons": reasons, "decided_on": long_date(local_day(case.decided_at or decision.at))}


def _until(service: Service, manifest: Manifest, paper: ServicePaper, today: date) -> date | None:
    named = [date.fromisoformat(str(manifest.answers[key])) for key in paper.until if key in manifest.answers]
    return valid_until(today, service.validity.months, named)


def _earlier(
    session: Session, actor: Actor, case: Case, manifest: Manifest, paper: ServicePaper
) -> tuple[str | None, str]:
    """Return the earlier letter that the applicant named; one of ours is linked: same office, service and person.

    Who names a stranger's letter does not make it look renewed.
    """
    typed = clean(str(manifest.answers.get(paper.renews, ""))) if paper.renews is not None else ""
    if not typed:
        return None, ""
    ours, theirs = aliased(CaseMark), aliased(CaseMark)
    wanted = (
        select(Permit.permit_id)
        .join(RegisterLine, RegisterLine.line_id == Permit.line_id)
        .join(Case, Case.case_id == Permit.case_id)
        .join(theirs, (theirs.case_id == Permit.case_id) & (theirs.kind == str(MarkKind.NIK)))
        .join(ours, (ours.value == theirs.value) & (ours.kind == theirs.kind))
        .where(
            ours.case_id == case.case_id,
            RegisterLine.number == typed,
            Permit.office == str(actor.office),
            Permit.state == str(PermitState.ISSUED),
            Case.service == case.service,
        )
    )
    return session.scalar(wanted), typed
