"""The moves on real databases: states, desks, receipts, the ledger, conflicts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.accounts.rules import Actor, Role
from hub.casework.errors import CaseNotFoundError, ConflictError, MoveRefusedError
from hub.casework.rules import CaseRule, CaseState, Correction, DeskState
from hub.casework.service import CaseCommand, ReturnCommand, call_complete, return_for_correction, take_custody
from hub.casework.tables import CaseEvent, CaseOpening, Desk
from hub.intake.tables import BundleReceipt
from hub.ledger.auditor import verify
from hub.ledger.openings import stored_openings
from hub.storage.metadata import load_metadata
from protocol.receipt import ReturnReason
from tests.webs import HubWeb, make_web


@pytest.fixture
def web(tmp_path: Path, database_url: str) -> Iterator[HubWeb]:
    made = make_web(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def complete(web: HubWeb, case_id: str, actor: Actor, version: int = 1) -> None:
    with web.hub.database.session() as session:
        command = CaseCommand(case_id=case_id, version=version)
        call_complete(session, web.hub.clock.now(), actor, command, web.tools)


def take(web: HubWeb, case_id: str, actor: Actor) -> None:
    with web.hub.database.session() as session:
        command = CaseCommand(case_id=case_id, version=0)
        take_custody(session, web.hub.clock.now(), actor, command, web.tools)


def give_back(web: HubWeb, case_id: str, actor: Actor, correction: Correction, version: int = 1) -> None:
    with web.hub.database.session() as session:
        command = ReturnCommand(case_id=case_id, version=version, correction=correction)
        return_for_correction(session, web.hub.clock.now(), actor, command, web.tools)


def desks(web: HubWeb, case_id: str) -> dict[str, str]:
    with web.hub.database.reading() as session:
        rows = session.execute(select(Desk.office, Desk.state).where(Desk.case_id == case_id))
        return dict(rows.all())


def receipts(web: HubWeb) -> list[str]:
    with web.hub.database.reading() as session:
        return list(session.scalars(select(BundleReceipt.kind).order_by(BundleReceipt.id)))


def test_an_accepted_bundle_is_a_case_on_its_front_desk(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    case = web.load(case_id)
    assert (case.state, case.front_office, case.subdistrict) == ("received", "one-stop", "33.14.01")
    assert desks(web, case_id) == {"one-stop": DeskState.OPEN}


def test_a_complete_case_waits_at_the_agencies(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    assert web.load(case_id).state == CaseState.COMPLETE
    assert desks(web, case_id) == {"one-stop": DeskState.DONE, "agency.dinkes": DeskState.WAITING}
    assert receipts(web) == ["arrived", "whole", "complete"]


def test_an_agency_takes_it_up_and_the_village_gets_a_receipt(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    take(web, case_id, web.actor(Role.AGENCY_CLERK))
    assert web.load(case_id).state == CaseState.TAKEN_UP
    assert desks(web, case_id)["agency.dinkes"] == DeskState.TAKEN
    assert web.sign_receipts() == 2
    assert receipts(web)[-1] == "custody"


def test_agencies_do_not_wait_for_each_other(web: HubWeb) -> None:
    case_id = web.case("PBG")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    take(web, case_id, web.actor(Role.AGENCY_CLERK, "agency.dpupr"))
    take(web, case_id, web.actor(Role.AGENCY_CLERK, "agency.dlh"))
    assert receipts(web).count("custody") == 2


def test_a_delegated_service_is_worked_on_at_the_subdistrict(web: HubWeb) -> None:
    case_id = web.case("PERHELATAN")
    officer = web.actor(Role.SUBDISTRICT_OFFICER)
    complete(web, case_id, officer)
    assert web.load(case_id).front_office == officer.office


def test_a_return_names_what_is_wrong_and_seals_the_note(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    correction = Correction(reason=ReturnReason.OTHER, note="KTP atas nama orang lain")
    give_back(web, case_id, web.actor(Role.FRONT_OFFICE), correction)
    with web.hub.database.reading() as session:
        event = session.scalars(select(CaseEvent).where(CaseEvent.kind == "returned")).one()
    assert (web.load(case_id).state, event.code) == ("returned", "other")
    assert event.note is not None
    assert b"KTP" not in event.note


def test_missing_files_hold_completeness_but_not_a_return(web: HubWeb) -> None:
    case_id, clerk = web.case("APOTEK", whole=False), web.actor(Role.FRONT_OFFICE)
    with pytest.raises(MoveRefusedError) as refused:
        complete(web, case_id, clerk)
    assert refused.value.rule is CaseRule.FILES_MISSING
    give_back(web, case_id, clerk, Correction(reason=ReturnReason.WRONG_SERVICE, note="pakai layanan lain"))


def test_the_second_of_two_clerks_is_told(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    with pytest.raises(ConflictError):
        complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    assert receipts(web).count("complete") == 1


def test_of_two_at_once_one_wins(web: HubWeb) -> None:
    case_id, clerks = web.case("APOTEK"), [web.actor(Role.FRONT_OFFICE) for _ in range(2)]

    def attempt(clerk: Actor) -> bool:
        try:
            complete(web, case_id, clerk)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, clerks)) == [False, True]
    assert receipts(web).count("complete") == 1


def test_two_clerks_of_one_agency_do_not_both_take_it(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    take(web, case_id, web.actor(Role.AGENCY_CLERK))
    with pytest.raises(ConflictError):
        take(web, case_id, web.actor(Role.AGENCY_CLERK))


def test_a_foreign_case_does_not_exist(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    with pytest.raises(CaseNotFoundError):
        complete(web, case_id, web.actor(Role.FRONT_OFFICE, "civil-registry"))
    with pytest.raises(CaseNotFoundError):
        take(web, case_id, web.actor(Role.AGENCY_CLERK))


def test_a_newer_case_first_is_recorded(web: HubWeb) -> None:
    clerk, front = web.actor(Role.AGENCY_CLERK), web.actor(Role.FRONT_OFFICE)
    older, newer = web.case("APOTEK"), web.case("APOTEK")
    for case_id in (older, newer):
        web.hub.clock.move(60)
        complete(web, case_id, front)
    take(web, newer, clerk)
    take(web, older, clerk)
    with web.hub.database.reading() as session:
        wanted = select(CaseEvent.case_id).where(CaseEvent.out_of_turn)
        assert session.scalars(wanted).all() == [newer]


def test_every_entry_of_the_ledger_opens(web: HubWeb) -> None:
    case_id = web.case("APOTEK")
    complete(web, case_id, web.actor(Role.FRONT_OFFICE))
    take(web, case_id, web.actor(Role.AGENCY_CLERK))
    web.sign_receipts()
    with web.hub.database.reading() as session:
        report = verify(session, web.hub.log, stored_openings(session, load_metadata()))
        assert session.scalar(select(func.count()).select_from(CaseOpening)) == 2
    assert report.is_sound, report
