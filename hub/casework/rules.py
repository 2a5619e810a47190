"""Pure decisions of casework: its words, who may do what at which stage, what is masked. Order of stages: ``flow.py``.

Rules of moves:
1. A stage is worked on by its role at its office, and only while it is open or taken; the inspectorate and network
   administrators move nothing.
2. A case is called complete only when every file that its manifests name is here: nobody can vouch for what is missing.
3. A correction says why (a code) and what: at least one field or requirement, or a note for the reasons that need one.
   Other stages go on meanwhile.
4. An opinion is given by an office that has taken the case up (custody, with a receipt for the village). A no,
   conditions and the minutes of a visit need words.
5. Taking a newer case while an older one waits at the same desk, or deciding it, is allowed and recorded: out of turn.
6. A refusal, and a grant against an opinion of an agency, say why.
Rules of double control (UU 25/2009; the regency's agencies and its one-stop office watch each other):
7. Who decides, confirms or signs has done nothing to prepare the case; who initials has not drafted it.
8. Who confirms is another person of another office than who decided.
9. Nobody moves their own case.
10. While a proposal waits for its second person, nothing is decided, signed or handed over, and the decision asks
    nothing: an answer would change what was decided on.
11. A look at personal data beyond the masked page needs a reason; every look is an event (fault F37, UU 27/2022).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.accounts.rules import DESK_ROLES, Actor, Role
from protocol.catalogue import Answer, Field, FieldType, StageAction
from protocol.nik import mask_nik
from protocol.receipt import ReturnReason

MIN_REASON = 10
"""Letters of a note that has to explain something: shorter ones say nothing."""

MAX_NOTE = 1_000

RAPID_DECISIONS = 60
"""More decisions of one person in one hour are flagged: nobody reads a file a minute (fault F36)."""


class CaseState(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"  # at least one desk waits for a correction; the others go on
    AWAITING_PAYMENT = "awaiting_payment"
    DECIDED = "decided"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({CaseState.CLOSED, CaseState.WITHDRAWN})


class StageState(StrEnum):
    """What one desk does with one stage."""

    WAITING = "waiting"
    OPEN = "open"
    TAKEN = "taken"
    ASKED = "asked_correction"
    DONE = "done"
    SKIPPED = "skipped"


AT_WORK = frozenset({StageState.OPEN, StageState.TAKEN})
"""The desk has to act."""

PAST = frozenset({StageState.DONE, StageState.SKIPPED})


class StageOutcome(StrEnum):
    """How a stage ended."""

    NONE = ""
    DONE = "done"
    YES = "yes"
    NO = "no"
    CONDITIONS = "conditions"
    ASSESSED = "assessed"
    EXEMPT = "exempt"  # nothing is due
    PAID = "paid"
    GRANTED = "granted"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    TRACKED = "tracked"  # the national system issued it
    NOT_ISSUED = "not_issued"  # the national system refused it


OPINIONS = frozenset({StageOutcome.YES, StageOutcome.NO, StageOutcome.CONDITIONS})
VERDICTS = frozenset({StageOutcome.GRANTED, StageOutcome.REFUSED})

_JUST_DONE = frozenset({StageOutcome.DONE})
OUTCOMES: Mapping[StageAction, frozenset[StageOutcome]] = {
    StageAction.COMPLETENESS: _JUST_DONE,
    StageAction.RECOMMENDATION: OPINIONS,
    StageAction.INSPECTION: OPINIONS,
    StageAction.ASSESSMENT: frozenset({StageOutcome.ASSESSED, StageOutcome.EXEMPT}),
    StageAction.PAYMENT: frozenset({StageOutcome.PAID}),
    StageAction.RECORDING: _JUST_DONE,
    StageAction.DRAFT: _JUST_DONE,
    StageAction.INITIALS: _JUST_DONE,
    StageAction.DECISION: VERDICTS,
    StageAction.CONFIRMATION: frozenset({StageOutcome.CONFIRMED}),
    StageAction.SIGNATURE: frozenset({StageOutcome.SIGNED}),
    StageAction.HANDOVER: _JUST_DONE,
    StageAction.TRACKING: frozenset({StageOutcome.TRACKED, StageOutcome.NOT_ISSUED}),
}
"""How a stage of each action can end."""


class Move(StrEnum):
    """What a desk may do."""

    TAKE = "take"
    COMPLETE = "complete"
    ASK = "ask_correction"
    OPINION = "opinion"
    FINISH = "finish"
    DECIDE = "decide"
    CONFIRM = "confirm"
    HAND_OVER = "hand_over"
    REROUTE = "reroute"


_ASKING = frozenset(
    {
        StageAction.COMPLETENESS,
        StageAction.RECOMMENDATION,
        StageAction.INSPECTION,
        StageAction.ASSESSMENT,
        StageAction.RECORDING,
        StageAction.DRAFT,
        StageAction.DECISION,
        StageAction.TRACKING,
    }
)

ACTIONS: Mapping[Move, frozenset[StageAction]] = {
    Move.TAKE: frozenset(StageAction),
    Move.COMPLETE: frozenset({StageAction.COMPLETENESS}),
    Move.ASK: _ASKING,
    Move.OPINION: frozenset({StageAction.RECOMMENDATION, StageAction.INSPECTION}),
    Move.FINISH: frozenset(
        {
            StageAction.ASSESSMENT,
            StageAction.PAYMENT,
            StageAction.RECORDING,
            StageAction.DRAFT,
            StageAction.INITIALS,
            StageAction.SIGNATURE,
            StageAction.TRACKING,
        }
    ),
    Move.DECIDE: frozenset({StageAction.DECISION}),
    Move.CONFIRM: frozenset({StageAction.CONFIRMATION}),
    Move.HAND_OVER: frozenset({StageAction.HANDOVER}),
    Move.REROUTE: frozenset({StageAction.RECOMMENDATION, StageAction.INSPECTION, StageAction.ASSESSMENT}),
}
"""At which stages a move is possible at all."""

PREPARING = frozenset(
    {
        StageAction.COMPLETENESS,
        StageAction.RECOMMENDATION,
        StageAction.INSPECTION,
        StageAction.ASSESSMENT,
        StageAction.RECORDING,
        StageAction.DRAFT,
        StageAction.INITIALS,
    }
)
"""Whoever did one of these does not decide on the same case (rule 7)."""

_JUDGING = frozenset({StageAction.DECISION, StageAction.CONFIRMATION, StageAction.SIGNATURE})


class EventKind(StrEnum):
    """What happened to a case, or who looked at it."""

    ROUTED = "routed"
    COMPLETE = "complete"
    RETURNED = "returned"
    CORRECTED = "corrected"
    CUSTODY = "custody"
    OPINION = "opinion"
    ASSESSED = "assessed"
    PAID = "paid"
    RECORDED = "recorded"
    DRAFTED = "drafted"
    INITIALLED = "initialled"
    DECIDED = "decided"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    SIGNED = "signed"
    HANDED_OVER = "handed_over"
    TRACKED = "tracked"
    REROUTED = "rerouted"
    WITHDRAWN = "withdrawn"
    PROPOSED = "proposed"
    AGREED = "agreed"
    DISAGREED = "disagreed"
    QUARANTINED = "quarantined"  # a file; found by the hub itself
    ESCALATED = "escalated"  # late: the next level is told; by the worker
    DEEMED_AHEAD = "deemed_ahead"  # tomorrow silence counts as consent; by the worker
    DEEMED = "deemed"  # the day after which silence counts as consent has passed; by the worker
    VIEWED = "viewed"
    FILE_VIEWED = "file_viewed"
    REVEALED = "revealed"


LOOKS = frozenset({EventKind.VIEWED, EventKind.FILE_VIEWED, EventKind.REVEALED})
"""Events that change nothing: somebody saw personal data."""

FINISHED: Mapping[StageAction, EventKind] = {
    StageAction.ASSESSMENT: EventKind.ASSESSED,
    StageAction.PAYMENT: EventKind.PAID,
    StageAction.RECORDING: EventKind.RECORDED,
    StageAction.DRAFT: EventKind.DRAFTED,
    StageAction.INITIALS: EventKind.INITIALLED,
    StageAction.SIGNATURE: EventKind.SIGNED,
    StageAction.TRACKING: EventKind.TRACKED,
}
"""The event of a stage that is simply finished."""

NEEDS_NOTE = frozenset({ReturnReason.WRONG_SERVICE, ReturnReason.OTHER})


class CaseRule(StrEnum):
    """The rule that a refused move would have broken."""

    ROLE = "role"
    NOT_YOUR_STAGE = "not_your_stage"
    OWN_CASE = "own_case"
    SAME_PERSON = "same_person"
    SAME_OFFICE = "same_office"
    STATE = "state"
    NOT_TAKEN = "not_taken"
    FILES_MISSING = "files_missing"
    PROPOSAL_OPEN = "proposal_open"
    NOT_PROPOSABLE = "not_proposable"
    OUTCOME_UNFIT = "outcome_unfit"
    REFERENCE_NEEDED = "reference_needed"
    OFFICE_UNFIT = "office_unfit"
    NOTHING_NAMED = "nothing_named"
    NOTE_NEEDED = "note_needed"
    NOTE_LONG = "note_long"
    NAME_UNKNOWN = "name_unknown"
    REASON_NEEDED = "reason_needed"
    FEE_SET = "fee_set"


FORBIDDEN = frozenset(
    {CaseRule.ROLE, CaseRule.NOT_YOUR_STAGE, CaseRule.OWN_CASE, CaseRule.SAME_PERSON, CaseRule.SAME_OFFICE}
)
"""Rules about who the person is: another person may do it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """One desk at one stage."""

    action: StageAction
    role: Role
    office: str
    state: StageState


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What decides about a move of one person at one stage."""

    state: CaseState
    seat: Seat
    front: Seat
    """Where the case came in: that desk may hand over and re-route whatever else is open."""
    is_whole: bool = True
    is_own_case: bool = False
    is_proposal_open: bool = False
    prepared_by: frozenset[str] = frozenset()
    drafted_by: frozenset[str] = frozenset()
    decided_by: str = ""
    decided_office: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """What is asked for with a return."""

    reason: ReturnReason
    fields: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    note: str = ""


def broken_rule(move: Move, actor: Actor, situation: Situation) -> CaseRule | None:
    """Return the first rule that forbids the move, None when it is allowed."""
    if actor.role not in DESK_ROLES:
        return CaseRule.ROLE
    if situation.seat.action not in ACTIONS[move]:
        return CaseRule.STATE
    if not _is_theirs(move, actor, situation):
        return CaseRule.NOT_YOUR_STAGE
    if situation.is_own_case:
        return CaseRule.OWN_CASE
    return _state_rule(move, situation) or _persons_rule(move, actor, situation)


def _is_theirs(move: Move, actor: Actor, situation: Situation) -> bool:
    seat, front = situation.seat, situation.front
    if (actor.office, actor.role) == (seat.office, seat.role):
        return True
    if move not in {Move.HAND_OVER, Move.REROUTE}:
        return False
    is_superior = actor.office == seat.office and actor.role in {Role.HEAD, Role.DIVISION_HEAD}
    return (actor.office, actor.role) == (front.office, front.role) or (move is Move.REROUTE and is_superior)


def _state_rule(move: Move, situation: Situation) -> CaseRule | None:
    wanted = {StageState.OPEN} if move is Move.TAKE else AT_WORK
    if situation.state in ENDED or situation.seat.state not in wanted:
        return CaseRule.STATE
    if move is Move.OPINION and situation.seat.state is not StageState.TAKEN:
        return CaseRule.NOT_TAKEN
    is_question = move is Move.ASK and situation.seat.action is not StageAction.DECISION
    if situation.is_proposal_open and not is_question and move not in {Move.TAKE, Move.OPINION, Move.REROUTE}:
        return CaseRule.PROPOSAL_OPEN
    return CaseRule.FILES_MISSING if move is Move.COMPLETE and not situation.is_whole else None


def _persons_rule(move: Move, actor: Actor, situation: Situation) -> CaseRule | None:
    """Rules 7 and 8."""
    action = situation.seat.action
    if move in {Move.ASK, Move.REROUTE}:
        return None
    if action in _JUDGING and actor.person_id in situation.prepared_by:
        return CaseRule.SAME_PERSON
    if action is StageAction.INITIALS and actor.person_id in situation.drafted_by:
        return CaseRule.SAME_PERSON
    if action is not StageAction.CONFIRMATION:
        return None
    if actor.person_id == situation.decided_by:
        return CaseRule.SAME_PERSON
    return CaseRule.SAME_OFFICE if actor.office == situation.decided_office else None


def words_rule(note: str, *, needed: bool) -> CaseRule | None:
    """Return the rule that a note breaks: too long, or too short although it has to explain something."""
    if len(note.strip()) > MAX_NOTE:
        return CaseRule.NOTE_LONG
    return CaseRule.NOTE_NEEDED if needed and len(note.strip()) < MIN_REASON else None


def correction_rule(correction: Correction, fields: Collection[str], requirements: Collection[str]) -> CaseRule | None:
    """Return the first rule that a return breaks, given the keys that its service has (rule 3)."""
    if not set(correction.fields) <= set(fields) or not set(correction.requirements) <= set(requirements):
        return CaseRule.NAME_UNKNOWN
    if correction.reason in NEEDS_NOTE or len(correction.note.strip()) > MAX_NOTE:
        return words_rule(correction.note, needed=True)
    return None if correction.fields or correction.requirements else CaseRule.NOTHING_NAMED


def opinion_rule(action: StageAction, verdict: StageOutcome, note: str) -> CaseRule | None:
    """Return the rule that an opinion breaks (rule 4)."""
    if verdict not in OPINIONS:
        return CaseRule.OUTCOME_UNFIT
    return words_rule(note, needed=verdict is not StageOutcome.YES or action is StageAction.INSPECTION)


def is_reason(text: str) -> bool:
    """Tell whether a text can pass for the reason of a look (rule 11)."""
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
