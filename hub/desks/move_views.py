"""The moves, each a form of the case page: parse, one use case, back to the page.

A refusal shows the case as it now is, the rule in words, and the form as it was typed (fault F25: the second of two
clerks sees what the first did and loses nothing).
"""

from collections.abc import Callable
from typing import TypeVar

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from hub.accounts.access import allow, web_context
from hub.accounts.rules import DESK_ROLES
from hub.casework.commands import (
    AnswerCommand,
    CaseCommand,
    ConfirmCommand,
    CorrectionCommand,
    DecisionCommand,
    FinishCommand,
    HandOverCommand,
    Opinion,
    OpinionCommand,
    ProposalCommand,
    ProposalKind,
    RerouteCommand,
    StageCommand,
    WithdrawCommand,
)
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.rules import FORBIDDEN
from hub.casework.service import (
    answer_proposal,
    ask_correction,
    call_complete,
    confirm,
    decide,
    finish_stage,
    give_opinion,
    hand_over,
    propose,
    reroute,
    take_stage,
    withdraw,
)
from hub.desks import labels
from hub.desks.case_views import Problem, Typed, show_case
from hub.desks.move_forms import (
    AnswerForm,
    AskForm,
    DecideForm,
    FinishForm,
    MinutesForm,
    MoveForm,
    NoteForm,
    OpinionForm,
    ReasonForm,
    RerouteForm,
)
from hub.desks.views import blueprint, case_tools, who_acts

__all__ = ["blueprint"]

_Form = TypeVar("_Form", bound=MoveForm)
MAX_OFFICE = 40


