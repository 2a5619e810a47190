"""From the amount to the receipt: set once, paid once, changed by two persons of two offices."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial

import msgspec
import pytest
from sqlalchemy import select

from hub.accounts.rules import Actor, Role
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.fees.changes import ChangeCommand, propose_change
from hub.fees.errors import FeeRefusedError
from hub.fees.queries import fee_paper, revenue
from hub.fees.rules import Channel, Claim, FeeRule, Paid
from hub.fees.service import LEVY_NOTICE, PAYMENT_RECEIPT, AssessCommand, PayCommand, assess, record_payment
from hub.fees.tables import FeeAssessment, FeePayment
from hub.permits.paper import draw
from protocol.bundle import Manifest
from protocol.catalogue import StageAction
from protocol.ids import FieldKey
from protocol.notices import CaseNews
from tests.integration.permits.desk import Desk
from tests.integration.permits.test_issuing import audit, text_of

ROAD = {"length": 1_250, "width": 400}
"""12.50 m by 4.00 m: 50 m² at Rp500."""


def road(made: Manifest) -> Manifest:
    answers = dict(made.answers) | {FieldKey(key): value for key, value in ROAD.items()}
    return msgspec.structs.replace(made, answers=answers)


def waiting(desk: Desk, until: str = "levy") -> str:
    case_id = desk.town.case("JALAN", change=road)
    desk.town.work_off(case_id, until=until)
    return case_id


def officer(desk: Desk, case_id: str, action: StageAction) -> Actor:
    row = desk.row(case_id, action)
    return desk.town.at(row.role, row.office)


def set_fee(desk: Desk, case_id: str, claim: Claim = Claim(), actor: Actor | None = None) -> FeeAssessment:  # noqa: B008  # frozen
    row = desk.row(case_id, StageAction.ASSESSMENT)
    command = AssessCommand(
        case_id=case_id, version=desk.command(case_id).version, stage=row.stage, seat=row.seat, claim=claim
    )
    with desk.town.hub.database.session() as session:
        actor = actor or officer(desk, case_id, StageAction.ASSESSMENT)
        return assess(session, desk.town.now(), actor, command, desk.fees)


def a_proof(due: str, **changes: object) -> Paid:
    made = Paid(code=due, amount_rp=25_000, channel=Channel.BANK, reference="TRX-0001", paid_on=date(2026, 11, 24))
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names fields that exist


def pay(desk: Desk, case_id: str, paid: Paid, version: int | None = None) -> FeePayment:
    row = desk.row(case_id, StageAction.PAYMENT)
    seen = desk.command(case_id).version if version is None else version
    command = PayCommand(case_id=case_id, version=seen, stage=row.stage, seat=row.seat, paid=paid)
    with desk.town.hub.database.session() as session:
        actor = officer(desk, case_id, StageAction.PAYMENT)
        return record_payment(session, desk.town.now(), actor, command, desk.fees)


def refused(desk: Desk, case_id: str, paid: Paid) -> FeeRule:
    with pytest.raises(FeeRefusedError) as error:
        pay(desk, case_id, paid)
    return error.value.rule


def test_the_tariff_sets_the_amount_and_the_village_gets_the_code(desk: Desk) -> None:
    case_id = waiting(desk)
    due = set_fee(desk, case_id)
    news = [each for each in desk.town.told if isinstance(each, CaseNews) and each.event == "assessed"]
    assert (due.amount_rp, due.reference) == (25_000, "900.1.13/0001/SKRD/KEC.KALIJAMBE/2026")
    assert [(each.amount_rp, each.payment_code) for each in news] == [(25_000, due.payment_code)]
    assert desk.town.load(case_id).state == "awaiting_payment"


def test_nobody_can_ask_for_another_amount(desk: Desk) -> None:
    case_id = waiting(desk)
    with pytest.raises(FeeRefusedError):
        set_fee(desk, case_id, Claim(amount_rp=75_000))
    assert desk.numbers() == []


def test_another_desk_cannot_set_it(desk: Desk) -> None:
    case_id = waiting(desk)
    with pytest.raises((MoveRefusedError, CaseNotFoundError)):
        set_fee(desk, case_id, actor=desk.town.at("front_office", "one-stop"))


def test_a_payment_with_its_proof_lets_the_case_go_on(desk: Desk) -> None:
    case_id = waiting(desk)
    due = set_fee(desk, case_id)
    payment = pay(desk, case_id, a_proof(due.payment_code or ""))
    assert desk.numbers()[-1] == "900.1.13/0001/TBP/KEC.KALIJAMBE/2026"
    assert desk.row(case_id, StageAction.PAYMENT).reference == desk.numbers()[-1]
    assert desk.town.stages(case_id)["payment"] == "done"
    assert payment.amount_rp == 25_000
    assert audit(desk) == []


def test_the_same_proof_again_is_the_same_payment(desk: Desk) -> None:
    case_id = waiting(desk)
    proof = a_proof(set_fee(desk, case_id).payment_code or "")
    first = pay(desk, case_id, proof)
    again = pay(desk, case_id, replace(proof, reference="trx 0001"), version=1)
    assert first.payment_id == again.payment_id
    with desk.town.hub.database.reading() as session:
        assert len(session.scalars(select(FeePayment)).all()) == 1


def test_the_same_proof_sent_eight_times_at_once_pays_once(desk: Desk) -> None:
    case_id = waiting(desk)
    proof = a_proof(set_fee(desk, case_id).payment_code or "")
    officer(desk, case_id, StageAction.PAYMENT)
    version = desk.command(case_id).version
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(pay, desk, case_id, version=version), [proof] * 8))
    assert len({payment.payment_id for payment in found}) == 1


def test_a_proof_pays_for_one_case_alone(desk: Desk) -> None:
    first, second = waiting(desk), waiting(desk)
    pay(desk, first, a_proof(set_fee(desk, first).payment_code or ""))
    code = set_fee(desk, second).payment_code or ""
    assert refused(desk, second, a_proof(code)) is FeeRule.PROOF_USED
    assert desk.town.stages(second)["payment"] == "open"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"code": "3314260000004100"}, FeeRule.WRONG_CODE),
        ({"amount_rp": 20_000}, FeeRule.AMOUNT_DIFFERS),
        ({"paid_on": date(2026, 11, 25)}, FeeRule.DATE),
        ({"reference": ""}, FeeRule.REFERENCE_NEEDED),
    ],
)
def test_a_proof_that_does_not_fit_is_refused(desk: Desk, changes: dict[str, object], rule: FeeRule) -> None:
    case_id = waiting(desk)
    proof = a_proof(set_fee(desk, case_id).payment_code or "", **changes)
    assert refused(desk, case_id, proof) is rule
    assert desk.town.stages(case_id)["payment"] == "open"


def test_a_free_service_takes_nothing(desk: Desk) -> None:
    case_id = desk.town.case("PM")
    command = PayCommand(case_id=case_id, version=1, stage="completeness", paid=a_proof("3314260000004100"))
    with pytest.raises(FeeRefusedError) as error, desk.town.hub.database.session() as session:
        record_payment(session, desk.town.now(), desk.town.at("front_office", "one-stop"), command, desk.fees)
    assert error.value.rule is FeeRule.FREE_SERVICE


def test_a_levy_of_nothing_skips_the_payment(desk: Desk) -> None:
    case_id = desk.town.case("REKLAME")
    desk.town.work_off(case_id, until="tax")
    due = set_fee(desk, case_id, Claim(amount_rp=0, reference="SKPD-NIHIL/7"))
    assert (due.state, due.payment_code, due.line_id) == ("exempt", None, None)
    assert desk.town.stages(case_id)["payment"] == "skipped"


def test_a_local_tax_comes_by_its_own_number(desk: Desk) -> None:
    case_id = desk.town.case("REKLAME")
    desk.town.work_off(case_id, until="tax")
    due = set_fee(desk, case_id, Claim(amount_rp=480_000, reference="SKPD-2026/114"))
    assert (due.reference, due.line_id, due.amount_rp) == ("SKPD-2026/114", None, 480_000)
    pay(desk, case_id, a_proof(due.payment_code or "", amount_rp=480_000))
    assert desk.town.stages(case_id)["payment"] == "done"


def test_a_second_assessment_is_refused(desk: Desk) -> None:
    case_id = waiting(desk)
    set_fee(desk, case_id)
    with pytest.raises(MoveRefusedError):
        set_fee(desk, case_id)


def propose(desk: Desk, case_id: str, amount_rp: int) -> None:
    command = ChangeCommand(
        case_id=case_id, version=desk.command(case_id).version, amount_rp=amount_rp, reason="Luas diukur ulang"
    )
    with desk.town.hub.database.session() as session:
        actor = officer(desk, case_id, StageAction.ASSESSMENT)
        propose_change(session, desk.town.now(), actor, command, desk.fees)


def test_a_change_waits_for_a_second_office_and_ends_the_old_code(desk: Desk) -> None:
    case_id = waiting(desk)
    old = set_fee(desk, case_id)
    propose(desk, case_id, 40_000)
    row = next(row for row in desk.town.open_rows(case_id) if row.stage == "proposal")
    assert row.office != desk.row(case_id, StageAction.ASSESSMENT).office
    desk.town.worker(case_id, row.role, row.office).answer()
    with desk.town.hub.database.reading() as session:
        states = {each.state: each for each in session.scalars(select(FeeAssessment))}
    assert states["replaced"].assessment_id == old.assessment_id
    assert refused(desk, case_id, a_proof(old.payment_code or "")) is FeeRule.WRONG_CODE
    pay(desk, case_id, a_proof(states["due"].payment_code or "", amount_rp=40_000))
    news = [each for each in desk.town.told if isinstance(each, CaseNews) and each.event == "assessed"]
    assert [each.amount_rp for each in news] == [25_000, 40_000]
    assert audit(desk) == []


def test_the_letter_says_the_amount_that_counts_in_the_end(desk: Desk) -> None:
    case_id = waiting(desk)
    set_fee(desk, case_id)
    propose(desk, case_id, 40_000)
    row = next(row for row in desk.town.open_rows(case_id) if row.stage == "proposal")
    desk.town.worker(case_id, row.role, row.office).answer()
    with desk.town.hub.database.reading() as session:
        due = session.scalars(select(FeeAssessment).where(FeeAssessment.state == "due")).one()
    pay(desk, case_id, a_proof(due.payment_code or "", amount_rp=40_000))
    desk.town.work_off(case_id, until="signature")
    words = text_of(desk.pdf(desk.sign(case_id)))
    assert ("40.000" in words, "25.000" in words) == (True, False)


def test_a_change_that_the_second_office_declines_changes_nothing(desk: Desk) -> None:
    case_id = waiting(desk)
    old = set_fee(desk, case_id)
    propose(desk, case_id, 40_000)
    row = next(row for row in desk.town.open_rows(case_id) if row.stage == "proposal")
    desk.town.worker(case_id, row.role, row.office).answer(agrees=False)
    pay(desk, case_id, a_proof(old.payment_code or ""))


def test_the_same_amount_is_no_change(desk: Desk) -> None:
    case_id = waiting(desk)
    set_fee(desk, case_id)
    with pytest.raises(FeeRefusedError):
        propose(desk, case_id, 25_000)


def test_a_stale_page_sets_nothing(desk: Desk) -> None:
    case_id = waiting(desk)
    row = desk.row(case_id, StageAction.ASSESSMENT)
    command = AssessCommand(case_id=case_id, version=1, stage=row.stage, seat=row.seat, claim=Claim())
    with pytest.raises(ConflictError), desk.town.hub.database.session() as session:
        assess(session, desk.town.now(), officer(desk, case_id, StageAction.ASSESSMENT), command, desk.fees)


def test_notice_and_receipt_are_papers(desk: Desk) -> None:
    case_id = waiting(desk)
    due = set_fee(desk, case_id)
    pay(desk, case_id, a_proof(due.payment_code or ""))
    reader = officer(desk, case_id, StageAction.PAYMENT)
    shown = {}
    for key in (LEVY_NOTICE, PAYMENT_RECEIPT):
        with desk.town.hub.database.session() as session:
            shown[key] = text_of(draw(fee_paper(session, desk.town.now(), reader, case_id, key, desk.fees)))
    assert "Rp25.000" in shown[LEVY_NOTICE]
    assert "dua puluh lima ribu rupiah" in shown[LEVY_NOTICE]
    assert (due.payment_code or "") in shown[LEVY_NOTICE]
    assert "12,50 m" in shown[LEVY_NOTICE]
    assert "TRX-0001" in shown[PAYMENT_RECEIPT]
    assert "24 November 2026" in shown[PAYMENT_RECEIPT]


def test_revenue_is_counted_where_it_was_set(desk: Desk) -> None:
    for number in range(2):
        case_id = waiting(desk)
        pay(desk, case_id, a_proof(set_fee(desk, case_id).payment_code or "", reference=f"TRX-{number:04d}"))
    office = "subdistrict.33.14.01"
    targets = {(2026, office, "JALAN"): 100_000, (2027, office, "JALAN"): 1}
    town = desk.town
    with town.hub.database.reading() as session:
        seen = revenue(session, town.at(str(Role.INSPECTORATE), "inspectorate"), 2026, targets)
        elsewhere = revenue(session, town.at(str(Role.HEAD), "agency.dinkes"), 2026, targets)
        later = revenue(session, town.at(str(Role.HEAD), office), 2027, targets)
    assert [(line.office, line.payments, line.revenue_rp, line.per_mille) for line in seen] == [
        (office, 2, 50_000, 500)
    ]
    assert elsewhere == []
    assert [(line.revenue_rp, line.target_rp) for line in later] == [(0, 1)]
