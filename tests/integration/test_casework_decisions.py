"""Decisions on real databases: two bodies, refusals, proposals, reopening, and many people at once (F25, F26, F36)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.rules import Role
from hub.casework.commands import ProposalKind
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.casework.rules import RAPID_DECISIONS, CaseRule, CaseState, StageOutcome, StageState
from hub.casework.tables import Case, CaseDecision, CaseProposal, CaseStage, RapidDecisions
from hub.dispatch.acts import take_act
from hub.ledger.tables import LedgerEntry
from protocol.errors import ActNotAllowedError
from protocol.notices import Act, ActKind, CaseNews
from tests.cases import Town, Worker, make_town

COUNTER = ("front_office", "one-stop")
HEAD = ("head", "one-stop")
DPUPR = ("head", "agency.dpupr")
CAMAT = ("head", "subdistrict.33.14.01")
ROUNDS = 250
"""Times that two people press at the same moment, on each of the two databases."""


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    made = make_town(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def decisions(town: Town, case_id: str) -> list[tuple[str, str]]:
    with town.hub.database.reading() as session:
        wanted = select(CaseDecision.verdict, CaseDecision.state).where(CaseDecision.case_id == case_id)
        return [(verdict, state) for verdict, state in session.execute(wanted.order_by(CaseDecision.number))]


def refused(move: Callable[[], None]) -> CaseRule:
    with pytest.raises(MoveRefusedError) as caught:
        move()
    return caught.value.rule


def at_decision(town: Town, service: str) -> str:
    case_id = town.case(service)
    town.work_off(case_id, until="decision")
    return case_id


def test_a_decision_of_one_body_stands_at_once(town: Town) -> None:
    case_id = at_decision(town, "APOTEK")
    town.worker(case_id, *HEAD).decide()
    assert decisions(town, case_id) == [("granted", "standing")]
    assert (town.load(case_id).state, town.load(case_id).outcome) == (CaseState.DECIDED, "issued")
    assert town.receipts()[-1] == "decided"


def test_two_bodies_of_two_offices_decide(town: Town) -> None:
    case_id = at_decision(town, "REKLAME")
    town.worker(case_id, *HEAD).decide()
    assert (decisions(town, case_id), town.load(case_id).outcome) == ([("granted", "proposed")], "")
    assert "decided" not in town.receipts()
    town.worker(case_id, *DPUPR).confirm()
    assert (decisions(town, case_id), town.load(case_id).outcome) == ([("granted", "standing")], "issued")
    assert town.receipts()[-1] == "decided"


def test_what_does_not_stand_is_no_news_for_the_village(town: Town) -> None:
    case_id = at_decision(town, "REKLAME")
    town.told.clear()
    town.worker(case_id, *HEAD).decide(StageOutcome.REFUSED)
    town.worker(case_id, *DPUPR).confirm(agrees=False)
    assert [(each.event, each.code) for each in town.told if isinstance(each, CaseNews)] == [
        ("proposed", ""),
        ("declined", ""),
    ]


def test_the_second_body_may_send_it_back_with_a_reason(town: Town) -> None:
    case_id = at_decision(town, "REKLAME")
    town.worker(case_id, *HEAD).decide()
    assert refused(lambda: town.worker(case_id, *DPUPR).confirm(agrees=False, note="")) is CaseRule.NOTE_NEEDED
    town.worker(case_id, *DPUPR).confirm(agrees=False)
    stages = town.stages(case_id)
    assert (stages["decision"], stages["confirmation"]) == (StageState.OPEN, StageState.WAITING)
    town.worker(case_id, *HEAD).decide(StageOutcome.REFUSED)
    town.worker(case_id, *DPUPR).confirm()
    assert decisions(town, case_id) == [("granted", "declined"), ("refused", "standing")]


def test_who_prepared_a_case_never_decides_on_it(town: Town) -> None:
    """The same person comes back in another role, as under a delegation."""
    case_id = at_decision(town, "APOTEK")
    preparer = town.at("front_office", "one-stop").person_id
    head = town.person(Role.HEAD, "one-stop")
    acting = type(head)(person_id=preparer, role=Role.HEAD, office=head.office, name="")
    assert refused(lambda: town.as_(acting, case_id).decide()) is CaseRule.SAME_PERSON
    assert decisions(town, case_id) == []


@pytest.mark.parametrize(("note", "rule"), [("", CaseRule.NOTE_NEEDED), ("x" * 1001, CaseRule.NOTE_LONG)])
def test_a_refusal_says_why(town: Town, note: str, rule: CaseRule) -> None:
    case_id = at_decision(town, "APOTEK")
    assert refused(lambda: town.worker(case_id, *HEAD).decide(StageOutcome.REFUSED, note)) is rule


def test_a_grant_against_an_opinion_says_why(town: Town) -> None:
    case_id = town.case("APOTEK")
    town.work_off(case_id, until="decision", inspection="no")
    assert refused(lambda: town.worker(case_id, *HEAD).decide(note="")) is CaseRule.NOTE_NEEDED
    town.worker(case_id, *HEAD).decide()


def test_a_refusal_stands_when_a_second_person_of_another_office_agrees(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    assert (decisions(town, case_id), town.load(case_id).state) == ([("refused", "proposed")], CaseState.IN_PROGRESS)
    town.worker(case_id, *HEAD).answer()
    assert (town.load(case_id).state, town.load(case_id).outcome) == (CaseState.DECIDED, "refused")
    assert [row.stage for row in town.open_rows(case_id)] == ["signature"]
    town.work_off(case_id)
    assert town.load(case_id).state == CaseState.CLOSED


def test_a_refusal_that_the_second_person_declines_opens_the_decision_again(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    town.worker(case_id, *HEAD).answer(agrees=False)
    town.worker(case_id, *CAMAT).decide()
    assert decisions(town, case_id) == [("refused", "declined"), ("granted", "standing")]


def test_only_the_head_of_the_other_office_answers(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    camat = town.worker(case_id, *CAMAT)
    camat.decide(StageOutcome.REFUSED)
    second = town.person(Role.HEAD, "subdistrict.33.14.01")
    assert refused(lambda: town.worker(case_id, *CAMAT).answer()) is CaseRule.SAME_PERSON
    assert refused(lambda: town.as_(second, case_id).answer()) is CaseRule.SAME_OFFICE
    assert refused(lambda: town.worker(case_id, *COUNTER).answer()) is CaseRule.NOT_YOUR_STAGE
    with pytest.raises(CaseNotFoundError):
        town.worker(case_id, "head", "agency.dlh").answer()


def test_who_proposed_may_take_it_back(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    town.worker(case_id, *CAMAT).answer(agrees=False, note="")
    assert town.stages(case_id)["decision"] == StageState.OPEN
    with town.hub.database.reading() as session:
        assert session.scalars(select(CaseProposal.state)).one() == "taken_back"


def test_while_a_proposal_is_open_nothing_is_decided(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    assert refused(lambda: town.worker(case_id, *CAMAT).decide()) is CaseRule.PROPOSAL_OPEN


def test_a_refused_case_is_reopened_by_two_persons(town: Town) -> None:
    case_id = at_decision(town, "APOTEK")
    town.work_off(case_id, decision="refused")
    assert town.load(case_id).state == CaseState.CLOSED
    town.worker(case_id, *HEAD).propose(ProposalKind.REOPEN)
    town.worker(case_id, "head", "agency.dinkes").answer()
    case = town.load(case_id)
    assert (case.round, case.outcome, case.closed_at, case.state) == (2, "", None, CaseState.IN_PROGRESS)
    assert [row.stage for row in town.open_rows(case_id)] == ["decision"]
    town.work_off(case_id)
    assert decisions(town, case_id) == [("refused", "superseded"), ("granted", "standing")]
    assert (town.load(case_id).outcome, town.receipts().count("decided")) == ("issued", 2)


def test_what_was_handed_over_before_is_no_answer_for_a_new_decision(town: Town) -> None:
    case_id = at_decision(town, "APOTEK")
    town.work_off(case_id, decision="refused")
    act = Act(
        kind=str(ActKind.HANDED_OVER),
        act=bytes(32),
        bundle=town.made[-1].bundle,
        node=town.made[-1].manifest.node,
        officer=town.made[-1].manifest.officer,
        claimed_at=1,
    )
    with town.hub.database.session() as session:
        take_act(session, town.now(), act, town.tools)  # said again: the first answer holds
    town.worker(case_id, *HEAD).propose(ProposalKind.REOPEN)
    town.worker(case_id, "head", "agency.dinkes").answer()
    town.work_off(case_id, until="signature")
    with town.hub.database.session() as session, pytest.raises(ActNotAllowedError):
        take_act(session, town.now(), act, town.tools)


def test_a_withdrawn_case_goes_on_where_it_was(town: Town) -> None:
    case_id = town.case("JALAN")
    town.work_off(case_id, until="payment")
    town.worker(case_id, "subdistrict_officer", "subdistrict.33.14.01").withdraw()
    case = town.load(case_id)
    assert (case.state, case.outcome, town.open_rows(case_id)) == (CaseState.WITHDRAWN, "withdrawn", [])
    town.worker(case_id, *CAMAT).propose(ProposalKind.REOPEN)
    town.worker(case_id, *HEAD).answer()
    assert [row.stage for row in town.open_rows(case_id)] == ["payment"]
    town.work_off(case_id)
    assert town.load(case_id).outcome == "issued"


def test_an_application_is_withdrawn_at_its_counter_until_a_decision_stands(town: Town) -> None:
    case_id = at_decision(town, "APOTEK")
    assert refused(lambda: town.worker(case_id, *HEAD).withdraw()) is CaseRule.NOT_YOUR_STAGE
    assert refused(lambda: town.worker(case_id, *COUNTER).withdraw("")) is CaseRule.NOTE_NEEDED
    town.worker(case_id, *HEAD).decide()
    assert refused(lambda: town.worker(case_id, *COUNTER).withdraw()) is CaseRule.STATE


@pytest.mark.parametrize("kind", [ProposalKind.REOPEN, ProposalKind.REVOCATION, ProposalKind.FEE_CHANGE])
def test_nothing_is_proposed_that_does_not_fit(town: Town, kind: ProposalKind) -> None:
    case_id = at_decision(town, "APOTEK")
    assert refused(lambda: town.worker(case_id, *HEAD).propose(kind)) is CaseRule.NOT_PROPOSABLE
    assert refused(lambda: town.worker(case_id, *HEAD).propose(ProposalKind.REFUSAL)) is CaseRule.NOT_PROPOSABLE


def test_what_a_higher_room_has_to_do_is_done_with_its_payload(town: Town) -> None:
    done: list[tuple[str, bytes]] = []

    def revoke(session: Session, _now: object, _actor: object, case: object, payload: bytes) -> None:
        assert session.in_transaction()
        done.append((getattr(case, "case_id", ""), payload))

    object.__setattr__(town.tools, "effects", {ProposalKind.REVOCATION: revoke})
    case_id = at_decision(town, "APOTEK")
    town.work_off(case_id)
    town.worker(case_id, *HEAD).propose(ProposalKind.REVOCATION, payload=b"permit 7")
    assert done == []
    town.worker(case_id, "head", "agency.dinkes").answer()
    assert done == [(case_id, b"permit 7")]


def test_the_database_keeps_one_decision_whatever_the_code_does(town: Town) -> None:
    case_id = at_decision(town, "APOTEK")
    town.worker(case_id, *HEAD).decide()
    with town.hub.database.reading() as session:
        first = session.scalars(select(CaseDecision).where(CaseDecision.case_id == case_id)).one()
    values = {column.key: getattr(first, column.key) for column in CaseDecision.__table__.columns}
    with pytest.raises(IntegrityError), town.hub.database.session() as session:
        session.add(CaseDecision(**(values | {"number": 2})))


def test_of_two_who_decide_at_once_exactly_one_wins(town: Town) -> None:
    """F25: granted against refused, again and again; one decision, one ledger entry of it."""
    case_id = at_decision(town, "PM")
    heads = [town.person(Role.HEAD, "one-stop") for _ in range(2)]
    verdicts, winners = (StageOutcome.GRANTED, StageOutcome.REFUSED), set()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            workers, entries = [town.as_(head, case_id) for head in heads], _entries(town)
            presses = [pool.submit(_wins, worker, verdict) for worker, verdict in zip(workers, verdicts, strict=True)]
            assert sorted(press.result() for press in presses) == [False, True]
            found = decisions(town, case_id)
            assert len(found) == 1
            winners.add(found[0][0])
            # the move itself, and where it stands the receipt
            assert _entries(town) - entries == (2 if found[0] == ("granted", "standing") else 1)
            _set_back(town, case_id)
    assert winners == {"granted", "refused"}


def _wins(worker: Worker, verdict: StageOutcome) -> bool:
    try:
        worker.decide(verdict)
    except (ConflictError, MoveRefusedError):
        return False
    return True


def _set_back(town: Town, case_id: str) -> None:
    """Lay the case before the deciders again, as if nothing had been decided."""
    with town.hub.database.session() as session:
        session.execute(delete(CaseDecision))
        session.execute(delete(CaseProposal))
        session.execute(delete(CaseStage).where(CaseStage.stage == "proposal"))
        for row in session.scalars(select(CaseStage).where(CaseStage.case_id == case_id)):
            if row.stage in {"decision", "signature"}:
                row.state = str(StageState.OPEN if row.stage == "decision" else StageState.WAITING)
                row.outcome = ""
        case = session.get_one(Case, case_id)
        case.state, case.outcome, case.decided_at = str(CaseState.IN_PROGRESS), "", None


def test_many_clicks_are_one_move(town: Town) -> None:
    """F26: the same form, sent many times."""
    case_id = at_decision(town, "PM")
    worker = town.worker(case_id, *HEAD)

    def press(_: int) -> bool:
        try:
            worker.decide()
        except (ConflictError, MoveRefusedError):
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(press, range(12))) == 1
    assert (len(decisions(town, case_id)), town.receipts().count("decided")) == (1, 1)


def test_two_answers_at_once_carry_out_one(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    heads = [town.person(Role.HEAD, "one-stop") for _ in range(2)]
    workers = [town.as_(head, case_id) for head in heads]

    def press(number: int) -> bool:
        try:
            workers[number].answer(agrees=bool(number))
        except (ConflictError, MoveRefusedError):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == [False, True]
    with town.hub.database.reading() as session:
        assert session.scalars(select(CaseProposal.state)).one() in {"confirmed", "declined"}


def test_who_decides_faster_than_anybody_reads_is_flagged(town: Town) -> None:
    """F36: allowed by right, and there is a row that says so."""
    case_id, head = at_decision(town, "PM"), town.at(*HEAD)
    now = town.hub.clock.now()
    with town.hub.database.session() as session:
        for number in range(RAPID_DECISIONS):
            session.add(
                CaseDecision(
                    case_id=case_id,
                    number=100 + number,
                    verdict="granted",
                    state="superseded",
                    person_id=head.person_id,
                    office="one-stop",
                    role="head",
                    capacity="",
                    at=now,
                    confirmed_office="",
                )
            )
    town.worker(case_id, *HEAD).decide()
    with town.hub.database.reading() as session:
        flag = session.scalars(select(RapidDecisions)).one()
    assert (flag.person_id, flag.office, flag.decisions) == (head.person_id, "one-stop", RAPID_DECISIONS + 1)


def _entries(town: Town) -> int:
    with town.hub.database.reading() as session:
        return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0
