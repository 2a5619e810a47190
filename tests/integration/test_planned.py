"""Outages and hours of villages on both databases: planned, announced once to each node in the scope, called off."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.calendar.service import current_calendar
from hub.dispatch.tables import NoticeRow
from hub.health.hours import Excuse, Week
from hub.health.planned import (
    LONGEST_OUTAGE,
    NewOutage,
    PlanError,
    PlanRule,
    end_outage,
    excuses,
    outages,
    own_weeks,
    plan_outage,
    set_week,
)
from hub.registry.service import revoke_node
from hub.storage.engine import Database
from protocol.ids import NodeId, VillageCode
from protocol.mailbox import NoticeKind
from protocol.requests import read_maintenance
from tests.integration.fleet import NOW, a_node, decision, fresh_database, later

HERE, BESIDE, ELSEWHERE = (VillageCode(f"33.14.{code}") for code in ("05.2003", "05.2004", "06.2001"))
OUTAGE = NewOutage(
    window_id="01KB000000000000000000000A",
    scope="33.14.05",
    starts_at=NOW,
    ends_at=later(minutes=60),
    text="Router kecamatan diganti",
    by="budi",
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            for village in (HERE, BESIDE, ELSEWHERE):
                a_node(session, str(village), village)
        yield made


def announced(session: Session) -> list[tuple[str, bool]]:
    rows = session.scalars(
        select(NoticeRow).where(NoticeRow.kind == str(NoticeKind.MAINTENANCE)).order_by(NoticeRow.id)
    )
    return [(row.node_id, read_maintenance(row.body).is_off) for row in rows]


@pytest.mark.parametrize(("scope", "count"), [("", 3), ("33.14.05", 2), (str(HERE), 1)])
def test_an_outage_is_announced_to_the_nodes_of_its_scope(database: Database, scope: str, count: int) -> None:
    with database.session() as session:
        assert plan_outage(session, NOW, replace(OUTAGE, scope=scope)) == count
    with database.reading() as session:
        assert len(announced(session)) == count


def test_a_revoked_node_is_told_nothing(database: Database) -> None:
    with database.session() as session:
        revoke_node(session, NodeId("3314052003-01"), decision())
        plan_outage(session, NOW, OUTAGE)
        assert announced(session) == [("3314052004-01", False)]


def test_an_outage_that_is_called_off_excuses_nobody_and_is_said_once(database: Database) -> None:
    with database.session() as session:
        plan_outage(session, NOW, OUTAGE)
        calendar = current_calendar(session)
        assert excuses(session, NOW, calendar).of(NodeId("3314052003-01")) is Excuse.MAINTENANCE
        assert end_outage(session, NOW, OUTAGE.window_id, "dewi") == 2
        assert end_outage(session, NOW, OUTAGE.window_id, "dewi") == 0
        assert excuses(session, NOW, calendar).of(NodeId("3314052003-01")) is None
        assert [is_off for _, is_off in announced(session)] == [False, False, True, True]
        assert [line.ended_by for line in outages(session, NOW)] == ["dewi"]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (replace(OUTAGE, ends_at=NOW), PlanRule.ORDER),
        (replace(OUTAGE, starts_at=later(minutes=-60), ends_at=later(minutes=-1)), PlanRule.ORDER),
        (replace(OUTAGE, ends_at=NOW + LONGEST_OUTAGE + timedelta(seconds=1)), PlanRule.TOO_LONG),
        (replace(OUTAGE, starts_at=later(days=200), ends_at=later(days=201)), PlanRule.TOO_FAR),
        (replace(OUTAGE, text=" "), PlanRule.TEXT),
        (replace(OUTAGE, text="x" * 301), PlanRule.TEXT),
    ],
)
def test_a_slip_of_the_pen_is_not_planned(database: Database, wrong: NewOutage, rule: PlanRule) -> None:
    with database.session() as session, pytest.raises(PlanError) as refused:
        plan_outage(session, NOW, wrong)
    assert refused.value.rule is rule


def test_the_newest_hours_of_a_village_count_and_can_be_taken_back(database: Database) -> None:
    first, second = Week.parse("08:00-12:00||||||"), Week.parse("|09:00-12:00|||||")
    with database.session() as session:
        for week in (first, second):
            set_week(session, NOW, HERE, week, "budi")
        assert own_weeks(session) == {str(HERE): second}
        set_week(session, NOW, HERE, None, "budi")
        assert own_weeks(session) == {}
