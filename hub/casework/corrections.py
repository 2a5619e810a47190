"""Asking the village for a correction, and taking it in when it comes.

Rules:
1. Any working stage may ask, naming fields, requirements, or both; its desk waits, the others go on. The clock of the
   whole case stands while a question is open.
2. A correction answers every open question of which it brings something, and those that named nothing. Their stages
   open again at the same desk, with the same person if somebody had taken them.
3. What nobody asked for is refused by intake before it comes here (``asked_for``).
4. What a fee was computed from is not asked again once the fee is set: it would be paid for one thing and another be
   permitted.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework import timekeeping
from hub.casework.commands import CorrectionCommand
from hub.casework.duplicates import Marked, index_case
from hub.casework.errors import CaseNotFoundError
from hub.casework.events import CaseTools, Happening, ask_receipt, news_of, tell, write_event
from hub.casework.rules import ENDED, CaseRule, CaseState, Correction, EventKind, Move, StageState, correction_rule
from hub.casework.stages import Work, load_work, note_routing, refuse, row_for, set_state, work_on
from hub.casework.tables import Case, CaseAsk, CaseBundle, CaseEvent, CaseStage
from hub.casework.telling import applicant_of
from hub.intake.asking import Question
from hub.intake.effective import effective_manifest
from hub.intake.reading import AcceptedBundle
from hub.intake.receipts import Statement
from hub.storage.ports import to_ms
from protocol.answers import asked_fields
from protocol.bundle import Manifest
from protocol.catalogue import Service, StageAction
from protocol.fees import fee_fields
from protocol.ids import FieldKey, RegistrationNo
from protocol.notices import CorrectionAsked
from protocol.receipt import ReceiptKind


def ask_correction(session: Session, now: datetime, actor: Actor, command: CorrectionCommand, tools: CaseTools) -> None:
    """Return a case to the village, saying why and what; the other stages go on.

    Raises:
        CaseNotFoundError: no such case in the actor's scope.
        ConflictError: somebody changed the case since the person saw it.
        MoveRefusedError: a rule forbids it.
    """
    work, asked = load_work(session, actor, command.case_id, tools, lock=True), command.correction
    row = row_for(session, actor, work, Move.ASK, (command.stage, command.seat), command.version)
    fields, requirements = _keys(work.service)
    refuse(correction_rule(asked, fields, requirements) or _fee_rule(work, asked))
    row.state, row.since = str(StageState.ASKED), now
    timekeeping.wait_for_correction(session, now, row)
    set_state(session, now, work)
    statement = Statement(kind=ReceiptKind.RETURNED, office=str(actor.office), code=str(asked.reason))
    receipt = ask_receipt(session, now, work.case, statement, tools)
    happening = Happening(
        kind=EventKind.RETURNED,
        stage=row.stage,
        code=str(asked.reason),
        names=(*asked.fields, *asked.requirements),
        note=asked.note,
        receipt_index=receipt,
    )
    index = write_event(session, now, actor, work.case, happening, tools)
    session.add(_ask_row(row, asked, now, index))
    session.flush()
    tools.notify(session, now, _question(session, actor, work, asked, (index, now), tools))


def asked_for(session: Session, bundle_id: bytes) -> Question | None:
    """Return what is asked about the case that began with a bundle; None when nothing is, or there is no such case."""
    case = session.scalar(select(Case).where(Case.bundle_id == bundle_id))
    if case is None or CaseState(case.state) in ENDED:
        return None
    asks = _open_asks(session, case.case_id)
    if not asks:
        return None
    return Question(
        fields=frozenset(name for ask in asks for name in ask.fields.split()),
        requirements=frozenset(name for ask in asks for name in ask.requirements.split()),
    )


def receive_corrections(session: Session, now: datetime, accepted: Sequence[AcceptedBundle], tools: CaseTools) -> None:
    """Take in corrections that intake accepted: what was asked is answered, and its desks go on.

    Raises:
        CaseNotFoundError: a correction of no case; intake should have refused it.
    """
    for bundle in accepted:
        _receive(session, now, bundle, tools)


def bundles_of(session: Session, case_id: str) -> list[bytes]:
    """Return the ids of the case's bundles: the application, then its corrections as they came."""
    wanted = select(CaseBundle.bundle_id).where(CaseBundle.case_id == case_id).order_by(CaseBundle.position)
    return list(session.scalars(wanted))


