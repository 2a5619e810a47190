"""Promised and realised working days of decided cases."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from hub.casework.tables import Case
from hub.clocks.clock import PauseReason
from hub.clocks.deadlines import pause_clock, resume_clock, start_clock, stop_clock
from hub.oversight.realised import PAGE, realised_days
from tests.hubs import CATALOGUE
from tests.integration.clock_stand import ClockStand, clock_stand

APOTEK = CATALOGUE.service("APOTEK", 1)


@pytest.fixture
def stand(database_url: str) -> Iterator[ClockStand]:
    with clock_stand(database_url) as made:
        yield made


def decide(stand: ClockStand, ends: str, *, outcome: str = "issued", days: int = 3, service: str = "APOTEK") -> None:
    """Let a case begin on Tuesday 24 November and end."""
    case, now = stand.case(service), stand.at("2026-11-24T09:00")
    promised = replace(APOTEK, sla=replace(APOTEK.sla, max_days=days))
    with stand.database.session() as session:
        start_clock(session, now, case, promised)
        if ends == "paused":
            pause_clock(session, stand.at("2026-11-24T10:00"), case.case_id, PauseReason.PAYMENT)
            resume_clock(session, stand.at("2026-12-09T10:00"), case.case_id, PauseReason.PAYMENT)
            ends = "2026-12-09T11:00"
        stop_clock(session, stand.at(ends), case.case_id)
        session.execute(update(Case).where(Case.case_id == case.case_id).values(outcome=outcome))


def read(stand: ClockStand) -> list[tuple[str, int, int, float, int, int]]:
    with stand.database.reading() as session:
        found = realised_days(session)
    return [(each.service, each.cases, each.standard, each.median, each.longest, each.in_time) for each in found]


def test_days_by_service(stand: ClockStand) -> None:
    for ends in ("2026-11-24T15:00", "2026-11-25T10:00", "2026-11-27T16:30", "2026-11-30T08:00"):
        decide(stand, ends)
    decide(stand, "2026-11-24T15:00", service="REKLAME", days=5)
    assert read(stand) == [("APOTEK", 4, 3, 2.0, 4, 3), ("REKLAME", 1, 5, 0, 0, 1)]


def test_the_time_of_the_applicant_does_not_count(stand: ClockStand) -> None:
    decide(stand, "paused")
    assert read(stand) == [("APOTEK", 1, 3, 0, 0, 1)]


def test_what_was_withdrawn_or_is_not_decided_is_left_out(stand: ClockStand) -> None:
    decide(stand, "2026-11-24T15:00", outcome="withdrawn")
    decide(stand, "2026-11-24T15:00", outcome="")
    assert read(stand) == []
    assert PAGE > 1
