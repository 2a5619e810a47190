"""The read model of the case page: one frozen value with everything that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hub.accounts.queries import names_of
from hub.accounts.rules import Actor
from hub.casework.events import CaseTools, data_key, note_place
from hub.casework.rules import (
    LOOKS,
    CaseState,
    DeskState,
    EventKind,
    Move,
    mask_phone,
    mask_text,
    masked_answer,
    possible_moves,
)
from hub.casework.service import situation_of
from hub.casework.tables import Case, CaseEvent, Desk
from hub.intake.reading import AttachmentState, list_attachments, read_manifest
from hub.intake.tables import Bundle, BundleReceipt
from hub.ledger.service import newest_checkpoint
from hub.storage.keyring import DataKey
from protocol.answers import SummaryLine, summary_labels, visible_requirements
from protocol.bundle import Applicant, Manifest
from protocol.catalogue import Requirement, Service
from protocol.nik import mask_nik
from protocol.receipt import ReceiptKind

SHOWN_LOOKS = 50

_LOOK = CaseEvent.kind.in_([str(kind) for kind in sorted(LOOKS)])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_MS = 4_102_444_800_000
"""2100-01-01: a claim beyond it is no date."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicantLine:
    """The resident, as the page may show them."""

    name: str
    nik: str
    phone: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerLine:
    """One answer; ``masked`` is what to show instead of it, None when it may be shown."""

    line: SummaryLine
    masked: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChecklistLine:
    """One requirement with what the village handed in for it."""

    requirement: Requirement
    handed_in: bool
    files: tuple[AttachmentState, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskLine:
    """One desk of the case."""

    office: str
    state: DeskState
    since: datetime
    taken_by: str
    taken_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One line of the timeline, or of the list of looks."""

    kind: EventKind
    office: str
    person: str
    at: datetime
    ledger_index: int
    receipt_index: int | None
    code: str
    names: tuple[str, ...]
    note: str
    out_of_turn: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptLine:
    """One receipt of the bundle; ``is_signed`` is false until the worker has made its bytes."""

    kind: str
    ledger_index: int
    is_signed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleFacts:
    """What the page says about how the application travelled."""

    bundle_id: str
    node_id: str
    officer_id: str
    claimed_at: datetime | None
    """What the node's clock said; it proves nothing."""
    received_at: datetime
    whole_at: datetime | None
    flags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    """Everything that the case page shows; personal data are masked unless ``is_revealed``."""

    case_id: str
    version: int
    registration_no: str
    village: str
    subdistrict: str
    state: CaseState
    received_at: datetime
    completed_at: datetime | None
    service: Service
    applicant: ApplicantLine
    is_revealed: bool
    answers: tuple[AnswerLine, ...]
    checklist: tuple[ChecklistLine, ...]
    desks: tuple[DeskLine, ...]
    events: tuple[EventLine, ...]
    looks: tuple[EventLine, ...]
    """The newest looks, at most ``SHOWN_LOOKS``; the ledger has all."""
    look_count: int
    receipts: tuple[ReceiptLine, ...]
    bundle: BundleFacts
    checkpoint_size: int
    moves: tuple[Move, ...]
    is_whole: bool
    older_waiting: int


def build_page(session: Session, actor: Actor, case: Case, tools: CaseTools, *, is_revealed: bool) -> CasePage:
    """Read everything of a case that is in the actor's scope. The caller has noted the look."""
    manifest = read_manifest(session, tools.keyring, case.bundle_id)
    service = tools.catalogue.service(case.service, case.service_version)
    key = data_key(session, tools.keyring, case.bundle_id)
    moves = select(CaseEvent).where(CaseEvent.case_id == case.case_id, ~_LOOK).order_by(CaseEvent.id)
    looks = select(CaseEvent).where(CaseEvent.case_id == case.case_id, _LOOK).order_by(CaseEvent.id.desc())
    situation = situation_of(session, actor, case)
    checkpoint = newest_checkpoint(session)
    return CasePage(
        case_id=case.case_id,
        version=case.version_id,
        registration_no=case.registration_no,
        village=case.village,
        subdistrict=case.subdistrict,
        state=CaseState(case.state),
        received_at=case.received_at,
        completed_at=case.completed_at,
        service=service,
        applicant=_applicant(manifest.applicant, is_revealed=is_revealed),
        is_revealed=is_revealed,
        answers=_answers(service, manifest, is_revealed=is_revealed),
        checklist=_checklist(service, manifest, list_attachments(session, tools.keyring, case.bundle_id)),
        desks=_desks(session, case),
        events=_events(session, moves, key),
        looks=_events(session, looks.limit(SHOWN_LOOKS), key),
        look_count=session.scalar(select(func.count()).where(CaseEvent.case_id == case.case_id, _LOOK)) or 0,
        receipts=_receipts(session, case.bundle_id),
        bundle=_bundle(session, case.bundle_id),
        checkpoint_size=0 if checkpoint is None else checkpoint.size,
        moves=possible_moves(actor.role, situation),
        is_whole=situation.is_whole,
        older_waiting=_older_waiting(session, actor, case),
    )


def _applicant(applicant: Applicant, *, is_revealed: bool) -> ApplicantLine:
    nik, phone = applicant.nik or "", applicant.phone or ""
    if is_revealed:
        return ApplicantLine(name=applicant.name, nik=nik, phone=phone, address=applicant.address)
    return ApplicantLine(
        name=applicant.name,
        nik=mask_nik(nik) if nik else "",
        phone=mask_phone(phone) if phone else "",
        address=mask_text(applicant.address) if applicant.address else "",
    )


def _answers(service: Service, manifest: Manifest, *, is_revealed: bool) -> tuple[AnswerLine, ...]:
    return tuple(
        AnswerLine(line=line, masked=None if is_revealed else masked_answer(line.field, line.answer))
        for line in summary_labels(service, manifest.answers)
    )


def _checklist(service: Service, manifest: Manifest, files: Sequence[AttachmentState]) -> tuple[ChecklistLine, ...]:
    return tuple(
        ChecklistLine(
            requirement=requirement,
            handed_in=requirement.key in manifest.handed_in,
            files=tuple(file for file in files if file.requirement == requirement.key),
        )
        for requirement in visible_requirements(service, manifest.answers)
    )


def _desks(session: Session, case: Case) -> tuple[DeskLine, ...]:
    rows = list(session.scalars(select(Desk).where(Desk.case_id == case.case_id).order_by(Desk.since, Desk.office)))
    names = names_of(session, [row.taken_by for row in rows if row.taken_by])
    return tuple(
        DeskLine(
            office=row.office,
            state=DeskState(row.state),
            since=row.since,
            taken_by=names.get(row.taken_by or "", ""),
            taken_at=row.taken_at,
        )
        for row in rows
    )


def _events(session: Session, wanted: Select[CaseEvent], key: DataKey) -> tuple[EventLine, ...]:
    rows = list(session.scalars(wanted))
    names = names_of(session, [row.person_id for row in rows if row.person_id])
    return tuple(
        EventLine(
            kind=EventKind(row.kind),
            office=row.office,
            person=names.get(row.person_id or "", ""),
            at=row.at,
            ledger_index=row.ledger_index,
            receipt_index=row.receipt_index,
            code=row.code,
            names=tuple(row.names.split()),
            note=key.open(row.note, note_place(row.case_id, row.ledger_index)).decode() if row.note else "",
            out_of_turn=row.out_of_turn,
        )
        for row in rows
    )


def _receipts(session: Session, bundle_id: bytes) -> tuple[ReceiptLine, ...]:
    wanted = select(BundleReceipt.kind, BundleReceipt.ledger_index, BundleReceipt.raw.is_not(None))
    # Whoever damages a copy of a bundle can claim its id: the rejection of the copy says nothing about this case.
    about = (BundleReceipt.bundle_id == bundle_id) & (BundleReceipt.kind != str(ReceiptKind.REJECTED))
    rows = session.execute(wanted.where(about).order_by(BundleReceipt.id))
    return tuple(ReceiptLine(kind=kind, ledger_index=index, is_signed=signed) for kind, index, signed in rows)


def _bundle(session: Session, bundle_id: bytes) -> BundleFacts:
    bundle = session.get_one(Bundle, bundle_id)
    return BundleFacts(
        bundle_id=bundle.bundle_id.hex(),
        node_id=bundle.node_id,
        officer_id=bundle.officer_id,
        received_at=bundle.received_at,
        claimed_at=claimed_time(bundle.claimed_ms),
        whole_at=bundle.whole_at,
        flags=tuple(bundle.flags.split()),
    )


def claimed_time(claimed_ms: int) -> datetime | None:
    """Return what the node's clock said; None when it is no date that anybody could mean (fault D15)."""
    return _EPOCH + timedelta(milliseconds=claimed_ms) if claimed_ms < _END_MS else None


def _older_waiting(session: Session, actor: Actor, case: Case) -> int:
    """Return how many cases wait longer than this one at the actor's desk, if it waits there."""
    own = session.get(Desk, (case.case_id, str(actor.office)))
    if own is None or own.state != DeskState.WAITING:
        return 0
    older = select(func.count()).where(
        Desk.office == own.office, Desk.state == str(DeskState.WAITING), Desk.since < own.since
    )
    return session.scalar(older) or 0
