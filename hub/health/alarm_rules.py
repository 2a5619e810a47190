"""Which alarms there are, and when each opens and ends. Values in, values out.

Rules:
1. An alarm is one thing about one subject: of a kind and a subject at most one is not cleared.
2. A condition (silence, a full disk) opens an alarm when it *lasts*, and clears it by itself when it is over. Until it
   opens it is pending: nobody is told, and when the condition ends meanwhile nothing has been.
3. Evidence (two programs with one key, a counter used twice) is latched: only a person clears it, and then only newer
   evidence opens it again.
4. A person cannot clear a condition that still holds: it would be back in a minute. Acknowledging says "I am on it".
5. What is excused (closed office, planned outage) opens no alarm about silence, and what is pending begins anew; an
   alarm that is open stays: the evening does not mend a broken link.
6. When half of the fleet falls silent at once it is not the villages: one alarm says so instead of hundreds.
7. Days before something ends: 30 a notice, 7 a warning, 1 critical; an alarm that gets worse says so in its history.
   What is made anew every day and lives a week (the revocation list): below 6 days a warning, 2 critical. What renews
   itself 30 days before its end (a node's certificate) has a day for that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

Evidence = Mapping[str, str | int | Sequence[str]]


class Severity(StrEnum):
    """How bad it is."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class Phase(StrEnum):
    """Where an alarm is in its life."""

    PENDING = "pending"
    OPEN = "open"
    CLEARED = "cleared"


class AlarmKind(StrEnum):
    """What is not well."""

    SILENT = "silent"
    FLEET_SILENT = "fleet_silent"
    NEVER = "never"
    LOST = "lost"
    WAITING_LONG = "waiting_long"
    DISK_LOW = "disk_low"
    RAM_LOW = "ram_low"
    BATTERY_LOW = "battery_low"
    CLOCK_WRONG = "clock_wrong"
    LINK_POOR = "link_poor"
    EXPIRES = "expires"
    FLAPPING = "flapping"
    TWO_PROGRAMS = "two_programs"
    COUNTER_REUSE = "counter_reuse"
    NIGHT_WORK = "night_work"
    REJECTS = "rejects"
    VOLUME = "volume"
    FLOOD = "flood"
    WRONG_PINS = "wrong_pins"


class AlarmRule(StrEnum):
    """Why a step of a person does not go through."""

    UNKNOWN = "alarm_unknown"
    CLEARED = "alarm_cleared"
    STILL_HOLDS = "alarm_still_holds"
    TEXT = "alarm_text"


class What(StrEnum):
    """What happened to an alarm."""

    OPENED = "opened"
    WORSE = "worse"
    EVIDENCE = "evidence"
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    SUSPENDED = "suspended"
    CLEARED = "cleared"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """How alarms of a kind behave."""

    severity: Severity
    lasts: timedelta = timedelta()
    """How long a condition holds before it opens an alarm."""
    is_latched: bool = False
    is_excused: bool = False


_N, _W, _C = Severity.NOTICE, Severity.WARNING, Severity.CRITICAL
_HALF_HOUR, _HOUR = timedelta(minutes=30), timedelta(hours=1)

