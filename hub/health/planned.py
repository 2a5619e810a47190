"""The use cases of planning: hours of villages, outages announced to nodes; and who is excused at a moment.

Rules:
1. An outage is announced to the nodes that it covers in the transaction that plans it, and again when it is called off.
2. It may last ``LONGEST_OUTAGE`` and begin at most ``FAR_AHEAD`` from now: an alarm that is silenced by a slip of the
   pen must come back by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.calendar.rules import Calendar
from hub.dispatch.post import notify_all
from hub.dispatch.service import write_notice
from hub.health.hours import Excuses, Outage, Week, is_within
from hub.health.planned_tables import MaintenanceWindow, VillageWeek
from hub.ledger.service import take_turn
from hub.registry.queries import all_nodes
from hub.storage.ports import to_ms
from protocol.ids import NodeId, VillageCode
from protocol.mailbox import NoticeKind
from protocol.requests import MAX_MAINTENANCE_TEXT, MaintenanceNotice
from protocol.wire import to_bytes

LONGEST_OUTAGE = timedelta(days=14)
FAR_AHEAD = timedelta(days=180)


class PlanRule(StrEnum):
    """Why a plan is not taken."""

    ORDER = "order"
    TOO_LONG = "too_long"
    TOO_FAR = "too_far"
    TEXT = "text"
    SCOPE = "scope"
    UNKNOWN = "unknown"
    WEEK = "week"


class PlanError(Exception):
    """A plan that is not taken, with its rule."""

    def __init__(self, rule: PlanRule) -> None:
        """Keep the rule."""
        super().__init__(rule.value)
        self.rule = rule


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOutage:
    """An outage as an administrator enters it."""

    window_id: str
    scope: str
    """A subdistrict or village of the regency, checked by the caller; empty: all."""
    starts_at: datetime
    ends_at: datetime
    text: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OutageLine:
    """One outage on the page."""

    window_id: str
    scope: str
    starts_at: datetime
    ends_at: datetime
    text: str
    planned_by: str
    planned_at: datetime
    ended_by: str
    ended_at: datetime | None


def check_outage(new: NewOutage, now: datetime) -> PlanRule | None:
    """Return the rule that an outage breaks, if one (rule 2)."""
    broken = {
        PlanRule.ORDER: new.ends_at <= max(new.starts_at, now),
        PlanRule.TOO_LONG: new.ends_at - new.starts_at > LONGEST_OUTAGE,
        PlanRule.TOO_FAR: new.starts_at - now > FAR_AHEAD,
        PlanRule.TEXT: not 0 < len(new.text.strip()) <= MAX_MAINTENANCE_TEXT,
    }
    return next((rule for rule, holds in broken.items() if holds), None)


def plan_outage(session: Session, now: datetime, new: NewOutage) -> int:
    """Plan an outage, announce it, and return to how many nodes (rule 1).

    Raises:
        PlanError: it cannot be planned like this.
    """
    rule = check_outage(new, now)
    if rule is not None:
        raise PlanError(rule)
    row = MaintenanceWindow(
        window_id=new.window_id,
        scope=new.scope,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        text=new.text.strip(),
        planned_by=new.by,
        planned_at=now,
    )
    session.add(row)
    session.flush()
    return _announce(session, now, row)


def end_outage(session: Session, now: datetime, window_id: str, by: str) -> int:
    """Call an outage off, or close it before its time; doing it twice changes nothing.

    Raises:
        PlanError: there is none of this name.
    """
    row = session.get(MaintenanceWindow, window_id, with_for_update=True)
    if row is None:
        raise PlanError(PlanRule.UNKNOWN)
    if row.ended_at is not None or row.ends_at <= now:
        return 0
    row.ended_by, row.ended_at = by, now
    session.flush()
    return _announce(session, now, row)


def set_week(session: Session, now: datetime, village: VillageCode, week: Week | None, by: str) -> None:
    """Set the hours of a village office; None: those of the calendar again."""
    session.add(VillageWeek(village=str(village), week="" if week is None else str(week), set_by=by, set_at=now))
    session.flush()


def own_weeks(session: Session) -> dict[str, Week]:
    """Return the weeks of villages that have one of their own."""
    newest = select(func.max(VillageWeek.id)).group_by(VillageWeek.village)
    rows = session.execute(select(VillageWeek.village, VillageWeek.week).where(VillageWeek.id.in_(newest)))
    return {village: Week.parse(week) for village, week in rows if week}


def outages(session: Session, now: datetime, limit: int = 100) -> list[OutageLine]:
    """Return the outages that are on or to come, then the newest that are over."""
    wanted = select(MaintenanceWindow).order_by(MaintenanceWindow.ends_at.desc()).limit(limit)
    lines = [_line(row) for row in session.scalars(wanted)]
    return sorted(lines, key=lambda line: line.ended_at is not None or line.ends_at <= now)


def excuses(session: Session, now: datetime, calendar: Calendar) -> Excuses:
    """Return who need not be heard at a moment; two statements for any number of nodes."""
    open_now = (
        MaintenanceWindow.starts_at <= now,
        MaintenanceWindow.ends_at > now,
        MaintenanceWindow.ended_at.is_(None),
    )
    rows = session.scalars(select(MaintenanceWindow).where(*open_now))
    return Excuses(
        moment=now,
        calendar=calendar,
        weeks=own_weeks(session),
        own_offices=frozenset(entry.office for entry in calendar.entries),
        outages=tuple(Outage(scope=row.scope, starts_at=row.starts_at, ends_at=row.ends_at) for row in rows),
    )


def nodes_within(session: Session, scope: str) -> list[NodeId]:
    """Return the active nodes of a scope."""
    return [node.node_id for node in all_nodes(session) if node.is_active and is_within(str(node.village), scope)]


def tell_scope(session: Session, now: datetime, scope: str, notice: tuple[NoticeKind, bytes]) -> int:
    """Write one notice to every active node of a scope, and return to how many."""
    take_turn(session)  # who writes to many mailboxes waits here, and never while holding one of them
    nodes = nodes_within(session, scope)
    kind, body = notice
    if not scope:
        notify_all(session, now, kind, body)
    else:
        for node in nodes:
            write_notice(session, now, node, kind, body)
    return len(nodes)


def _announce(session: Session, now: datetime, row: MaintenanceWindow) -> int:
    notice = MaintenanceNotice(
        window=row.window_id,
        starts_at=to_ms(row.starts_at),
        ends_at=to_ms(row.ends_at),
        text=row.text,
        is_off=row.ended_at is not None,
    )
    return tell_scope(session, now, row.scope, (NoticeKind.MAINTENANCE, to_bytes(notice)))


def _line(row: MaintenanceWindow) -> OutageLine:
    return OutageLine(
        window_id=row.window_id,
        scope=row.scope,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        text=row.text,
        planned_by=row.planned_by,
        planned_at=row.planned_at,
        ended_by=row.ended_by or "",
        ended_at=row.ended_at,
    )
