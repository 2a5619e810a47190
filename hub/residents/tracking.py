"""A case as its resident may see it: where it is, how much time is left, what is asked, what it costs, who looked.

Rules:
1. The pair of number and code opens a case; a wrong code and a number that nobody has are the same answer.
2. No personal data: no names, of residents or officials; notes stay with the offices. The one text that is shown is
   the reason that somebody gave for unmasking the resident's data: that is said to whoever gives one (promise P12).
3. What the page says is read from the same rows that the desks work with.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.tables import Person
from hub.calendar.rules import Calendar, CalendarYearError
from hub.calendar.service import current_calendar
from hub.casework.corrections import bundles_of
from hub.casework.events import CaseTools, data_key, note_place
from hub.casework.flow import PROPOSAL
from hub.casework.rules import AT_WORK, LOOKS, CaseState, EventKind, StageState
from hub.casework.tables import Case, CaseAsk, CaseEvent, CaseStage
from hub.clocks.clock import PauseReason, Reading, read_clock
from hub.clocks.deadlines import WHOLE, clock_of_row, pauses_of
from hub.clocks.tables import CaseClock
from hub.desks.time_left import NO_CLOCK, TimeLeft, time_left
from hub.fees.queries import AssessmentLine, assessments_of
from hub.intake.effective import effective_manifest
from hub.intake.tables import BundleReceipt
from hub.residents.rules import TOLD
from hub.storage.errors import KeyringError
from hub.storage.keyring import DataKey
from protocol.catalogue import Service, Text
from protocol.fees import assess_fee
from protocol.ids import RegistrationNo, tracking_commitment
from protocol.receipt import ReceiptKind

MOST_LOOKS = 100
"""The newest ones; the ledger has all."""

_AT_DESKS = [str(state) for state in sorted({*AT_WORK, StageState.ASKED})]
_LOOKS = [str(kind) for kind in sorted(LOOKS)]
_STEPS = sorted(TOLD)
_READ_ME = """Tanda terima perkara {number}

Tiap berkas .cbor adalah pernyataan kantor yang ditandatangani, dengan bukti letaknya dalam buku besar kabupaten.
Siapa pun dapat memeriksanya tanpa hub ini:

    simpul-verify --keys keys.json *.cbor

