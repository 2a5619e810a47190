"""Gathers the evidence of anomalies. Who was accounted for nothing new since the last look costs nothing.

Rules:
1. The tally of intake is the trigger: whose numbers changed is looked at, by keys; the fleet as a whole never is.
2. What was decided since the last look goes into the node's series, so that a usual day is known later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.health import anomaly_rules as rules
from hub.health.alarm_rules import RULES, AlarmKind, Finding, Phase
from hub.health.alarms import evidence_text
from hub.health.series import add_counts, sums_since
from hub.health.series_rules import Stretch, Sums, begin_of
from hub.health.tables import Alarm, NodeRun, Presence, TallyMark
from hub.intake.tables import Bundle, IntakeQuarantine, IntakeRefusal, IntakeTally
from protocol.errors import CounterConflictError, QuotaError

MOST_BUNDLES = 200
"""Newest bundles of one node that are looked at after one look."""

FLOOD_WITHIN = timedelta(hours=1)
LATCHED = tuple(kind for kind, rule in RULES.items() if rule.is_latched)

Cleared = Mapping[tuple[AlarmKind, str], datetime]
"""When a person last cleared an alarm of a kind about a node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Changed:
    node: str
    counts: Sums


def find_anomalies(session: Session, now: datetime) -> list[Finding]:
    """Return what is too odd, and note what was looked at."""
    changed = _note_changes(session, now)
    returned, floods, pins = _returned(session), _floods(session, now), _pins(session, now)
    cleared = _last_cleared(session, {*(each.node for each in changed), *returned, *floods, *pins})
    candidates = [
        *(finding for each in changed for finding in _of_changed(session, now, each, cleared)),
        *(_two_programs(now, node, runs, cleared) for node, runs in returned.items()),
        *(rules.flood(node, messages) for node, messages in floods.items()),
        *(rules.wrong_pins(node, failed) for node, failed in pins.items()),
    ]
    found = [finding for finding in candidates if finding is not None]
    return [finding for finding in found if not _was_cleared(session, finding, cleared)]


def _note_changes(session: Session, now: datetime) -> list[_Changed]:
    """Return whose accounting changed since the last look, and put it into their series."""
    mark = TallyMark
    sums = IntakeTally.accepted + IntakeTally.rejected + IntakeTally.quarantined
    marked = func.coalesce(mark.accepted + mark.rejected + mark.quarantined, 0)
    wanted = select(IntakeTally, mark).outerjoin(mark, mark.node_id == IntakeTally.node_id).where(sums > marked)
    found = []
    rows: Sequence[tuple[IntakeTally, TallyMark | None]] = session.execute(wanted.order_by(IntakeTally.node_id)).all()
    for tally, known in rows:
        before = TallyMark(node_id=tally.node_id, accepted=0, rejected=0, quarantined=0) if known is None else known
        accepted = tally.accepted - before.accepted
        counts = Sums(
            accepted=accepted,
            rejected=tally.rejected - before.rejected,
            quarantined=tally.quarantined - before.quarantined,
            night=_night(session, tally.node_id, accepted),
        )
        before.accepted, before.rejected, before.quarantined = tally.accepted, tally.rejected, tally.quarantined
        session.add(before)
        _lock_presence(session, tally.node_id)
        add_counts(session, now, tally.node_id, counts)
        found.append(_Changed(node=tally.node_id, counts=counts))
    session.flush()
    return found


def _lock_presence(session: Session, name: str) -> None:
    """Hold a node's presence row, so that intake does not begin the same stretch of time meanwhile."""
    session.execute(select(Presence.node_id).where(Presence.node_id == name).with_for_update())


def _night(session: Session, node: str, accepted: int) -> int:
    if accepted <= 0:
        return 0
    newest = select(Bundle.claimed_ms).where(Bundle.node_id == node).order_by(Bundle.counter.desc())
    return sum(map(rules.is_night, session.scalars(newest.limit(min(accepted, MOST_BUNDLES)))))


def _of_changed(session: Session, now: datetime, changed: _Changed, cleared: Cleared) -> Iterable[Finding | None]:
    node = changed.node
    if changed.counts.rejected or changed.counts.quarantined:
        yield _counter_reuse(session, now, node, cleared)
        yield rules.rejects(node, _day(session, now, node, AlarmKind.REJECTS, cleared))
    if changed.counts.night:
        yield rules.night_work(node, _day(session, now, node, AlarmKind.NIGHT_WORK, cleared))
    if changed.counts.accepted:
        yield _volume(session, now, node, cleared)


