"""What is late climbs by itself, once; silence that counts as consent is alarmed ahead and recorded, never issued."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.rules import Entry, EntryKind
from hub.calendar.service import Change, add_closure
from hub.casework.events import CaseTools
from hub.casework.news import Tidings
from hub.casework.tables import Case, CaseEvent
from hub.clocks.clock import PauseReason
from hub.clocks.deadlines import StageStart, pause_clock, resume_clock, stage_closed, stage_opened, start_clock
from hub.clocks.recompute import recompute_deadlines
from hub.clocks.tables import ClockAlarm
from hub.ledger.tables import LedgerEntry
from hub.oversight.escalation import escalate
from hub.storage.keyring import Keyring
from hub.storage.ports import SystemIds
from protocol.catalogue import SlaOrigin
from protocol.notices import CaseNews
from tests.hubs import CATALOGUE
from tests.integration.clock_stand import ClockStand, clock_stand

SHIPPED = CATALOGUE.service("APOTEK", 1)
SERVICE = replace(SHIPPED, sla=replace(SHIPPED.sla, max_days=14, origin=SlaOrigin.SRAGEN))


@dataclass
class Watch:
    """The worker's step, and the news that it sent."""

    stand: ClockStand
    news: list[CaseNews] = field(default_factory=list)

    def _notify(self, _: Session, __: datetime, tidings: Tidings) -> None:
        assert isinstance(tidings, CaseNews)
        self.news.append(tidings)

    def at(self, text: str) -> int:
        """Let the worker look at this moment; say how much it had to say."""
        stand = self.stand
        tools = CaseTools(
            catalogue=CATALOGUE,
            keyring=Keyring([bytes(32)], bytes(32)),
            randomness=stand.randomness,
            ids=SystemIds(stand.clock, stand.randomness),
            notify=self._notify,
        )
        return escalate(stand.database, stand.at(text), tools)

    def stage(self, text: str = "2026-11-24T09:00", days: int = 1) -> Case:
        """Open a stage of a new case."""
        case, now = self.stand.case(), self.stand.at(text)
        start = StageStart(case_id=case.case_id, stage="check", office="agency.dinkes", working_days=days)
        with self.stand.database.session() as session:
            stage_opened(session, now, start)
        return case

    def events(self, case: Case) -> list[tuple[str, str, str]]:
        """Return kind, code and office of the events of a case."""
        with self.stand.database.reading() as session:
            rows = session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.case_id).order_by(CaseEvent.id))
            return [(row.kind, row.code, row.office) for row in rows]


@pytest.fixture
def watch(database_url: str) -> Iterator[Watch]:
    with clock_stand(database_url) as made:
        yield Watch(stand=made)


def test_what_is_late_climbs_level_by_level(watch: Watch) -> None:
    case = watch.stage()
    said = [watch.at(f"2026-{day}T16:31") for day in ("11-24", "11-25", "11-26", "11-27", "12-01", "12-02", "12-09")]
    assert said == [0, 1, 0, 1, 0, 1, 0]
    assert watch.events(case) == [
        ("escalated", "division_head", "agency.dinkes"),
        ("escalated", "head", "agency.dinkes"),
        ("escalated", "inspectorate", "inspectorate"),
    ]
    assert watch.stand.row(case, "check").level == 3


def test_each_step_is_an_entry_of_the_ledger_and_news(watch: Watch) -> None:
    watch.stage()
    watch.at("2026-11-27T17:00")
    with watch.stand.database.reading() as session:
        alarms = session.scalars(select(ClockAlarm).order_by(ClockAlarm.ledger_index)).all()
        kinds = session.scalars(select(LedgerEntry.kind)).all()
    assert ([row.kind for row in alarms], kinds) == (["division_head", "head"], ["case.escalated"] * 2)
    assert [(each.event, each.code, each.ledger_index) for each in watch.news] == [
        ("escalated", "division_head", 0),
        ("escalated", "head", 1),
    ]
    assert watch.stand.is_sound()