def _receive(session: Session, now: datetime, bundle: AcceptedBundle, tools: CaseTools) -> None:
    corrects = bundle.manifest.corrects
    if corrects is None:
        raise CaseNotFoundError
    case = _case_of(session, corrects, lock=True)
    work = work_on(session, case, tools)
    place = session.scalar(select(func.max(CaseBundle.position)).where(CaseBundle.case_id == case.case_id)) or 0
    session.add(CaseBundle(case_id=case.case_id, position=place + 1, bundle_id=bundle.bundle_id))
    opened = [row for ask in _open_asks(session, case.case_id) for row in _answer(session, now, work, ask, bundle)]
    if CaseState(case.state) not in ENDED:  # withdrawn while it travelled: kept with the case, and changes nothing
        set_state(session, now, work)
    for row in opened:
        timekeeping.go_on_after_correction(session, now, case.case_id, row.stage)
    happening = Happening(kind=EventKind.CORRECTED, names=_names(bundle.manifest))
    session.add(
        CaseEvent(
            case_id=case.case_id,
            kind=str(happening.kind),
            office=f"village.{case.village}",
            person_id=None,
            at=now,
            ledger_index=bundle.ledger_index,
            names=" ".join(happening.names),
        )
    )
    session.flush()
    note_routing(session, now, opened, bundle.ledger_index)
    manifest = effective_manifest(session, tools.keyring, work.service, case.bundle_id).manifest
    index_case(session, tools.keyring, Marked(case_id=case.case_id, manifest=manifest, service=work.service))
    entry = (bundle.ledger_index, to_ms(now))
    tell(session, now, case, news_of(case, happening, f"village.{case.village}", entry), tools)


def _answer(session: Session, now: datetime, work: Work, ask: CaseAsk, bundle: AcceptedBundle) -> list[CaseStage]:
    """Note that a question is answered, if the bundle brings something of it; return the desk that goes on (rule 2)."""
    asked = {*ask.fields.split(), *ask.requirements.split()}
    if asked and not asked & set(_names(bundle.manifest)):
        return []
    ask.answered_at, ask.answered_by = now, bundle.bundle_id
    session.flush()
    row = work.row(ask.stage, ask.seat)
    if row is None or row.state != StageState.ASKED:
        return []
    row.state, row.since = str(StageState.TAKEN if row.taken_by else StageState.OPEN), now
    return [row]


def _names(manifest: Manifest) -> tuple[str, ...]:
    files = (str(file.requirement) for file in manifest.attachments)
    said = (*manifest.answers, *manifest.handed_in, *manifest.remarks)  # a remark says why something stays as it is
    return tuple(dict.fromkeys((*map(str, said), *files)))


def _fee_rule(work: Work, asked: Correction) -> CaseRule | None:
    """Return the rule that asking again for what a fee was computed from breaks (rule 4)."""
    is_set = any(row.action == StageAction.ASSESSMENT and row.state == StageState.DONE for row in work.rows)
    named = asked_fields(work.service, frozenset(asked.fields)) if is_set else frozenset()
    return CaseRule.FEE_SET if named & fee_fields(work.service) else None


def _keys(service: Service) -> tuple[list[str], list[str]]:
    return [str(each.key) for each in service.fields], [str(each.key) for each in service.requirements]


def _case_of(session: Session, bundle_id: bytes, *, lock: bool = False) -> Case:
    wanted = select(Case).where(Case.bundle_id == bundle_id)
    case = session.scalar(wanted.with_for_update(key_share=True) if lock else wanted)
    if case is None:
        raise CaseNotFoundError
    return case


def _open_asks(session: Session, case_id: str) -> Sequence[CaseAsk]:
    wanted = select(CaseAsk).where(CaseAsk.case_id == case_id, CaseAsk.answered_at.is_(None))
    return session.scalars(wanted.order_by(CaseAsk.ledger_index)).all()


def _ask_row(row: CaseStage, asked: Correction, now: datetime, index: int) -> CaseAsk:
    return CaseAsk(
        ledger_index=index,
        case_id=row.case_id,
        stage=row.stage,
        seat=row.seat,
        office=row.office,
        reason=str(asked.reason),
        fields=" ".join(asked.fields),
        requirements=" ".join(asked.requirements),
        asked_at=now,
    )


def _question(
    session: Session,
    actor: Actor,
    work: Work,
    asked: Correction,
    when: tuple[int, datetime],
    tools: CaseTools,
) -> CorrectionAsked:
    """Return what the village gets: the question, and the application as it stands."""
    (index, now), case = when, work.case
    manifest = effective_manifest(session, tools.keyring, work.service, case.bundle_id).manifest
    return CorrectionAsked(
        bundle=case.bundle_id,
        registration_no=RegistrationNo(case.registration_no),
        request=index,
        office=str(actor.office),
        reason=str(asked.reason),
        fields=[FieldKey(name) for name in asked.fields],
        requirements=[FieldKey(name) for name in asked.requirements],
        note=asked.note.strip(),
        service=work.service.code,
        service_version=work.service.version,
        applicant=applicant_of(session, case, tools),
        answers=manifest.answers,
        handed_in=manifest.handed_in,
        asked_at=to_ms(now),
    )
