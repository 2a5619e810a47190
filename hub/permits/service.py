"""Issues the letter of a case: a number, the signed file, and everything that follows from it.

Rules:
1. Two transactions with the slow work between them. The first gives the number (a line of the register, an entry of the
   ledger, a permit ``reserved``); then the file is drawn, signed and made durable; the second makes it ``issued``,
   finishes the stage and writes the village its decision. A crash in between leaves the reservation: the next attempt
   goes on with the same number.
2. Nothing is issued twice: the second transaction takes the reservation's row, and the case's version must be the one
   that the letter was drawn from.
3. A reservation that cannot be used any more (its day is over, the case was decided anew) is struck out, visibly.
4. What the QR code says refers to the ledger entry that gave the number: it exists before the file does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.delegation_rules import local_day
from hub.accounts.queries import names_of
from hub.accounts.rules import Actor
from hub.casework.commands import CaseCommand, FinishCommand
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools, data_key
from hub.casework.rules import CaseRule, Move, StageOutcome
from hub.casework.service import finish_stage
from hub.casework.stages import load_work, row_for
from hub.casework.tables import Case, CaseStage
from hub.permits.documents import NewDocument, SealedFile, document_ref, keep_document, store_file
from hub.permits.facts import Content, content_of
from hub.permits.letter import Letter, compose, number_mark, post_of
from hub.permits.numbering import Wanted, strike_out, take_number
from hub.permits.paper import Paper, draw
from hub.permits.rules import PermitState, VoidReason, name_on_code, post_line
from hub.permits.signing import Passphrase, SignatureProvider, Signer
from hub.permits.stationery import Stationery
from hub.permits.subjects import Note, write_entry
from hub.permits.tables import Permit, RegisterLine
from hub.permits.wording import fee_text
from hub.storage.blobs import BlobStore
from hub.storage.engine import Database
from hub.storage.keyring import DataKey
from hub.storage.ports import Clock, to_ms
from protocol.catalogue import OfficeCode, StageAction
from protocol.ids import HubId, RegistrationNo, ServiceCode
from protocol.notices import Decision
from protocol.permit import MARK_BYTES, PermitFacts, PermitKind, facts_mark, qr_text, sign_facts

MARK_WORD = "simpul-permit:"
"""Stands before the mark in a file's properties."""


