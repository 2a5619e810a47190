"""Ways round the second person, tried out on real databases: each of them is refused, or changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.accounts.delegation_rules import local_day
from hub.accounts.rules import Actor, Role, SignCapacity
from hub.accounts.tables import Delegation
from hub.casework.commands import ProposalKind
from hub.casework.errors import MoveRefusedError
from hub.casework.rules import CaseRule, CaseState, Correction, StageOutcome, StageState
from protocol.receipt import ReturnReason
from tests.cases import Town, make_town

HEAD = ("head", "one-stop")
CAMAT = ("head", "subdistrict.33.14.01")
DPUPR = ("head", "agency.dpupr")


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    made = make_town(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def refused(move: Callable[[], None]) -> CaseRule:
    with pytest.raises(MoveRefusedError) as caught:
        move()
    return caught.value.rule


def at_decision(town: Town, service: str) -> str:
    case_id = town.case(service)
    town.work_off(case_id, until="decision")
    return case_id


def question(*fields: str) -> Correction:
    return Correction(reason=ReturnReason.DATA_WRONG, fields=fields)


def stand_in(town: Town, principal: Actor) -> Actor:
    """Return somebody who acts on behalf of a head."""
    holder, day = town.person(Role.DIVISION_HEAD, principal.office), local_day(town.hub.clock.now())
    row = Delegation(
        delegation_id=town.ids.new(),
        office=str(principal.office),
        role="head",
        capacity="an",
        holder_id=holder.person_id,
        principal_id=principal.person_id,
        first_day=day,
        last_day=day + timedelta(days=3),
        basis="SPT 800/1/2026",
        entered_by=principal.person_id,
        entered_at=town.hub.clock.now(),
    )
    with town.hub.database.session() as session:
        session.add(row)
    return replace(holder, role=Role.HEAD, capacity=SignCapacity.ON_BEHALF, delegation_id=row.delegation_id)


def test_nothing_is_asked_at_a_decision_that_waits_for_its_second_person(town: Town) -> None:
    """Otherwise the answer would change the form after the refusal stands."""
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    assert refused(lambda: town.worker(case_id, *CAMAT).ask("decision", question("length"))) is CaseRule.PROPOSAL_OPEN


def test_who_prepared_a_case_does_not_agree_to_its_refusal(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    town.worker(case_id, *CAMAT).decide(StageOutcome.REFUSED)
    preparer = town.at("subdistrict_officer", "subdistrict.33.14.01").person_id
    head = replace(town.at(*HEAD), person_id=preparer)
    assert refused(lambda: town.as_(head, case_id).answer()) is CaseRule.SAME_PERSON


def test_nobody_confirms_on_behalf_of_who_decided(town: Town) -> None:
    """The head of an agency decides under another office's hat; the one whom he named for his own post confirms."""
    case_id = at_decision(town, "REKLAME")
    decider = town.person(Role.HEAD, "agency.dpupr")
    town.as_(replace(decider, office=town.at(*HEAD).office), case_id).decide()
    deputy = stand_in(town, decider)
    assert refused(lambda: town.as_(deputy, case_id).confirm()) is CaseRule.SAME_PERSON
    town.worker(case_id, *DPUPR).confirm()


def test_nobody_answers_a_proposal_on_behalf_of_who_made_it(town: Town) -> None:
    case_id = at_decision(town, "JALAN")
    decider = town.person(Role.HEAD, "one-stop")
    town.as_(replace(decider, office=town.at(*CAMAT).office), case_id).decide(StageOutcome.REFUSED)
    deputy = stand_in(town, decider)
    assert refused(lambda: town.as_(deputy, case_id).answer()) is CaseRule.SAME_PERSON
    town.as_(deputy, case_id).answer(agrees=False)
    assert town.stages(case_id)["decision"] == StageState.OPEN


def test_a_withdrawal_spares_no_office_its_opinion(town: Town) -> None:
    """Of a joint visit one office had signed; after the reopening the other one is asked still."""
    case_id = town.case("TDG")
    town.work_off(case_id, until="trade_view")
    town.do(case_id, town.desk(case_id, "trade_view", 0))
    front = next(iter(town.people.values()))
    town.as_(front, case_id).withdraw()
    town.worker(case_id, *HEAD).propose(ProposalKind.REOPEN)
    proposal = next(row for row in town.open_rows(case_id) if row.stage == "proposal")
    town.do(case_id, proposal)
    seats = [(row.stage, row.seat) for row in town.open_rows(case_id)]
    assert ("trade_view", 1) in seats
    assert ("trade_view", 0) not in seats


def test_what_a_national_system_refused_is_followed_anew_after_reopening(town: Town) -> None:
    case_id = town.case("PBG")
    town.work_off(case_id, tracking="not_issued")
    assert (town.load(case_id).state, town.load(case_id).outcome) == (CaseState.CLOSED, "refused")
    town.worker(case_id, *HEAD).propose(ProposalKind.REOPEN)
    town.do(case_id, town.open_rows(case_id)[0])
    assert [row.stage for row in town.open_rows(case_id)] == ["tracking"]
    assert (town.load(case_id).outcome, town.load(case_id).closed_at) == ("", None)


def test_what_the_fee_was_computed_from_is_not_asked_again_once_it_is_set(town: Town) -> None:
    """Otherwise a road is paid for by the metre and permitted by the kilometre."""
    case_id = town.case("JALAN")
    town.work_off(case_id, until="draft")
    officer = town.worker(case_id, "subdistrict_officer", "subdistrict.33.14.01")
    assert refused(lambda: officer.ask("draft", question("length"))) is CaseRule.FEE_SET
    officer.ask("draft", question("road_name"))
