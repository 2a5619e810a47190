"""Pure decisions of casework: the state machine of the first three moves, who may make them, what is masked.

States of a case: received → complete → taken_up; received → returned.
States of a desk: open (checks completeness), waiting (nobody has taken the case up yet), taken, done.

Rules:
1. Only the front desk of the case calls it complete or returns it, and only while it is received.
2. A case is called complete only when every file that the manifest names is here: nobody can vouch for what is missing.
3. A return says why (a code) and what: at least one field or requirement, or a note for the reasons that need one.
4. An office takes up a case that waits at its own desk, once. Agencies work in parallel and do not wait for each other.
5. Taking up a newer case while an older one waits at the same desk is allowed and recorded: out of turn.
6. The inspectorate, heads and network administrators move nothing.
7. A look at personal data beyond the masked page needs a reason; every look is an event (fault F37, UU 27/2022).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from hub.accounts.rules import DESK_ROLES, Role
from hub.catalogue.rules import agency_desks, front_desk
from protocol.catalogue import Answer, Field, FieldType, OfficeCode, Service
from protocol.ids import RegistrationNo, VillageCode
from protocol.nik import mask_nik
from protocol.receipt import ReturnReason
from protocol.sealing import Digest
from protocol.wire import Wire

MIN_REASON = 10
"""Letters of a note that has to explain something: shorter ones say nothing."""

MAX_NOTE = 1_000


class CaseState(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    COMPLETE = "complete"
    RETURNED = "returned"
    TAKEN_UP = "taken_up"


class DeskState(StrEnum):
    """What one desk does with a case."""

    OPEN = "open"
    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"


TO_DO = frozenset({DeskState.OPEN, DeskState.WAITING})
"""States in which the desk has to act."""


class Move(StrEnum):
    """What a desk may do."""

    COMPLETE = "complete"
    RETURN = "return"
    TAKE_CUSTODY = "take_custody"


class EventKind(StrEnum):
    """What happened to a case, or who looked at it."""

    ROUTED = "routed"
    COMPLETE = "complete"
    RETURNED = "returned"
    CUSTODY = "custody"
    VIEWED = "viewed"
    FILE_VIEWED = "file_viewed"
    REVEALED = "revealed"


LOOKS = frozenset({EventKind.VIEWED, EventKind.FILE_VIEWED, EventKind.REVEALED})
"""Events that change nothing: somebody saw personal data."""


NEEDS_NOTE = frozenset({ReturnReason.WRONG_SERVICE, ReturnReason.OTHER})


class CaseRule(StrEnum):
    """The rule that a refused move would have broken."""

    ROLE = "role"
    NOT_FRONT_DESK = "not_front_desk"
    NO_DESK = "no_desk"
    STATE = "state"
    FILES_MISSING = "files_missing"
    NOTHING_NAMED = "nothing_named"
    NOTE_NEEDED = "note_needed"
    NOTE_LONG = "note_long"
    NAME_UNKNOWN = "name_unknown"
    REASON_NEEDED = "reason_needed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What decides about a move: the case, its files, and the desk of the actor's office (None: no desk)."""

    state: CaseState
    is_whole: bool
    is_front_desk: bool
    desk: DeskState | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What is asked for with a return."""

    reason: ReturnReason
    fields: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskPlan:
    """The desks of a case once it is complete: what the front desk turns to, and who waits beside it."""

    front: DeskState
    waiting: tuple[OfficeCode, ...]


class CaseSubject(Wire, frozen=True, kw_only=True):
    """What the commitment of a ledger entry ``case.*`` hides: who did what to which case."""

    kind: EventKind
    case: RegistrationNo
    person: str
    role: Role
    office: str
    code: str = ""
    """Reason code of a return."""
    names: Annotated[list[str], msgspec.Meta(max_length=120)] = msgspec.field(default_factory=list)
    """Fields and requirements named by a return, offices named by a completion, the position of a file."""
    note: Digest | None = None
    """SHA-256 of the note or of the reason of a look."""
    out_of_turn: bool = False


def broken_rule(move: Move, role: Role, situation: Situation) -> CaseRule | None:
    """Return the first rule that forbids the move, None when it is allowed (rules 1, 2, 4, 6)."""
    if role not in DESK_ROLES:
        return CaseRule.ROLE
    if move is Move.TAKE_CUSTODY:
        return _custody_rule(situation)
    if not situation.is_front_desk:
        return CaseRule.NOT_FRONT_DESK
    if situation.state is not CaseState.RECEIVED or situation.desk is not DeskState.OPEN:
        return CaseRule.STATE
    if move is Move.COMPLETE and not situation.is_whole:
        return CaseRule.FILES_MISSING
    return None


def _custody_rule(situation: Situation) -> CaseRule | None:
    if situation.desk is None:
        return CaseRule.NO_DESK
    if situation.desk is not DeskState.WAITING or situation.state not in {CaseState.COMPLETE, CaseState.TAKEN_UP}:
        return CaseRule.STATE
    return None


def possible_moves(role: Role, situation: Situation) -> tuple[Move, ...]:
    """Return the moves that are allowed now, for the buttons of the page."""
    return tuple(move for move in Move if broken_rule(move, role, situation) is None)


def correction_rule(correction: Correction, fields: Collection[str], requirements: Collection[str]) -> CaseRule | None:
    """Return the first rule that a return breaks, given the keys that its service has (rule 3)."""
    note = correction.note.strip()
    if not set(correction.fields) <= set(fields) or not set(correction.requirements) <= set(requirements):
        return CaseRule.NAME_UNKNOWN
    if len(note) > MAX_NOTE:
        return CaseRule.NOTE_LONG
    if correction.reason in NEEDS_NOTE:
        return CaseRule.NOTE_NEEDED if len(note) < MIN_REASON else None
    return None if correction.fields or correction.requirements else CaseRule.NOTHING_NAMED


def plan_desks(service: Service, village: VillageCode) -> DeskPlan:
    """Return where a complete case goes: to the agencies, or to the issuing office itself when none works on it."""
    beside = agency_desks(service, village)
    return DeskPlan(front=DeskState.DONE if beside else DeskState.WAITING, waiting=beside)


def front_office(service: Service, village: VillageCode) -> OfficeCode:
    """Return the office that checks completeness."""
    return front_desk(service, village)


def is_out_of_turn(since: datetime, oldest_other: datetime | None) -> bool:
    """Tell whether an older case waits at the same desk (rule 5); None: no other case waits."""
    return oldest_other is not None and oldest_other < since


def is_reason(text: str) -> bool:
    """Tell whether a text can pass for the reason of a look (rule 7)."""
    return MIN_REASON <= len(text.strip()) <= MAX_NOTE


def masked_answer(field: Field, answer: Answer) -> str | None:
    """Return the masked form of a personal answer; None when the field is not personal and may be shown."""
    if field.type is FieldType.NIK:
        return mask_nik(str(answer))
    if field.type is FieldType.KK_NO:
        return mask_nik(str(answer))
    if field.type is FieldType.PHONE:
        return mask_phone(str(answer))
    return mask_text(str(answer)) if field.personal else None


def mask_phone(phone: str) -> str:
    """Return ``••••••1234``: the last four digits tell people apart, and no more."""
    return "•" * max(len(phone) - 4, 4) + phone[-4:] if len(phone) > 4 else "••••"  # noqa: PLR2004


def mask_text(text: str) -> str:
    """Return the first letter of each word, the rest covered; the length of the words is not told."""
    return " ".join(f"{word[:1]}•••" for word in text.split()[:6]) or "•••"
