"""Read models: the fee of a case as its page shows it, the papers about it, and the revenue against target."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.delegation_rules import local_day
from hub.accounts.rules import Actor, Role
from hub.casework.errors import MoveRefusedError
from hub.casework.events import Happening, data_key, write_event
from hub.casework.rules import EventKind, Move
from hub.casework.scope import load_case
from hub.casework.stages import Work, load_work, row_for
from hub.casework.tables import CaseStage
from hub.fees.errors import FeeRefusedError
from hub.fees.rules import AssessmentState, FeeRule, share_of_target
from hub.fees.service import LEVY_NOTICE, PAYMENT_RECEIPT, FeeTools, inputs_place
from hub.fees.tables import FeeAssessment, FeePayment
from hub.fees.targets import Key
from hub.intake.effective import effective_manifest
from hub.permits.letter import Letter, compose, village_values
from hub.permits.paper import Paper
from hub.permits.rules import long_date
from hub.permits.tables import RegisterLine
from hub.permits.wording import grouped_number, in_words, rupiah
from protocol.catalogue import FieldType, OfficeCode, Service, StageAction
from protocol.fees import Fee, assess_fee
from protocol.ids import VillageCode

SEES_ALL = frozenset({"one-stop", "agency.bpkpd"})
"""Offices whose heads answer for the whole revenue."""

NOTICE_TITLE, RECEIPT_TITLE = "Surat Ketetapan Retribusi Daerah", "Tanda Bukti Pembayaran"


@dataclass(frozen=True, kw_only=True, slots=True)
class AssessmentLine:
    """One assessment of a case, with its payment."""

    state: AssessmentState
    amount_rp: int
    reference: str
    payment_code: str
    office: str
    at: datetime
    has_notice: bool
    receipt: str = ""
    paid_on: str = ""
    channel: str = ""
    proof: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeePage:
    """What the page about a case's fee shows."""

    case_id: str
    version: int
    registration_no: str
    service: Service
    fee: Fee
    lines: tuple[AssessmentLine, ...]
    assess_at: CaseStage | None
    """The stage at which this person may set the amount now."""
    pay_at: CaseStage | None
    may_change: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RevenueLine:
    """What an office took in with a service in a year."""

    office: str
    service: str
    payments: int
    revenue_rp: int
    target_rp: int | None

    @property
    def per_mille(self) -> int | None:
        """Revenue in per mille of the target; None without a target."""
        return share_of_target(self.revenue_rp, self.target_rp)


def fee_page(session: Session, actor: Actor, case_id: str, tools: FeeTools) -> FeePage:
    """Return the fee of a case, and what this person may do.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
    """
    work = load_work(session, actor, case_id, tools.case)
    manifest = effective_manifest(session, tools.case.keyring, work.service, work.case.bundle_id).manifest
    lines = tuple(assessments_of(session, case_id))
    return FeePage(
        case_id=case_id,
        version=work.case.version_id,
        registration_no=work.case.registration_no,
        service=work.service,
        fee=assess_fee(work.service, manifest.answers),
        lines=lines,
        assess_at=_finishable(session, actor, work, StageAction.ASSESSMENT),
        pay_at=_finishable(session, actor, work, StageAction.PAYMENT),
        may_change=any(line.state is AssessmentState.DUE for line in lines) and _may_change(actor, work),
    )


def charged_rp(session: Session, case_id: str) -> int | None:
    """Return what a case is charged as it stands, in rupiah; None when nothing was assessed."""
    counts = FeeAssessment.state != str(AssessmentState.REPLACED)
    total = session.scalar(select(func.sum(FeeAssessment.amount_rp)).where(FeeAssessment.case_id == case_id, counts))
    return None if total is None else int(total)


def fee_paper(session: Session, now: datetime, actor: Actor, case_id: str, template_key: str, tools: FeeTools) -> Paper:
    """Return the levy notice or the receipt of a case as it was given, and note the look (fault F37).

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        FeeRefusedError: there is no such paper.
    """
    case = load_case(session, actor, case_id)
    wanted = select(FeeAssessment).where(
        FeeAssessment.case_id == case_id, FeeAssessment.state != str(AssessmentState.REPLACED)
    )
    found = session.scalars(wanted.order_by(FeeAssessment.assessment_id.desc())).first()
    payment = None if found is None else _payment(session, found.assessment_id)
    line_id = _line_of(template_key, found, payment)
    if found is None or line_id is None:
        raise FeeRefusedError(FeeRule.NOT_ASSESSED)
    line = session.get_one(RegisterLine, line_id)
    key = data_key(session, tools.case.keyring, case.bundle_id)
    inputs = json.loads(key.open(found.inputs, inputs_place(found.assessment_id)))
    service = tools.case.catalogue.service(case.service, case.service_version)
    manifest = effective_manifest(session, tools.case.keyring, service, case.bundle_id).manifest
    values = {
        "holder": manifest.applicant.name,
        "address": manifest.applicant.address,
        "service": service.name.id,
        "registration_no": case.registration_no,
        "basis": str(inputs["basis"]),
        "amount": rupiah(found.amount_rp),
        "amount_words": in_words(found.amount_rp),
        "payment_code": found.payment_code or "",
        **_payment_values(payment),
        **village_values(VillageCode(case.village), tools.case.catalogue),
    }
    letter = Letter(
        office=OfficeCode(line.office),
        number=line.number,
        day=local_day(line.taken_at),
        values=values,
        answers=_factors(service, inputs),
        title=NOTICE_TITLE if template_key == LEVY_NOTICE else RECEIPT_TITLE,
        made_at=line.taken_at,
    )
    write_event(session, now, actor, case, Happening(kind=EventKind.FILE_VIEWED, names=(template_key,)), tools.case)
    return compose(letter, tools.stationery.template(template_key), tools.stationery, tools.case.catalogue)