def test_the_minute_of_closing_is_in_time(watch: Watch) -> None:
    watch.stage()
    assert watch.at("2026-11-25T16:00") == 0


def test_looked_at_twice_it_is_said_once(watch: Watch) -> None:
    case = watch.stage()
    assert [watch.at("2026-11-25T16:01"), watch.at("2026-11-25T16:02")] == [1, 0]
    assert len(watch.events(case)) == 1


def test_what_is_done_or_stands_is_left_alone(watch: Watch) -> None:
    done, stands = watch.stage(), watch.stage()
    with watch.stand.database.session() as session:
        stage_closed(session, watch.stand.at("2026-11-25T10:00"), done.case_id, "check")
        pause_clock(session, watch.stand.clock.now(), stands.case_id, PauseReason.CORRECTION)
    assert watch.at("2026-12-09T10:00") == 0
    with watch.stand.database.session() as session:
        resume_clock(session, watch.stand.clock.now(), stands.case_id, PauseReason.CORRECTION)
    assert [watch.at("2026-12-09T11:00"), watch.at("2026-12-09T16:01")] == [0, 1]


def test_what_stands_although_it_is_late_climbs_no_further(watch: Watch) -> None:
    case = watch.stage()
    watch.at("2026-11-25T16:01")
    with watch.stand.database.session() as session:
        pause_clock(session, watch.stand.at("2026-11-25T16:30"), case.case_id, PauseReason.CORRECTION)
    assert watch.at("2026-12-09T10:00") == 0
    with watch.stand.database.session() as session:
        resume_clock(session, watch.stand.clock.now(), case.case_id, PauseReason.CORRECTION)
    said = [watch.at(f"2026-12-{day}T17:00") for day in ("09", "10", "11")]
    assert said == [0, 1, 0]  # two working days of the office after it was late: 9 and 10 December


def test_a_calendar_that_gives_more_time_lets_it_begin_anew(watch: Watch) -> None:
    case = watch.stage()
    watch.at("2026-11-25T16:01")
    flood = Entry(
        kind=EntryKind.CLOSURE, first=date(2026, 11, 25), last=date(2026, 11, 27), office="agency.dinkes", reason=""
    )
    change = Change(by="admin", reason="banjir", randomness=watch.stand.randomness, follow=recompute_deadlines)
    with watch.stand.database.session() as session:
        add_closure(session, watch.stand.at("2026-11-27T10:00"), flood, change)
    assert (watch.stand.due(case, "check"), watch.stand.row(case, "check").level) == ("2026-11-30 16:00", 0)
    assert [watch.at("2026-11-30T15:00"), watch.at("2026-11-30T16:01")] == [0, 1]
    assert [code for _, code, _ in watch.events(case)] == ["division_head", "division_head"]


def test_silence_is_alarmed_ahead_and_recorded_and_nothing_is_issued(watch: Watch) -> None:
    case, now = watch.stand.case(), watch.stand.at("2026-11-24T09:00")
    with watch.stand.database.session() as session:
        start_clock(session, now, case, SERVICE)
    said = [watch.at(text) for text in ("2026-11-30T15:59", "2026-11-30T16:01", "2026-12-01T16:00", "2026-12-01T16:01")]
    assert said == [0, 1, 0, 1]
    assert watch.events(case) == [("deemed_ahead", "", "one-stop"), ("deemed", "", "one-stop")]
    with watch.stand.database.reading() as session:
        assert session.get_one(Case, case.case_id).state == "received"
        assert session.scalars(select(LedgerEntry.kind)).all() == ["case.deemed_ahead", "case.deemed"]
    assert watch.at("2026-12-11T10:00") == 0


def test_many_at_once_are_all_told(watch: Watch) -> None:
    cases = [watch.stage() for _ in range(7)]
    assert watch.at("2026-11-25T16:01") == len(cases)