RULES: Mapping[AlarmKind, Rule] = {
    AlarmKind.SILENT: Rule(severity=_W, lasts=_HALF_HOUR, is_excused=True),
    AlarmKind.FLEET_SILENT: Rule(severity=_C, lasts=timedelta(minutes=2)),
    AlarmKind.NEVER: Rule(severity=_N, lasts=_HOUR, is_excused=True),
    AlarmKind.LOST: Rule(severity=_C, lasts=timedelta(minutes=5)),
    AlarmKind.WAITING_LONG: Rule(severity=_W, is_excused=True),
    AlarmKind.DISK_LOW: Rule(severity=_W, lasts=timedelta(minutes=10)),
    AlarmKind.RAM_LOW: Rule(severity=_N, lasts=_HALF_HOUR),
    AlarmKind.BATTERY_LOW: Rule(severity=_N),
    AlarmKind.CLOCK_WRONG: Rule(severity=_W, lasts=timedelta(minutes=15)),
    AlarmKind.LINK_POOR: Rule(severity=_N, lasts=_HOUR, is_excused=True),
    AlarmKind.EXPIRES: Rule(severity=_N),
    AlarmKind.FLAPPING: Rule(severity=_N, is_excused=True),
    AlarmKind.TWO_PROGRAMS: Rule(severity=_C, is_latched=True),
    AlarmKind.COUNTER_REUSE: Rule(severity=_C, is_latched=True),
    AlarmKind.NIGHT_WORK: Rule(severity=_W, is_latched=True),
    AlarmKind.REJECTS: Rule(severity=_W, is_latched=True),
    AlarmKind.VOLUME: Rule(severity=_W, is_latched=True),
    AlarmKind.FLOOD: Rule(severity=_W, is_latched=True),
    AlarmKind.WRONG_PINS: Rule(severity=_W, is_latched=True),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not well now."""

    kind: AlarmKind
    subject: str
    node: str | None = None
    severity: Severity | None = None
    """Instead of the kind's."""
    evidence: Evidence = field(default_factory=dict)
    suspends: bool = False
    """The evidence is enough to put the node aside at once."""

    @property
    def key(self) -> tuple[AlarmKind, str]:
        """What makes it one alarm (rule 1)."""
        return self.kind, self.subject

    @property
    def how_bad(self) -> Severity:
        """Its severity."""
        return self.severity or RULES[self.kind].severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """An alarm that is not cleared, as it is stored."""

    alarm: int
    kind: AlarmKind
    subject: str
    severity: Severity
    phase: Phase
    since: datetime
    evidence: Evidence

    @property
    def key(self) -> tuple[AlarmKind, str]:
        """What makes it one alarm (rule 1)."""
        return self.kind, self.subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """Write a new alarm."""

    finding: Finding
    phase: Phase


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Change an alarm; ``happened`` goes into its history."""

    alarm: int
    finding: Finding
    opens: bool = False
    happened: What | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """A condition is over. A pending alarm leaves no trace."""

    alarm: int
    was_open: bool


Step = Begin | Change | End


def decide(
    standing: Iterable[Standing], findings: Iterable[Finding], now: datetime, *, excused: frozenset[str] = frozenset()
) -> list[Step]:
    """Return what changes; ``excused`` are the nodes that need not be heard now (rule 5)."""
    there = {each.key: each for each in standing}
    found = {each.key: each for each in findings if not _is_excused(each, there.get(each.key), excused)}
    steps: list[Step] = [
        step
        for key, finding in found.items()
        for step in [_begin(finding) if key not in there else _go_on(there[key], finding, now)]
        if step is not None
    ]
    ended = [each for key, each in there.items() if key not in found and not RULES[each.kind].is_latched]
    return [*steps, *(End(alarm=each.alarm, was_open=each.phase is Phase.OPEN) for each in ended)]


def _is_excused(finding: Finding, known: Standing | None, excused: frozenset[str]) -> bool:
    if not RULES[finding.kind].is_excused or finding.node not in excused:
        return False
    return known is None or known.phase is Phase.PENDING


def _begin(finding: Finding) -> Step:
    lasts = RULES[finding.kind].lasts
    return Begin(finding=finding, phase=Phase.PENDING if lasts else Phase.OPEN)


def _go_on(known: Standing, finding: Finding, now: datetime) -> Step | None:
    # A clock that was set back must not keep an alarm pending for ever.
    has_lasted = not timedelta() <= now - known.since < RULES[known.kind].lasts
    if known.phase is Phase.PENDING and has_lasted:
        return Change(alarm=known.alarm, finding=finding, opens=True, happened=What.OPENED)
    if known.severity is not finding.how_bad:
        is_worse = _RANK[finding.how_bad] > _RANK[known.severity]
        return Change(alarm=known.alarm, finding=finding, happened=What.WORSE if is_worse else None)
    if known.evidence != finding.evidence:
        happened = What.EVIDENCE if RULES[known.kind].is_latched else None
        return Change(alarm=known.alarm, finding=finding, happened=happened)
    return None


LEAST_FLEET = 10
FLEET = "fleet"


def fold_silence(
    findings: Sequence[Finding], *, nodes: int, excused: frozenset[str], known: frozenset[str]
) -> list[Finding]:
    """Return the findings with one instead of many where half of ``nodes`` fell silent at once (rule 6).

    ``known`` are the nodes about whose silence an alarm is open: they stay as they are.
    """
    fresh = {
        each.subject
        for each in findings
        if each.kind is AlarmKind.SILENT and each.subject not in known and each.subject not in excused
    }
    if len(fresh) < LEAST_FLEET or 2 * len(fresh) < nodes:
        return list(findings)
    rest = [each for each in findings if each.kind is not AlarmKind.SILENT or each.subject not in fresh]
    return [*rest, Finding(kind=AlarmKind.FLEET_SILENT, subject=FLEET, evidence={"silent": len(fresh), "of": nodes})]


_RANK: Mapping[Severity, int] = {_N: 0, _W: 1, _C: 2}


def may_clear(kind: AlarmKind, phase: Phase) -> AlarmRule | None:
    """Return the rule that forbids a person to clear an alarm (rule 4)."""
    if phase is Phase.CLEARED:
        return AlarmRule.CLEARED
    return None if RULES[kind].is_latched else AlarmRule.STILL_HOLDS


class Renewal(StrEnum):
    """How something that ends is made anew."""

    BY_HAND = "by_hand"
    BY_ITSELF = "by_itself"
    DAILY = "daily"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiring:
    """Something that ends: a certificate, a key, a list, an authority."""

    subject: str
    """What and whose: ``node 3314052003-01``, ``revocation_list``."""
    expires_at: datetime
    node: str | None = None
    renewal: Renewal = Renewal.BY_HAND


_DAY = timedelta(days=1)
_LATE: Sequence[tuple[timedelta, Severity]] = ((_DAY, _C), (7 * _DAY, _W))

EXPIRY_STEPS: Mapping[Renewal, Sequence[tuple[timedelta, Severity]]] = {
    Renewal.BY_HAND: (*_LATE, (30 * _DAY, _N)),
    Renewal.BY_ITSELF: (*_LATE, (29 * _DAY, _N)),
    Renewal.DAILY: ((2 * _DAY, _C), (6 * _DAY - _HOUR, _W)),
}
"""Time left, nearest first. Yesterday's list has six days left when it is made anew: an hour of grace."""


def expiry_finding(each: Expiring, now: datetime) -> Finding | None:
    """Return the alarm about something that ends soon, or has ended (rule 7)."""
    left = each.expires_at - now
    severity = next((severity for within, severity in EXPIRY_STEPS[each.renewal] if left <= within), None)
    if severity is None:
        return None
    evidence: Evidence = {"expires_at": each.expires_at.isoformat(timespec="minutes"), "days": left.days}
    return Finding(kind=AlarmKind.EXPIRES, subject=each.subject, node=each.node, severity=severity, evidence=evidence)
