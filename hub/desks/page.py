"""The read model of the case page: one frozen value with everything that it shows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from hub.accounts.queries import names_of
from hub.accounts.rules import DESK_ROLES, Actor
from hub.casework.corrections import bundles_of
from hub.casework.duplicates import SimilarCases, similar_cases
from hub.casework.events import CaseTools, data_key, note_place
from hub.casework.rules import LOOKS, CaseState
from hub.casework.service import OpenMove, possible_moves
from hub.casework.stages import has_nik_mark, is_whole, work_on
from hub.casework.tables import Case, CaseEvent
from hub.desks.page_application import ApplicationPart, read_application
from hub.desks.page_work import WorkPart, read_work
from hub.intake.tables import Bundle, BundleReceipt
from hub.ledger.service import newest_checkpoint
from hub.storage.keyring import DataKey
from protocol.catalogue import Service
from protocol.receipt import ReceiptKind

SHOWN_LOOKS = 50

_LOOK = CaseEvent.kind.in_([str(kind) for kind in sorted(LOOKS)])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_MS = 4_102_444_800_000
"""2100-01-01: a claim beyond it is no date."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One line of the timeline, or of the list of looks. ``kind`` is text: rooms above write events of their own."""

    kind: str
    stage: str
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
    """How one bundle of the case travelled."""

    bundle_id: str
    node_id: str
    officer_id: str
    claimed_at: datetime | None
    """What the node's clock said; it proves nothing."""
    received_at: datetime
    whole_at: datetime | None
    flags: tuple[str, ...]

    @property
    def travelled(self) -> timedelta | None:
        """How long it took from the village's claim until everything was here: the network's time, not an office's."""
        end = self.whole_at or self.received_at
        return None if self.claimed_at is None or self.claimed_at > end else end - self.claimed_at


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    """Everything that the case page shows; personal data are masked unless ``is_revealed``."""

    case_id: str
    version: int
    registration_no: str
    village: str
    subdistrict: str
    state: CaseState
    outcome: str
    round: int
    received_at: datetime
    completed_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    service: Service
    is_revealed: bool
    application: ApplicationPart
    work: WorkPart
    events: tuple[EventLine, ...]
    looks: tuple[EventLine, ...]
    """The newest looks, at most ``SHOWN_LOOKS``; the ledger has all."""
    look_count: int
    receipts: tuple[ReceiptLine, ...]
    bundles: tuple[BundleFacts, ...]
    checkpoint_size: int
    moves: tuple[OpenMove, ...]
    is_whole: bool
    is_own_unchecked: bool
    """The hub does not know the reader's NIK, so it cannot tell whether the case is their own."""
    similar: SimilarCases

    def places(self, move: str) -> tuple[OpenMove, ...]:
        """Return where the actor may make this move now; a template names it by its word."""
        return tuple(each for each in self.moves if each.move == move)


def build_page(
    session: Session, now: datetime, actor: Actor, case: Case, tools: CaseTools, *, is_revealed: bool
) -> CasePage:
    """Read everything of a case that is in the actor's scope. The caller has noted the look."""
    work = work_on(session, case, tools)
    key = data_key(session, tools.keyring, case.bundle_id)
    bundle_ids = bundles_of(session, case.case_id)
    moves = select(CaseEvent).where(CaseEvent.case_id == case.case_id, ~_LOOK).order_by(CaseEvent.id)
    looks = select(CaseEvent).where(CaseEvent.case_id == case.case_id, _LOOK).order_by(CaseEvent.id.desc())
    checkpoint = newest_checkpoint(session)
    return CasePage(
        case_id=case.case_id,
        version=case.version_id,
        registration_no=case.registration_no,
        village=case.village,
        subdistrict=case.subdistrict,
        state=CaseState(case.state),
        outcome=case.outcome,
        round=case.round,
        received_at=case.received_at,
        completed_at=case.completed_at,
        decided_at=case.decided_at,
        closed_at=case.closed_at,
        service=work.service,
        is_revealed=is_revealed,
        application=read_application(session, tools.keyring, work.service, case.bundle_id, is_revealed=is_revealed),
        work=read_work(session, now, work, key),
        events=_events(session, moves, key),
        looks=_events(session, looks.limit(SHOWN_LOOKS), key),
        look_count=session.scalar(select(func.count()).where(CaseEvent.case_id == case.case_id, _LOOK)) or 0,
        receipts=tuple(line for bundle_id in bundle_ids for line in _receipts(session, bundle_id)),
        bundles=tuple(_bundle(session, bundle_id) for bundle_id in bundle_ids),
        checkpoint_size=0 if checkpoint is None else checkpoint.size,
        moves=possible_moves(session, actor, case, tools),
        is_whole=is_whole(session, case.case_id),
        is_own_unchecked=actor.role in DESK_ROLES and not has_nik_mark(session, actor),
        similar=similar_cases(session, actor, case),
    )


def _events(session: Session, wanted: Select[CaseEvent], key: DataKey) -> tuple[EventLine, ...]:
    rows = list(session.scalars(wanted))
    names = names_of(session, [row.person_id for row in rows if row.person_id])
    return tuple(
        EventLine(
            kind=row.kind,
            stage=row.stage,
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
