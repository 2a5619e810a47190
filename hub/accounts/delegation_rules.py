"""Pure decisions about delegations and absences: who may act for whom, from which day to which.

Rules (the four capacities of official letters: a.n., u.b., Plt., Plh.):
1. Only the power of a head or of a division head is delegated, to a person whose account is open, never to oneself.
2. The head of the office, or a network administrator, enters it; nobody enters one in their own favour, and nobody
   gives on what they were given (two deputies could prolong each other for ever).
3. a.n., u.b. and Plh. name whom the holder stands for: somebody who has that role at that office, or for u.b. who holds
   it a.n. A Plt. stands for a vacant post: nobody has the role there.
4. Days count in local time, both ends included, one year at most; a period that is over cannot be entered.
5. Nothing is deleted: an entry is withdrawn, and both stay in the ledger.
6. An absence shuts nobody out (fault F11): it tells colleagues and routing, and the person may come back early.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hub.accounts.rules import Actor, Role, SignCapacity
from protocol.catalogue import OfficeCode

OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
MAX_DAYS = timedelta(days=366)
MIN_BASIS, MAX_BASIS = 5, 200
DELEGABLE = frozenset({Role.HEAD, Role.DIVISION_HEAD})


class DelegationRule(StrEnum):
    """The rule that a refused entry would have broken."""

    NOT_YOURS = "not_yours"
    SELF = "self"
    PERSON_UNKNOWN = "person_unknown"
    ROLE = "role"
    PRINCIPAL_NEEDED = "principal_needed"
    PRINCIPAL_UNFIT = "principal_unfit"
    POST_NOT_VACANT = "post_not_vacant"
    DATES = "dates"
    PAST = "past"
    BASIS = "basis"
    OVERLAP = "overlap"
    UNKNOWN = "unknown"


class AbsenceReason(StrEnum):
    """Why somebody is away; no more is asked."""

    LEAVE = "leave"
    DUTY = "duty"
    SICK = "sick"
    TRAINING = "training"


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From the beginning of one day to the end of another, in local time."""

    first: date
    last: date

    def holds_on(self, day: date) -> bool:
        """Tell whether the day lies in the period."""
        return self.first <= day <= self.last


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDelegation:
    """What is said about a delegation that is entered; ``principal_id`` is empty for a vacant post."""

    office: OfficeCode
    role: Role
    capacity: SignCapacity
    holder_id: str
    principal_id: str
    period: Period
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What decides about a new delegation beyond its own words."""

    is_holder_known: bool
    may_have_role: bool
    """Whether an office of this kind has such a post."""
    is_principal_fit: bool
    is_post_vacant: bool
    is_taken: bool
    """Whether the holder already has the same in an overlapping period."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAbsence:
    """What is said about an absence that is entered."""

    person_id: str
    period: Period
    reason: AbsenceReason


def local_day(now: datetime) -> date:
    """Return the day that it is in the offices."""
    return now.astimezone(OFFICE_ZONE).date()


def delegation_rule(actor: Actor, today: date, new: NewDelegation, standing: Standing) -> DelegationRule | None:
    """Return the first rule that a new delegation breaks (rules 1 to 4)."""
    return _entry_rule(actor, new) or period_rule(today, new.period) or _standing_rule(new, standing)


def may_keep(actor: Actor, office: str) -> bool:
    """Tell whether the actor may enter or withdraw what concerns this office (rule 2)."""
    return actor.role is Role.NETWORK_ADMIN or (actor.role is Role.HEAD and actor.office == office)


def period_rule(today: date, period: Period) -> DelegationRule | None:
    """Return the rule that the days break (rule 4)."""
    if period.last < period.first or period.last - period.first > MAX_DAYS:
        return DelegationRule.DATES
    return DelegationRule.PAST if period.last < today else None


def _entry_rule(actor: Actor, new: NewDelegation) -> DelegationRule | None:
    if not may_keep(actor, new.office) or actor.delegation_id:
        return DelegationRule.NOT_YOURS
    if new.holder_id in {actor.person_id, new.principal_id}:
        return DelegationRule.SELF
    if new.role not in DELEGABLE:
        return DelegationRule.ROLE
    return None if MIN_BASIS <= len(new.basis.strip()) <= MAX_BASIS else DelegationRule.BASIS


def _standing_rule(new: NewDelegation, standing: Standing) -> DelegationRule | None:
    if not standing.may_have_role:
        return DelegationRule.ROLE
    if not standing.is_holder_known:
        return DelegationRule.PERSON_UNKNOWN
    if new.capacity is SignCapacity.ACTING:
        vacancy = None if standing.is_post_vacant else DelegationRule.POST_NOT_VACANT
    elif not new.principal_id:
        vacancy = DelegationRule.PRINCIPAL_NEEDED
    else:
        vacancy = None if standing.is_principal_fit else DelegationRule.PRINCIPAL_UNFIT
    return vacancy or (DelegationRule.OVERLAP if standing.is_taken else None)