@blueprint.post("/<case_id>/take")
@allow(*DESK_ROLES)
def take(case_id: str) -> ResponseReturnValue:
    """Take the case up at one stage."""
    stage, seat = MoveForm().place()
    command = StageCommand(case_id=case_id, version=MoveForm().seen_version(), stage=stage, seat=seat)
    return _move(case_id, Typed(move="take"), lambda session: take_stage(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/complete")
@allow(*DESK_ROLES)
def complete(case_id: str) -> ResponseReturnValue:
    """Call the case complete and correct."""
    command = CaseCommand(case_id=case_id, version=MoveForm().seen_version())
    typed = Typed(move="complete")
    return _move(case_id, typed, lambda session: call_complete(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/ask")
@allow(*DESK_ROLES)
def ask(case_id: str) -> ResponseReturnValue:
    """Return the case for correction."""
    form, typed = _typed("ask_correction", AskForm)
    correction = form.correction() if form.validate() else None
    if correction is None:
        return _incomplete(case_id, typed)
    stage, seat = form.place()
    command = CorrectionCommand(
        case_id=case_id, version=form.seen_version(), stage=stage, seat=seat, correction=correction
    )
    return _move(case_id, typed, lambda session: ask_correction(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/opinion")
@allow(*DESK_ROLES)
def opinion(case_id: str) -> ResponseReturnValue:
    """Give a recommendation: yes, no, or with conditions."""
    form, typed = _typed("opinion", OpinionForm)
    verdict = form.outcome() if form.validate() else None
    if verdict is None:
        return _incomplete(case_id, typed)
    return _give(case_id, typed, form, Opinion(verdict=verdict, note=str(form.note.data or "")))


@blueprint.post("/<case_id>/minutes")
@allow(*DESK_ROLES)
def minutes(case_id: str) -> ResponseReturnValue:
    """Sign the minutes of a visit; their digest goes into the ledger."""
    form, typed = _typed("minutes", MinutesForm)
    verdict = form.outcome() if form.validate() else None
    if verdict is None:
        return _incomplete(case_id, typed)
    text = form.minutes()
    return _give(case_id, typed, form, Opinion(verdict=verdict, note=text, minutes=text.encode()))


@blueprint.post("/<case_id>/finish")
@allow(*DESK_ROLES)
def finish(case_id: str) -> ResponseReturnValue:
    """Finish a stage that is simply done."""
    form, typed = _typed("finish", FinishForm)
    outcome = form.outcome() if form.validate() else None
    if outcome is None:
        return _incomplete(case_id, typed)
    stage, seat = form.place()
    command = FinishCommand(
        case_id=case_id,
        version=form.seen_version(),
        stage=stage,
        seat=seat,
        outcome=outcome,
        reference=str(form.reference.data or "").strip(),
        note=str(form.note.data or ""),
    )
    return _move(case_id, typed, lambda session: finish_stage(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/decide")
@allow(*DESK_ROLES)
def decide_now(case_id: str) -> ResponseReturnValue:
    """Grant or refuse."""
    form, typed = _typed("decide", DecideForm)
    verdict = form.outcome() if form.validate() else None
    if verdict is None:
        return _incomplete(case_id, typed)
    note = str(form.note.data or "")
    command = DecisionCommand(case_id=case_id, version=form.seen_version(), verdict=verdict, note=note)
    return _move(case_id, typed, lambda session: decide(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/confirm")
@allow(*DESK_ROLES)
def confirm_now(case_id: str) -> ResponseReturnValue:
    """Answer as the second body."""
    form, typed = _typed("confirm", AnswerForm)
    if not form.validate() or not form.has_answer():
        return _incomplete(case_id, typed)
    agrees, note = form.agrees.data == "yes", str(form.note.data or "")
    command = ConfirmCommand(case_id=case_id, version=form.seen_version(), agrees=agrees, note=note)
    return _move(case_id, typed, lambda session: confirm(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/hand-over")
@allow(*DESK_ROLES)
def hand_over_now(case_id: str) -> ResponseReturnValue:
    """Note that the resident has the result."""
    form, typed = _typed("hand_over", NoteForm)
    if not form.validate():
        return _incomplete(case_id, typed)
    command = HandOverCommand(case_id=case_id, version=form.seen_version(), note=str(form.note.data or ""))
    return _move(case_id, typed, lambda session: hand_over(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/reroute")
@allow(*DESK_ROLES)
def reroute_now(case_id: str) -> ResponseReturnValue:
    """Give a stage to another office."""
    form, typed = _typed("reroute", RerouteForm)
    if not form.validate():
        return _incomplete(case_id, typed)
    stage, seat = form.place()
    command = RerouteCommand(
        case_id=case_id,
        version=form.seen_version(),
        stage=stage,
        seat=seat,
        office=str(form.office.data)[:MAX_OFFICE],
        reason=str(form.reason.data or ""),
    )
    return _move(case_id, typed, lambda session: reroute(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/withdraw")
@allow(*DESK_ROLES)
def withdraw_now(case_id: str) -> ResponseReturnValue:
    """Note that the applicant takes the application back."""
    form, typed = _typed("withdraw", ReasonForm)
    if not form.validate():
        return _incomplete(case_id, typed)
    command = WithdrawCommand(case_id=case_id, version=form.seen_version(), reason=str(form.reason.data or ""))
    return _move(case_id, typed, lambda session: withdraw(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/propose")
@allow(*DESK_ROLES)
def propose_now(case_id: str) -> ResponseReturnValue:
    """Propose to take up a refused or withdrawn case again; other proposals come from the rooms that carry them out."""
    form, typed = _typed("propose", ReasonForm)
    if not form.validate():
        return _incomplete(case_id, typed)
    command = ProposalCommand(
        case_id=case_id,
        version=form.seen_version(),
        kind=ProposalKind.REOPEN,
        reason=str(form.reason.data or ""),
    )
    return _move(case_id, typed, lambda session: propose(session, *who_acts(), command, case_tools()))


@blueprint.post("/<case_id>/answer")
@allow(*DESK_ROLES)
def answer(case_id: str) -> ResponseReturnValue:
    """Agree to a proposal of another office, or not."""
    form, typed = _typed("answer", AnswerForm)
    if not form.validate() or not form.has_answer():
        return _incomplete(case_id, typed)
    command = AnswerCommand(
        case_id=case_id,
        version=form.seen_version(),
        proposal_id=str(form.proposal.data or "")[:26],
        agrees=form.agrees.data == "yes",
        note=str(form.note.data or ""),
    )
    return _move(case_id, typed, lambda session: answer_proposal(session, *who_acts(), command, case_tools()))


def _give(case_id: str, typed: Typed, form: OpinionForm, opinion: Opinion) -> ResponseReturnValue:
    stage, seat = form.place()
    command = OpinionCommand(case_id=case_id, version=form.seen_version(), stage=stage, seat=seat, opinion=opinion)
    return _move(case_id, typed, lambda session: give_opinion(session, *who_acts(), command, case_tools()))


def _typed(move: str, kind: type[_Form]) -> tuple[_Form, Typed]:
    form = kind()
    return form, Typed(move=move, form=form)


def _incomplete(case_id: str, typed: Typed) -> ResponseReturnValue:
    return show_case(case_id, Problem(text=labels.INCOMPLETE, status=422), typed)


def _move(case_id: str, typed: Typed, run: Callable[[Session], object]) -> ResponseReturnValue:
    """Make a move; a refusal shows the page as it now is, with what was typed."""
    try:
        with web_context().database.session() as session:
            run(session)
    except ConflictError:
        return show_case(case_id, Problem(text=labels.CONFLICT, status=409, is_conflict=True), typed)
    except MoveRefusedError as refused:
        status = 403 if refused.rule in FORBIDDEN else 422
        return show_case(case_id, Problem(text=labels.RULES[refused.rule], status=status), typed)
    flash(_(labels.DONE[typed.move]), "success")
    return redirect(url_for("casework.case", case_id=case_id), 303)