def _day(session: Session, now: datetime, node: str, kind: AlarmKind, cleared: Cleared) -> Sums:
    return rules.total(sums_since(session, node, _since(now, node, kind, cleared), _soon(now), Stretch.SHORT))


def _volume(session: Session, now: datetime, node: str, cleared: Cleared) -> Finding | None:
    day = _day(session, now, node, AlarmKind.VOLUME, cleared)
    if day.accepted < rules.LEAST_VOLUME:
        return None
    today = begin_of(now, Stretch.DAY)
    usual = sums_since(session, node, today - rules.USUAL_DAYS, today, Stretch.DAY)
    return rules.volume(node, day, [each.accepted for each in usual if each.accepted])


def _counter_reuse(session: Session, now: datetime, node: str, cleared: Cleared) -> Finding | None:
    since = _since(now, node, AlarmKind.COUNTER_REUSE, cleared)
    wanted = select(IntakeQuarantine.bundle_id, IntakeQuarantine.kept_at).where(
        IntakeQuarantine.node_id == node,
        IntakeQuarantine.code == CounterConflictError.code,
        IntakeQuarantine.kept_at > since,
    )
    rows = session.execute(wanted).all()
    return rules.counter_reuse(node, [rules.Conflict(bundle=bundle, at=at) for bundle, at in rows if bundle])


def _returned(session: Session) -> dict[str, list[NodeRun]]:
    found: dict[str, list[NodeRun]] = {}
    for row in session.scalars(select(NodeRun).where(NodeRun.returned > 0).order_by(NodeRun.node_id, NodeRun.run)):
        found.setdefault(row.node_id, []).append(row)
    return found


def _two_programs(now: datetime, node: str, runs: Sequence[NodeRun], cleared: Cleared) -> Finding | None:
    since = _since(now, node, AlarmKind.TWO_PROGRAMS, cleared)
    newer = [
        rules.Returned(run=row.run, times=row.returned, at=row.returned_at)
        for row in runs
        if row.returned_at is not None and row.returned_at > since
    ]
    return rules.two_programs(node, newer)


def _floods(session: Session, now: datetime) -> dict[str, int]:
    wanted = select(IntakeRefusal.node_id, func.sum(IntakeRefusal.times)).where(
        IntakeRefusal.code == QuotaError.code, IntakeRefusal.refused_at > now - FLOOD_WITHIN
    )
    return {node: int(times) for node, times in session.execute(wanted.group_by(IntakeRefusal.node_id)) if node}


def _pins(session: Session, now: datetime) -> dict[str, int]:
    wanted = select(Presence.node_id, Presence.failed_sign_ins).where(
        Presence.failed_sign_ins >= rules.WRONG_PINS_A_DAY, Presence.seen_at > now - rules.WINDOW
    )
    return {node: failed for node, failed in session.execute(wanted) if failed is not None}


def _last_cleared(session: Session, nodes: set[str]) -> Cleared:
    """Return when persons last cleared what is latched, of these nodes."""
    kinds = [kind.value for kind in LATCHED]
    wanted = select(Alarm.kind, Alarm.subject, func.max(Alarm.cleared_at)).where(
        Alarm.state == Phase.CLEARED.value, Alarm.kind.in_(kinds), Alarm.subject.in_(sorted(nodes))
    )
    rows = session.execute(wanted.group_by(Alarm.kind, Alarm.subject)) if nodes else ()
    return {(AlarmKind(kind), subject): at for kind, subject, at in rows if at is not None}


def _was_cleared(session: Session, finding: Finding, cleared: Cleared) -> bool:
    """Say whether a person cleared just this: counts of a day that have not grown since."""
    if finding.kind not in {AlarmKind.FLOOD, AlarmKind.WRONG_PINS} or finding.key not in cleared:
        return False
    newest = select(Alarm).where(Alarm.kind == finding.kind.value, Alarm.subject == finding.subject)
    row = session.scalars(newest.order_by(Alarm.id.desc()).limit(1)).one()
    return row.state == Phase.CLEARED.value and row.evidence == evidence_text(finding.evidence)


def _since(now: datetime, node: str, kind: AlarmKind, cleared: Cleared) -> datetime:
    return max(now - rules.WINDOW, cleared.get((kind, node), now - rules.WINDOW))


def _soon(now: datetime) -> datetime:
    return now + timedelta(seconds=1)
