"""What moves do to the clocks: started, paused, stopped, and the promised time in the news."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.casework.commands import ProposalKind
from hub.casework.rules import Correction, StageOutcome
from hub.clocks.tables import CaseClock
from protocol.notices import CaseNews
from protocol.receipt import ReturnReason
from tests.cases import Town, make_town

COUNTER = ("front_office", "one-stop")
PATEN = ("subdistrict_officer", "subdistrict.33.14.01")


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    made = make_town(tmp_path, database_url)
    yield made
    made.hub.database.dispose()


def clocks(town: Town, case_id: str) -> dict[str, str]:
    """Return each clock of a case: running, paused or stopped."""
    with town.hub.database.reading() as session:
        rows = session.scalars(select(CaseClock).where(CaseClock.case_id == case_id)).all()
        return {
            row.stage: "stopped" if row.stopped_at is not None else "paused" if row.is_paused else "running"
            for row in rows
        }


def newest(town: Town) -> CaseNews:
    return next(each for each in reversed(town.told) if isinstance(each, CaseNews))


def test_before_it_is_complete_only_the_counter_is_timed(town: Town) -> None:
    assert clocks(town, town.case("APOTEK")) == {"completeness": "running"}


def test_complete_starts_the_statutory_clock_and_the_village_is_told_the_last_day(town: Town) -> None:
    case_id = town.case("APOTEK")
    town.worker(case_id, *COUNTER).complete()
    assert clocks(town, case_id) == {"completeness": "stopped", "": "running", "inspection": "running"}
    assert (newest(town).event, newest(town).due_on, newest(town).days_left) == ("complete", "2026-12-07", 9)


def test_while_payment_is_due_everything_stands(town: Town) -> None:
    case_id = town.case("JALAN")
    town.work_off(case_id, until="payment")
    assert clocks(town, case_id)[""] == "paused"
    assert "payment" not in clocks(town, case_id)
    assert newest(town).due_on is None
    town.worker(case_id, *PATEN).finish(town.desk(case_id, "payment"), StageOutcome.PAID)
    assert (clocks(town, case_id)[""], clocks(town, case_id)["draft"]) == ("running", "running")


def test_a_question_pauses_its_stage_and_the_case_but_not_the_others(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.worker(case_id, *COUNTER).complete()
    asked = Correction(reason=ReturnReason.DATA_WRONG, fields=("ad_text",))
    town.worker(case_id, "agency_clerk", "agency.satpol-pp").ask("order_view", asked)
    found = clocks(town, case_id)
    assert (found[""], found["order_view"], found["technical_view"]) == ("paused", "paused", "running")


def test_signed_is_in_time_whenever_it_is_fetched(town: Town) -> None:
    case_id = town.case("APOTEK")
    town.work_off(case_id, until="handover")
    assert set(clocks(town, case_id).values()) == {"stopped"}


def test_what_is_sent_back_is_timed_again_and_what_waits_is_not(town: Town) -> None:
    case_id = town.case("REKLAME")
    town.work_off(case_id, until="confirmation")
    assert (clocks(town, case_id)["decision"], clocks(town, case_id)["confirmation"]) == ("stopped", "running")
    town.worker(case_id, "head", "agency.dpupr").confirm(agrees=False)
    assert (clocks(town, case_id)["decision"], clocks(town, case_id)["confirmation"]) == ("running", "stopped")


def test_withdrawn_stops_every_clock_and_reopened_goes_on(town: Town) -> None:
    case_id = town.case("JALAN")
    town.work_off(case_id, until="levy")
    town.worker(case_id, *PATEN).withdraw()
    assert set(clocks(town, case_id).values()) == {"stopped"}
    town.hub.clock.move(86_400)
    town.worker(case_id, "head", "subdistrict.33.14.01").propose(ProposalKind.REOPEN)
    town.worker(case_id, "head", "one-stop").answer()
    assert (clocks(town, case_id)[""], clocks(town, case_id)["levy"]) == ("running", "running")
