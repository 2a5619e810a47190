"""The moves on real databases: stages, receipts, the ledger, the news, conflicts, routing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.accounts.rules import Role
from hub.casework import service as casework
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.casework.rules import CaseRule, CaseState, StageOutcome, StageState
from hub.casework.tables import CaseEvent, CaseOpening, CaseStage
from hub.ledger.auditor import verify
from hub.ledger.openings import stored_openings
from hub.storage.keyring import NIK_PURPOSE
from hub.storage.metadata import load_metadata
from protocol.notices import CaseNews, Decision
from tests.cases import KEDEN, Town, make_town

COUNTER = ("front_office", "one-stop")
DINKES = ("agency_clerk", "agency.dinkes")
DPUPR = ("agency_clerk", "agency.dpupr")
SATPOL = ("agency_clerk", "agency.satpol-pp")


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    made = make_town(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def events(town: Town, case_id: str) -> list[tuple[str, str]]:
    with town.hub.database.reading() as session:
        wanted = select(CaseEvent.kind, CaseEvent.stage).where(CaseEvent.case_id == case_id)
        return [(kind, stage) for kind, stage in session.execute(wanted.order_by(CaseEvent.id))]


def told(town: Town) -> list[tuple[str, str]]:
    return [(each.event, each.code) for each in town.told if isinstance(each, CaseNews)]


def test_an_accepted_bundle_is_a_case_at_its_counter(town: Town) -> None:
    case_id = town.case("APOTEK")
    case, stages = town.load(case_id), town.stages(case_id)
    assert (case.state, case.front_office, case.subdistrict, case.round) == ("received", "one-stop", "33.14.01", 1)
    assert stages.pop("completeness") == StageState.OPEN
    assert set(stages.values()) == {StageState.WAITING}


def test_a_stage_that_is_still_to_come_gives_no_sight(town: Town) -> None:
    case_id = town.case("APOTEK")
    with pytest.raises(CaseNotFoundError):
        town.worker(case_id, *DINKES).take("inspection")
    town.worker(case_id, *COUNTER).complete()
    town.worker(case_id, *DINKES).take("inspection")
    assert town.stages(case_id)["inspection"] == StageState.TAKEN


def test_complete_lays_the_case_on_all_desks_that_are_next(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).complete()
    assert town.load(case_id).state == CaseState.IN_PROGRESS
    assert [row.stage for row in town.open_rows(case_id)] == ["technical_view", "order_view"]
    assert town.receipts() == ["arrived", "whole", "complete"]
    assert events(town, case_id)[1:] == [
        ("complete", "completeness"),
        ("routed", "technical_view"),
        ("routed", "order_view"),
    ]


def test_agencies_take_up_and_advise_without_waiting_for_each_other(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).complete()
    town.worker(case_id, *SATPOL).take("order_view")
    town.worker(case_id, *DPUPR).take("technical_view")
    town.worker(case_id, *SATPOL).opine("order_view", casework.Opinion(verdict=StageOutcome.YES))
    assert town.stages(case_id)["technical_view"] == StageState.TAKEN
    assert town.receipts().count("custody") == 2
    assert told(town)[-3:] == [("custody", ""), ("custody", ""), ("opinion", "yes")]


def test_an_opinion_needs_custody(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).complete()
    with pytest.raises(MoveRefusedError) as refused:
        town.worker(case_id, *DPUPR).opine("technical_view", casework.Opinion(verdict=StageOutcome.YES))
    assert refused.value.rule is CaseRule.NOT_TAKEN


def test_every_office_of_a_joint_visit_signs_its_minutes(town: Town) -> None:
    case_id = town.case("TDG")
    town.work_off(case_id, until="trade_view")
    lead, guest = (row for row in town.open_rows(case_id) if row.stage == "trade_view")
    assert (lead.office, guest.office) == ("agency.disperindag", "agency.dpupr")
    town.worker(case_id, "agency_clerk", lead.office).advise(lead)
    assert "draft" not in [row.stage for row in town.open_rows(case_id)]
    town.worker(case_id, "agency_clerk", guest.office).advise(guest, StageOutcome.CONDITIONS)
    town.work_off(case_id, until="draft")
    assert town.stages(case_id)["draft"] == StageState.OPEN


@pytest.mark.parametrize("service", ["JALAN", "D-SKU", "PBG", "KK", "TDG", "REKLAME"])
def test_a_case_goes_its_whole_way(town: Town, service: str) -> None:
    case_id = town.case(service)
    town.work_off(case_id)
    case, outcomes = town.load(case_id), {"PBG": "tracked", "KK": "recorded"}
    assert (case.state, case.outcome) == (CaseState.CLOSED, outcomes.get(service, "issued"))
    assert case.completed_at is not None
    assert case.decided_at is not None
    assert case.closed_at is not None
    kinds = town.receipts()
    assert (kinds.count("decided"), kinds.count("handed_over")) == (1, int(service != "PBG"))


def test_a_delegated_service_ends_at_the_subdistrict_and_a_letter_in_the_village(town: Town) -> None:
    paten, letter = town.case("PERHELATAN"), town.case("D-SKU")
    town.work_off(paten)
    town.work_off(letter)
    with town.hub.database.reading() as session:
        wanted = select(CaseStage.office).where(CaseStage.stage != "handover").distinct()
        assert session.scalars(wanted.where(CaseStage.case_id == paten)).all() == ["subdistrict.33.14.01"]
        assert session.scalars(wanted.where(CaseStage.case_id == letter)).all() == [f"village.{KEDEN}"]


def test_a_result_without_our_letter_is_told_with_its_number(town: Town) -> None:
    case_id = town.case("PBG")
    town.work_off(case_id, until="tracking")
    row = town.open_rows(case_id)[0]
    town.worker(case_id, *COUNTER).finish(row, StageOutcome.NONE, "SIMBG-2026-77")
    assert (town.desk(case_id, "tracking").reference, town.load(case_id).state) == ("SIMBG-2026-77", "in_progress")
    town.worker(case_id, *COUNTER).finish(row, StageOutcome.TRACKED, "PBG-331401-77")
    result = next(each for each in town.told if isinstance(each, Decision))
    assert (result.outcome, result.number, result.bundle) == ("tracked", "PBG-331401-77", town.made[-1].bundle)
    assert town.load(case_id).state == CaseState.CLOSED


@pytest.mark.parametrize(
    ("outcome", "reference", "rule"),
    [
        (StageOutcome.PAID, "", CaseRule.REFERENCE_NEEDED),
        (StageOutcome.GRANTED, "1", CaseRule.OUTCOME_UNFIT),
        (StageOutcome.PAID, "x" * 81, CaseRule.NOTE_LONG),
    ],
)
def test_a_refused_move_quotes_its_rule_and_changes_nothing(
    town: Town, outcome: StageOutcome, reference: str, rule: CaseRule
) -> None:
    case_id = town.case("JALAN")
    town.work_off(case_id, until="payment")
    before, version = events(town, case_id), town.load(case_id).version_id
    with pytest.raises(MoveRefusedError) as refused:
        town.worker(case_id, "subdistrict_officer", "subdistrict.33.14.01").finish(
            town.desk(case_id, "payment"), outcome, reference
        )
    assert refused.value.rule is rule
    assert (events(town, case_id), town.load(case_id).version_id) == (before, version)


def test_the_second_of_two_clerks_and_a_double_click_are_told(town: Town) -> None:
    case_id = town.case("APOTEK")
    first, second = (town.worker(case_id, *COUNTER) for _ in range(2))
    first.complete()
    for late in (first, second):
        with pytest.raises(ConflictError):
            late.complete()
    assert town.receipts().count("complete") == 1


def test_two_clerks_of_one_agency_do_not_both_take_it(town: Town) -> None:
    case_id = town.case("APOTEK")
    town.worker(case_id, *COUNTER).complete()
    town.worker(case_id, *DINKES).take("inspection")
    with pytest.raises(ConflictError):
        town.as_(town.person(Role.AGENCY_CLERK, "agency.dinkes"), case_id).take("inspection")


def test_every_move_is_another_version(town: Town) -> None:
    case_id, seen = town.case("JALAN"), set()
    while rows := town.open_rows(case_id):
        seen.add(town.load(case_id).version_id)
        town.do(case_id, rows[0])
    assert len(seen) == 8


def test_a_newer_case_first_is_recorded_for_takes_and_for_decisions(town: Town) -> None:
    older, newer = town.case("APOTEK"), town.case("APOTEK")
    for case_id in (older, newer):
        town.work_off(case_id, until="inspection")
    town.worker(newer, *DINKES).take("inspection")
    for case_id in (older, newer):
        town.work_off(case_id, until="decision")
    town.worker(newer, "head", "one-stop").decide()
    town.worker(older, "head", "one-stop").decide()
    with town.hub.database.reading() as session:
        wanted = select(CaseEvent.case_id, CaseEvent.kind).where(CaseEvent.out_of_turn).order_by(CaseEvent.id)
        assert session.execute(wanted).all() == [(newer, "custody"), (newer, "decided")]


def test_the_person_with_the_least_on_the_desk_is_proposed(town: Town) -> None:
    people = sorted(town.person(Role.AGENCY_CLERK, "agency.dinkes").person_id for _ in range(2))
    cases = [town.case("APOTEK") for _ in range(3)]
    proposed = []
    for case_id in cases:
        town.worker(case_id, *COUNTER).complete()
        proposed.append(town.desk(case_id, "inspection").proposed_to)
    assert proposed == [people[0], people[1], people[0]]


def test_work_goes_to_another_agency_with_a_reason(town: Town) -> None:
    case_id = town.case("APOTEK")
    town.worker(case_id, *COUNTER).complete()
    town.worker(case_id, *DINKES).take("inspection")
    town.worker(case_id, *COUNTER).reroute("inspection", "agency.dpupr")
    row = town.desk(case_id, "inspection")
    assert (row.office, row.state, row.taken_by) == ("agency.dpupr", StageState.OPEN, None)
    with pytest.raises(CaseNotFoundError):
        town.worker(case_id, *DINKES).take("inspection")
    town.worker(case_id, *DPUPR).advise(row)


@pytest.mark.parametrize("office", ["agency.dinkes", "one-stop", "subdistrict.33.14.01", "agency.none"])
def test_work_goes_to_no_office_that_cannot_do_it(town: Town, office: str) -> None:
    case_id = town.case("APOTEK")
    town.worker(case_id, *COUNTER).complete()
    with pytest.raises(MoveRefusedError) as refused:
        town.worker(case_id, *COUNTER).reroute("inspection", office)
    assert refused.value.rule is CaseRule.OFFICE_UNFIT


def test_nobody_works_on_their_own_case(town: Town) -> None:
    case_id = town.case("APOTEK")
    nik = town.made[-1].manifest.applicant.nik
    assert nik is not None
    index = town.tools.keyring.blind(nik.encode(), NIK_PURPOSE)
    with pytest.raises(MoveRefusedError) as refused:
        town.as_(town.person(Role.FRONT_OFFICE, "one-stop", index), case_id).complete()
    assert refused.value.rule is CaseRule.OWN_CASE
    town.as_(town.person(Role.FRONT_OFFICE, "one-stop", bytes(32)), case_id).complete()


def test_the_inspectorate_reads_everything_and_moves_nothing(town: Town) -> None:
    case_id, reader = town.case("APOTEK"), town.person(Role.INSPECTORATE, "inspectorate")
    while rows := town.open_rows(case_id):
        with pytest.raises(MoveRefusedError) as refused:
            town.as_(reader, case_id).take(rows[0].stage)
        assert refused.value.rule is CaseRule.ROLE
        with town.hub.database.reading() as session:
            case = town.work(session, case_id).case
            assert casework.possible_moves(session, reader, case, town.tools) == ()
        town.do(case_id, rows[0])


def test_the_village_closes_the_case_once(town: Town) -> None:
    case_id = town.case("D-SKU")
    act = casework.HandOverAct(officer="o-0123456789ABCDEF", claimed_ms=1_795_000_000_000)
    answers = []
    for until in ("decision", "handover", ""):
        town.work_off(case_id, until=until) if until else None
        with town.hub.database.session() as session:
            bundle = town.made[-1].bundle
            answers.append(casework.receive_handover(session, town.now(), bundle, act, town.tools))
    assert answers == [False, True, False]
    assert (town.load(case_id).state, town.receipts().count("handed_over")) == ("closed", 1)


def test_every_entry_of_the_ledger_opens(town: Town) -> None:
    case_id = town.case("JALAN")
    town.work_off(case_id)
    town.sign_receipts()
    with town.hub.database.reading() as session:
        report = verify(session, town.hub.log, stored_openings(session, load_metadata()))
        assert session.scalar(select(func.count()).select_from(CaseOpening)) == 9
    assert report.is_sound, report
