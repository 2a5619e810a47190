"""Read models: the letter of a case as its page shows it, and the registers as they are printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor, Role
from hub.casework.commands import CaseCommand
from hub.casework.errors import MoveRefusedError
from hub.casework.events import CaseTools, Happening, write_event
from hub.casework.rules import CaseRule, EventKind, Move
from hub.casework.scope import load_case
from hub.casework.stages import Work, load_work, row_for
from hub.casework.tables import Case
from hub.permits.errors import DocumentNotFoundError
from hub.permits.tables import Permit, RegisterLine
from protocol.catalogue import StageAction

PAGE_SIZE = 50
EXPORT_BATCH, MAX_EXPORT = 500, 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterLine:
    """One letter of a case."""

    permit_id: str
    number: str
    state: str
    kind: str
    title: str
    issued_on: str
    valid_until: str | None
    capacity: str
    has_file: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterPage:
    """What the page about a case's letters shows."""

    case_id: str
    version: int
    registration_no: str
    service: str
    service_version: int
    outcome: str
    letters: tuple[LetterLine, ...]
    sign_rule: CaseRule | None
    """Why this person may not sign now; None: they may."""
    may_revoke: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterFilter:
    """Which register; empty values filter nothing."""

    office: str
    register: str = ""
    year: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterRow:
    """One line of a register: no name of a resident."""

    line_id: int
    office: str
    register: str
    year: int
    serial: int
    number: str
    case_id: str
    registration_no: str
    service: str
    title: str
    state: str
    taken_at: datetime
    void_reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterPage:
    """One page, and the line behind which the next one begins."""

    rows: tuple[RegisterRow, ...]
    next: int | None


def letter_page(session: Session, actor: Actor, case_id: str, tools: CaseTools) -> LetterPage:
    """Return the letters of a case, and what this person may do.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
    """
    work = load_work(session, actor, case_id, tools)
    letters = tuple(_letter(*row) for row in session.execute(_letters(case_id)))
    return LetterPage(
        case_id=case_id,
        version=work.case.version_id,
        registration_no=work.case.registration_no,
        service=work.case.service,
        service_version=work.case.service_version,
        outcome=work.case.outcome,
        letters=letters,
        sign_rule=_sign_rule(session, actor, work),
        may_revoke=actor.role in {Role.HEAD, Role.DIVISION_HEAD}
        and any(each.state == "issued" and each.kind != "refusal" for each in letters),
    )


def look_at_document(session: Session, now: datetime, actor: Actor, command: CaseCommand, tools: CaseTools) -> bytes:
    """Note that the newest file of a case is opened, and return its id (fault F37); reading comes after the commit.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        DocumentNotFoundError: no letter of it was signed.
    """
    case = load_case(session, actor, command.case_id)
    wanted = select(Permit.document_id).where(Permit.case_id == case.case_id, Permit.document_id.is_not(None))
    document_id = session.scalar(wanted.order_by(Permit.round.desc(), Permit.permit_id.desc()).limit(1))
    if document_id is None:
        raise DocumentNotFoundError
    write_event(session, now, actor, case, Happening(kind=EventKind.FILE_VIEWED, names=("letter",)), tools)
    return document_id


def register_page(
    session: Session, actor: Actor, wanted: RegisterFilter, after: int | None = None, size: int = PAGE_SIZE
) -> RegisterPage:
    """Return one page of a register, the newest line first. People see their own office's, the inspectorate all."""
    query = _register(actor, wanted).order_by(RegisterLine.line_id.desc()).limit(size + 1)
    if after is not None:
        query = query.where(RegisterLine.line_id < after)
    rows = [_row(row) for row in session.execute(query)]
    return RegisterPage(rows=tuple(rows[:size]), next=rows[size - 1].line_id if len(rows) > size else None)


def register_rows(session: Session, actor: Actor, wanted: RegisterFilter) -> Iterator[RegisterRow]:
    """Yield everything that the filter shows, at most ``MAX_EXPORT`` lines."""
    after: int | None = None
    for _ in range(MAX_EXPORT // EXPORT_BATCH):
        page = register_page(session, actor, wanted, after, EXPORT_BATCH)
        yield from page.rows
        after = page.next
        if after is None:
            return


def _letters(case_id: str) -> Select[Permit, str]:
    joined = select(Permit, RegisterLine.number).join(RegisterLine, RegisterLine.line_id == Permit.line_id)
    return joined.where(Permit.case_id == case_id).order_by(Permit.permit_id)


def _letter(permit: Permit, number: str) -> LetterLine:
    return LetterLine(
        permit_id=permit.permit_id,
        number=number,
        state=permit.state,
        kind=permit.kind,
        title=permit.title,
        issued_on=permit.issued_on,
        valid_until=permit.valid_until,
        capacity=permit.capacity,
        has_file=permit.document_id is not None,
    )


def _sign_rule(session: Session, actor: Actor, work: Work) -> CaseRule | None:
    stage = work.of(StageAction.SIGNATURE)
    if stage is None:
        return CaseRule.STATE
    try:
        row_for(session, actor, work, Move.FINISH, (stage.stage, stage.seat), None)
    except MoveRefusedError as refused:
        return refused.rule
    return None


def _register(actor: Actor, wanted: RegisterFilter) -> Select[RegisterLine, str, str, str | None, str | None]:
    query = (
        select(RegisterLine, Case.registration_no, Case.service, Permit.title, Permit.state)
        .join(Case, Case.case_id == RegisterLine.case_id)
        .outerjoin(Permit, Permit.line_id == RegisterLine.line_id)
    )
    office = wanted.office if actor.role is Role.INSPECTORATE else str(actor.office)
    if office:
        query = query.where(RegisterLine.office == office)
    if wanted.register:
        query = query.where(RegisterLine.register == wanted.register)
    return query.where(RegisterLine.year == wanted.year) if wanted.year else query


def _row(row: Row[RegisterLine, str, str, str | None, str | None]) -> RegisterRow:
    line, registration_no, service, title, state = row
    return RegisterRow(
        line_id=line.line_id,
        office=line.office,
        register=line.register,
        year=line.year,
        serial=line.serial,
        number=line.number,
        case_id=line.case_id,
        registration_no=registration_no,
        service=service,
        title=title or "",
        state=state or "",
        taken_at=line.taken_at,
        void_reason=line.void_reason,
    )