Ambil keys.json dari kantor desa (simpul-node receipts) atau dari saksi, bukan dari orang yang memberi berkas ini.
"""


class CaseUnknownError(Exception):
    """No case has this number and this code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskLine:
    """An office where the case lies now. ``step`` is empty for a proposal that waits for its second person."""

    office: str
    step: Text | None
    state: StageState
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLine:
    """Something that happened."""

    kind: str
    step: Text | None
    office: str
    at: datetime
    ledger_index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LookLine:
    """Somebody saw the resident's data: masked, a file, or all of it for a reason."""

    kind: EventKind
    office: str
    role: str
    reason: str
    at: datetime
    ledger_index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedLine:
    """What an office waits for."""

    office: str
    reason: str
    what: tuple[Text, ...]
    asked_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseLine:
    """A time in which the clock stood."""

    reason: PauseReason
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockLine:
    """The clock of the whole case; ``reading`` is None when the calendar lacks a year."""

    limit_days: int
    reading: Reading | None
    left: TimeLeft
    pauses: tuple[PauseLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedCase:
    """What the page shows."""

    registration_no: str
    service: Service
    state: CaseState
    outcome: str
    received_at: datetime
    decided_at: datetime | None
    desks: tuple[DeskLine, ...]
    clock: ClockLine | None
    asked: tuple[AskedLine, ...]
    is_free: bool | None
    """None: the case was erased, nobody can tell any more."""
    fees: tuple[AssessmentLine, ...]
    steps: tuple[StepLine, ...]
    looks: tuple[LookLine, ...]


def find_case(session: Session, number: RegistrationNo | None, code: str) -> Case:
    """Return the case of a number and the code on its slip.

    Raises:
        CaseUnknownError: one of the two is wrong (rule 1).
    """
    if number is None or not code:
        raise CaseUnknownError
    wanted = select(Case).where(Case.registration_no == str(number), Case.tracking == tracking_commitment(code))
    case = session.scalar(wanted)
    if case is None:
        raise CaseUnknownError
    return case


def read_tracked(session: Session, now: datetime, case: Case, tools: CaseTools) -> TrackedCase:
    """Read everything that the page shows."""
    service = tools.catalogue.service(case.service, case.service_version)
    labels = {str(stage.key): stage.label for stage in service.stages}
    try:
        key: DataKey | None = data_key(session, tools.keyring, case.bundle_id)
        answers = effective_manifest(session, tools.keyring, service, case.bundle_id).manifest.answers
        is_free: bool | None = assess_fee(service, answers).is_free
    except KeyringError:
        key, is_free = None, None
    return TrackedCase(
        registration_no=case.registration_no,
        service=service,
        state=CaseState(case.state),
        outcome=case.outcome,
        received_at=case.received_at,
        decided_at=case.decided_at,
        desks=_desks(session, case, labels),
        clock=_clock(session, now, case, current_calendar(session)),
        asked=_asked(session, case, service),
        is_free=is_free,
        fees=tuple(assessments_of(session, case.case_id)),
        steps=_steps(session, case, labels),
        looks=_looks(session, case, key),
    )


def receipts_of(session: Session, case: Case) -> bytes:
    """Return a ZIP of every signed receipt of a case, and how to check them. Receipts hold no personal data."""
    wanted = (
        select(BundleReceipt.ledger_index, BundleReceipt.kind, BundleReceipt.raw)
        .where(
            BundleReceipt.bundle_id.in_(bundles_of(session, case.case_id)),
            BundleReceipt.kind != str(ReceiptKind.REJECTED),
            BundleReceipt.raw.is_not(None),
        )
        .order_by(BundleReceipt.ledger_index)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BACA.txt", _READ_ME.format(number=case.registration_no))
        for index, kind, raw in session.execute(wanted):
            archive.writestr(f"{index}-{kind}.cbor", raw or b"")
    return packed.getvalue()


def _desks(session: Session, case: Case, labels: Mapping[str, Text]) -> tuple[DeskLine, ...]:
    wanted = (
        select(CaseStage)
        .where(CaseStage.case_id == case.case_id, CaseStage.state.in_(_AT_DESKS))
        .order_by(CaseStage.position, CaseStage.seat)
    )
    return tuple(
        DeskLine(
            office=row.office,
            step=None if row.stage == PROPOSAL else labels.get(row.stage),
            state=StageState(row.state),
            since=row.since,
        )
        for row in session.scalars(wanted)
    )


def _clock(session: Session, now: datetime, case: Case, calendar: Calendar) -> ClockLine | None:
    row = session.get(CaseClock, (case.case_id, WHOLE))
    if row is None:
        return None
    pauses = [pause for pause in pauses_of(session, case.case_id) if pause.stage == WHOLE]
    try:
        reading: Reading | None = read_clock(clock_of_row(row, pauses), calendar.of(row.office), now)
    except CalendarYearError:
        reading = None
    left = NO_CLOCK
    if row.stopped_at is None:
        left = time_left(calendar, row.office, row.due_at, now, is_paused=row.is_paused)
    return ClockLine(
        limit_days=row.limit_days,
        reading=reading,
        left=left,
        pauses=tuple(
            PauseLine(reason=PauseReason(each.reason), started_at=each.started_at, ended_at=each.ended_at)
            for each in pauses
        ),
    )


def _asked(session: Session, case: Case, service: Service) -> tuple[AskedLine, ...]:
    names = {str(each.key): each.label for each in service.fields}
    names |= {str(each.key): each.label for each in service.requirements}
    wanted = select(CaseAsk).where(CaseAsk.case_id == case.case_id, CaseAsk.answered_at.is_(None))
    return tuple(
        AskedLine(
            office=row.office,
            reason=row.reason,
            what=tuple(names[key] for key in (*row.fields.split(), *row.requirements.split()) if key in names),
            asked_at=row.asked_at,
        )
        for row in session.scalars(wanted.order_by(CaseAsk.ledger_index))
    )


def _steps(session: Session, case: Case, labels: Mapping[str, Text]) -> tuple[StepLine, ...]:
    wanted = select(CaseEvent).where(CaseEvent.case_id == case.case_id, CaseEvent.kind.in_(_STEPS))
    return tuple(
        StepLine(kind=row.kind, step=labels.get(row.stage), office=row.office, at=row.at, ledger_index=row.ledger_index)
        for row in session.scalars(wanted.order_by(CaseEvent.id))
    )


def _looks(session: Session, case: Case, key: DataKey | None) -> tuple[LookLine, ...]:
    wanted = (
        select(CaseEvent, Person.role)
        .outerjoin(Person, Person.person_id == CaseEvent.person_id)
        .where(CaseEvent.case_id == case.case_id, CaseEvent.kind.in_(_LOOKS))
        .order_by(CaseEvent.id.desc())
        .limit(MOST_LOOKS)
    )
    return tuple(
        LookLine(
            kind=EventKind(row.kind),
            office=row.office,
            role=role or "",
            reason=key.open(row.note, note_place(row.case_id, row.ledger_index)).decode() if key and row.note else "",
            at=row.at,
            ledger_index=row.ledger_index,
        )
        for row, role in session.execute(wanted)
    )