@dataclass(frozen=True, kw_only=True)
class PermitTools:
    """What the use cases of this room work with."""

    case: CaseTools
    hub: HubId
    stationery: Stationery
    key: Ed25519PrivateKey
    provider: SignatureProvider
    blobs: BlobStore
    charged_rp: Callable[[Session, str], int | None]
    """What a case is charged as it stands, by the room of fees above; None: nothing was assessed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """What a person types for one signature, where the provider asks for it."""

    passphrase: Passphrase
    nik: str = field(default="", repr=False)


NOTHING_TYPED = Secrets(passphrase=Passphrase(""))


@dataclass(frozen=True, kw_only=True)
class Reserved:
    """A letter with its number, ready to be drawn and signed outside of a transaction."""

    permit_id: str
    case_id: str
    version: int
    stage: str
    seat: int
    paper: Paper
    signer: Signer
    key: DataKey


def reserve(session: Session, now: datetime, actor: Actor, command: CaseCommand, tools: PermitTools) -> Reserved:
    """Give the letter of a case its number, or go on with the one that it has.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: this person may not sign now.
        PermitRefusedError: nothing says how this service's letter looks.
    """
    work = load_work(session, actor, command.case_id, tools.case, lock=True)
    stage = work.of(StageAction.SIGNATURE)
    if stage is None:
        raise MoveRefusedError(CaseRule.STATE)
    row_for(session, actor, work, Move.FINISH, (stage.stage, stage.seat), command.version)
    case = work.case
    content = _content(session, now, actor, case, tools)
    permit = _reserved(session, now, actor, case, content)
    if permit is None:
        permit = _numbered(session, now, actor, case, content, tools)
    return _ready(session, now, actor, (case, stage, permit, content), tools)


def sign_letter(reserved: Reserved, secrets: Secrets, now: datetime, tools: PermitTools) -> SealedFile:
    """Draw and sign a letter and make the file durable; slow, so outside of a transaction.

    Raises:
        ProviderError: it could not be signed; the number stays reserved.
        BlobError: the disk is full or broken.
    """
    pdf = draw(reserved.paper)
    signed = tools.provider.sign_pdf(pdf, replace(reserved.signer, nik=secrets.nik), secrets.passphrase, now)
    return store_file(signed, reserved.key, tools.blobs, tools.case.randomness)


def issue(
    session: Session, now: datetime, actor: Actor, reserved: Reserved, file: SealedFile, tools: PermitTools
) -> bytes:
    """Make a signed letter count, finish the stage, tell the village; return the document's id.

    Raises:
        ConflictError: somebody signed it first, or changed the case meanwhile.
        MoveRefusedError: this person may not sign any more.
    """
    work = load_work(session, actor, reserved.case_id, tools.case, lock=True)
    permit = session.get(Permit, reserved.permit_id, with_for_update=True, populate_existing=True)
    is_ours = permit is not None and permit.state == PermitState.RESERVED and permit.signer == actor.person_id
    if permit is None or not is_ours or work.case.version_id != reserved.version:
        raise ConflictError
    new = NewDocument(case_id=reserved.case_id, title=permit.title)
    document = keep_document(session, now, file, new, reserved.key, tools.case.randomness)
    number = number_of(session, permit)
    note = Note(what="signed", number=number, mark=permit.mark, document=file.sha256)
    permit.signed_index, _ = write_entry(session, now, actor, work.case, note, tools.case.randomness)
    permit.state, permit.signed_at, permit.document_id = str(PermitState.ISSUED), now, document.document_id
    session.flush()
    finished = FinishCommand(
        case_id=reserved.case_id,
        version=reserved.version,
        stage=reserved.stage,
        seat=reserved.seat,
        outcome=StageOutcome.SIGNED,
        reference=number,
    )
    finish_stage(session, now, actor, finished, tools.case)
    _tell(session, now, actor, (work.case, permit, number), tools)
    return document.document_id


def sign_case(
    database: Database, clock: Clock, actor: Actor, command: CaseCommand, secrets: Secrets, tools: PermitTools
) -> bytes:
    """Do all three steps, each in its own transaction or none; return the document's id.

    Raises:
        CaseNotFoundError, ConflictError, MoveRefusedError, PermitRefusedError: nothing was signed.
        ProviderError, BlobError: nothing was issued; the number stays reserved.
    """
    with database.session() as session:
        reserved = reserve(session, clock.now(), actor, command, tools)
    file = sign_letter(reserved, secrets, clock.now(), tools)
    with database.session() as session:
        return issue(session, clock.now(), actor, reserved, file, tools)


def number_of(session: Session, permit: Permit) -> str:
    """Return the number of a letter."""
    return session.scalars(select(RegisterLine.number).where(RegisterLine.line_id == permit.line_id)).one()


def facts_place(permit_id: str) -> str:
    """Return the place that the signed facts of a letter are bound to."""
    return f"permit.facts:{permit_id}"


def _reserved(session: Session, now: datetime, actor: Actor, case: Case, content: Content) -> Permit | None:
    """Return the reservation that the case has, if it can still be used."""
    permit = _reservation(session, case.case_id)
    is_usable = permit is not None and _void_reason(permit, now, actor, case, content) is None
    return permit if is_usable else None


def _reservation(session: Session, case_id: str) -> Permit | None:
    wanted = select(Permit).where(Permit.case_id == case_id, Permit.state == str(PermitState.RESERVED))
    return session.scalar(wanted.with_for_update())


def _void_reason(permit: Permit, now: datetime, actor: Actor, case: Case, content: Content) -> VoidReason | None:
    """Return why a reservation cannot be used any more (rule 3)."""
    if (permit.template, permit.round, permit.office) != (content.template.key, case.round, str(actor.office)):
        return VoidReason.CASE_MOVED
    return None if permit.issued_on == local_day(now).isoformat() else VoidReason.DAY_OVER


def _numbered(
    session: Session, now: datetime, actor: Actor, case: Case, content: Content, tools: PermitTools
) -> Permit:
    """Take a number and write the reservation; what depends on the number follows in ``_ready``.

    A stale reservation becomes void first: the database allows one living letter per case and round.
    """
    stale = _reservation(session, case.case_id)
    if stale is not None:
        stale.state = str(PermitState.VOID)
        session.flush()
    template, day = content.template, local_day(now)
    wanted = Wanted(
        register=template.register,
        pattern=template.pattern,
        width=template.width,
        code=content.code,
        office=str(actor.office),
        mark=number_mark(tools.case.catalogue.offices[actor.office]),
        day=day,
        case_id=case.case_id,
        person_id=actor.person_id,
    )
    line = take_number(session, now, wanted)
    if stale is not None:
        _strike(session, now, actor, case, (stale, content), tools)
    index, _ = write_entry(session, now, actor, case, Note(what="numbered", number=line.number), tools.case.randomness)
    permit = Permit(
        permit_id=tools.case.ids.new(),
        case_id=case.case_id,
        round=case.round,
        line_id=line.line_id,
        state=str(PermitState.RESERVED),
        kind=str(template.kind or PermitKind.LETTER),
        template=template.key,
        office=str(actor.office),
        title=content.title,
        mark=tools.case.randomness.token(MARK_BYTES),
        facts=b"",
        issued_on=day.isoformat(),
        signer=actor.person_id,
        capacity="",
        reserved_at=now,
        numbered_index=index,
        renews=content.renews,
    )
    session.add(permit)
    session.flush()
    return permit


def _strike(
    session: Session, now: datetime, actor: Actor, case: Case, about: tuple[Permit, Content], tools: PermitTools
) -> None:
    """Strike out the number of a reservation that became void."""
    stale, content = about
    reason = _void_reason(stale, now, actor, case, content) or VoidReason.CASE_MOVED
    struck = strike_out(session, now, stale.line_id, reason)
    voided = Note(what="voided", number=struck.number, code=str(reason), mark=stale.mark)
    write_entry(session, now, actor, case, voided, tools.case.randomness)


def _ready(
    session: Session,
    now: datetime,
    actor: Actor,
    about: tuple[Case, CaseStage, Permit, Content],
    tools: PermitTools,
) -> Reserved:
    """Write into the reservation what the letter will say, and return the letter."""
    case, stage, permit, content = about
    number, key = number_of(session, permit), data_key(session, tools.case.keyring, case.bundle_id)
    facts = _facts(case, permit, content, number, tools)
    envelope = sign_facts(facts, tools.key)
    office = tools.case.catalogue.offices[actor.office]
    capacity = post_line(post_of(office, tools.case.catalogue), actor.capacity)
    permit.mark, permit.facts = (
        facts_mark(facts),
        key.seal(envelope, facts_place(permit.permit_id), tools.case.randomness),
    )
    permit.valid_until, permit.signer, permit.capacity = facts.valid_until, actor.person_id, capacity[:120]
    session.flush()
    name = names_of(session, [actor.person_id]).get(actor.person_id, "")
    letter = Letter(
        office=actor.office,
        number=number,
        day=date.fromisoformat(permit.issued_on),
        values=content.values,
        answers=content.answers,
        signer=name,
        capacity=actor.capacity,
        title=content.title,
        qr=qr_text(envelope),
        keywords=MARK_WORD + permit.mark.hex(),
        made_at=now,
    )
    return Reserved(
        permit_id=permit.permit_id,
        case_id=case.case_id,
        version=case.version_id,
        stage=stage.stage,
        seat=stage.seat,
        paper=compose(letter, content.template, tools.stationery, tools.case.catalogue),
        signer=Signer(name=name, capacity=capacity, office=office.short),
        key=key,
    )


def _facts(case: Case, permit: Permit, content: Content, number: str, tools: PermitTools) -> PermitFacts:
    until = content.valid_until
    return PermitFacts(
        hub=tools.hub,
        kind=permit.kind,
        number=number,
        service=ServiceCode(case.service),
        version=case.service_version,
        title=permit.title,
        holder=name_on_code(content.holder),
        issued_on=permit.issued_on,
        valid_until=None if until is None else until.isoformat(),
        office=OfficeCode(permit.office),
        registration_no=RegistrationNo(case.registration_no),
        ledger_index=permit.numbered_index,
    )


def _content(session: Session, now: datetime, actor: Actor, case: Case, tools: PermitTools) -> Content:
    """Return what the letter says, with the amount that was charged in the end."""
    content = content_of(session, now, actor, case, tools.stationery, tools.case)
    charged = tools.charged_rp(session, case.case_id)
    if charged is None:
        return content
    return replace(content, values=content.values | {"amount": fee_text(charged)})


def _tell(session: Session, now: datetime, actor: Actor, about: tuple[Case, Permit, str], tools: PermitTools) -> None:
    """Write the village its decision with the document to fetch."""
    case, permit, number = about
    content = _content(session, now, actor, case, tools)
    tidings = Decision(
        bundle=case.bundle_id,
        registration_no=RegistrationNo(case.registration_no),
        outcome=case.outcome,
        office=str(actor.office),
        decided_at=to_ms(case.decided_at or now),
        number=number,
        valid_until=permit.valid_until,
        reasons=content.values.get("reasons", "")[:2_000],
        document=document_ref(session, tools.case.keyring, permit.document_id or b""),
        applicant_name=content.holder,
    )
    tools.case.notify(session, now, tidings)