def revenue(session: Session, actor: Actor, year: int, targets: Mapping[Key, int]) -> list[RevenueLine]:
    """Return revenue and target per office and service; heads see their own office's, the inspectorate all."""
    first, last = date(year, 1, 1).isoformat(), date(year, 12, 31).isoformat()
    amounts = session.execute(
        select(FeePayment.office, FeePayment.service, func.count(), func.sum(FeePayment.amount_rp))
        .where(FeePayment.paid_on >= first, FeePayment.paid_on <= last)
        .group_by(FeePayment.office, FeePayment.service)
    )
    paid = {(office, service): (int(count), int(total)) for office, service, count, total in amounts}
    wanted = {(office, service): target for (of, office, service), target in targets.items() if of == year}
    sees_all = actor.role is Role.INSPECTORATE or str(actor.office) in SEES_ALL
    return [
        RevenueLine(
            office=office,
            service=service,
            payments=paid.get((office, service), (0, 0))[0],
            revenue_rp=paid.get((office, service), (0, 0))[1],
            target_rp=wanted.get((office, service)),
        )
        for office, service in sorted({*paid, *wanted})
        if sees_all or office == str(actor.office)
    ]


def assessments_of(session: Session, case_id: str) -> list[AssessmentLine]:
    """Return every assessment of a case, oldest first, those that were replaced too."""
    rows = session.execute(
        select(FeeAssessment, FeePayment, RegisterLine.number)
        .outerjoin(FeePayment, FeePayment.assessment_id == FeeAssessment.assessment_id)
        .outerjoin(RegisterLine, RegisterLine.line_id == FeePayment.line_id)
        .where(FeeAssessment.case_id == case_id)
        .order_by(FeeAssessment.assessment_id)
    )
    return [_line(*row) for row in rows]


def _line(assessment: FeeAssessment, payment: FeePayment | None, number: str | None) -> AssessmentLine:
    return AssessmentLine(
        state=AssessmentState(assessment.state),
        amount_rp=assessment.amount_rp,
        reference=assessment.reference,
        payment_code=assessment.payment_code or "",
        office=assessment.office,
        at=assessment.at,
        has_notice=assessment.line_id is not None,
        receipt=number or "",
        paid_on="" if payment is None else payment.paid_on,
        channel="" if payment is None else payment.channel,
        proof="" if payment is None else payment.reference,
    )


def _finishable(session: Session, actor: Actor, work: Work, action: StageAction) -> CaseStage | None:
    for row in work.rows:
        if row.action != action:
            continue
        try:
            return row_for(session, actor, work, Move.FINISH, (row.stage, row.seat), None)
        except MoveRefusedError:
            continue
    return None


def _may_change(actor: Actor, work: Work) -> bool:
    is_assessor = any(
        (row.action, row.office, row.role) == (StageAction.ASSESSMENT, str(actor.office), str(actor.role))
        for row in work.rows
    )
    return is_assessor or actor.role in {Role.HEAD, Role.DIVISION_HEAD}


def _payment(session: Session, assessment_id: str) -> FeePayment | None:
    return session.scalar(select(FeePayment).where(FeePayment.assessment_id == assessment_id))


def _line_of(template_key: str, found: FeeAssessment | None, payment: FeePayment | None) -> int | None:
    if template_key == PAYMENT_RECEIPT:
        return None if payment is None else payment.line_id
    return None if found is None else found.line_id


def _payment_values(payment: FeePayment | None) -> dict[str, str]:
    if payment is None:
        return {}
    return {"proof": payment.reference, "paid_on": long_date(date.fromisoformat(payment.paid_on))}


def _factors(service: Service, inputs: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what the amount was computed from, as rows of the paper."""
    factors = inputs.get("factors")
    rows = []
    for key, value in factors.items() if isinstance(factors, dict) else ():
        field = service.field(key)
        if field is not None and isinstance(value, int):
            amount = f"{value / 100:.2f}".replace(".", ",") if field.type is FieldType.HUNDREDTHS else str(value)
            rows.append((field.label.id, f"{amount} {field.unit or ''}".strip()))
    tariff = inputs.get("tariff_rp")
    if isinstance(tariff, int):
        rows.append(("Tarif", f"Rp{grouped_number(tariff)}"))
    return tuple(rows)
