"""The case page and what is opened from it: personal data with a reason, pictures of files, receipts.

``show_case`` renders the page for the moves as well: a refused move shows the case as it now is, with what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.rules import CASE_READERS
from hub.attachments.rules import MAX_PAGES, CheckState
from hub.attachments.sandbox import PreviewError
from hub.attachments.service import ensure_checked
from hub.casework.errors import CaseNotFoundError, FileQuarantinedError, MoveRefusedError
from hub.casework.quarantine import announcer
from hub.catalogue.rules import may_route
from hub.desks import labels
from hub.desks.forms import RevealForm
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
from hub.desks.page import CasePage
from hub.desks.viewing import (
    FileAsked,
    Look,
    draw_file,
    find_file,
    note_file_view,
    read_receipt,
    reveal_case,
    view_case,
)
from hub.desks.views import blueprint, case_tools, who_acts
from hub.intake.context import Stores
from protocol.catalogue import OfficeKind

SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""Whatever a picture is, it runs nothing and reaches nothing (faults E17, E18)."""

INLINE = {"image/jpeg": "jpg", "image/png": "png"}
"""Pictures that the hub draws itself; the PDF of a machine without a renderer is only saved."""

FORMS: Mapping[str, type[MoveForm]] = {
    "ask_correction": AskForm,
    "opinion": OpinionForm,
    "minutes": MinutesForm,
    "finish": FinishForm,
    "decide": DecideForm,
    "confirm": AnswerForm,
    "answer": AnswerForm,
    "hand_over": NoteForm,
    "reroute": RerouteForm,
    "withdraw": ReasonForm,
    "propose": ReasonForm,
}
"""Every form of the page by the name of its move."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a case page comes back instead of a success; ``text`` is a msgid."""

    text: str
    status: int
    is_conflict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What a person had typed: the form of one move, open again."""

    move: str = ""
    form: FlaskForm | None = None
    reveal: RevealForm | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    problem: Problem | None = None
    typed: Typed = field(default_factory=Typed)


@blueprint.get("/<case_id>")
@allow(*CASE_READERS)
def case(case_id: str) -> ResponseReturnValue:
    """Show a case, masked; the look is noted."""
    return show_case(case_id)


@blueprint.get("/<case_id>/beside/<other_id>")
@allow(*CASE_READERS)
def beside(case_id: str, other_id: str) -> ResponseReturnValue:
    """Show two cases side by side, masked, to judge whether they are one matter; both looks are noted."""
    with web_context().database.session() as session:
        pages = [view_case(session, *who_acts(), each, case_tools()) for each in (case_id, other_id)]
    return render_template("desks/beside.html", pages=pages, labels=labels)


@blueprint.post("/<case_id>/reveal")
@allow(*CASE_READERS)
def reveal(case_id: str) -> ResponseReturnValue:
    """Show the case unmasked, once; the reason goes into the ledger."""
    form = RevealForm()
    look = Look(case_id=case_id, reason=str(form.why.data or ""))
    try:
        with web_context().database.session() as session:
            page = reveal_case(session, *who_acts(), look, case_tools())
    except MoveRefusedError as refused:
        form.why.errors = [_(labels.RULES[refused.rule])]
        return show_case(case_id, Problem(text=labels.RULES[refused.rule], status=422), Typed(reveal=form))
    return _render(page, _Shown())


@blueprint.get("/<case_id>/files/<int:bundle>/<int:position>")
@allow(*CASE_READERS)
def file(case_id: str, bundle: int, position: int) -> ResponseReturnValue:
    """Send a picture of an attachment into a sandbox; the look is noted, the original stays sealed."""
    asked = FileAsked(
        case_id=case_id,
        bundle=bundle,
        position=position,
        page=min(max(request.args.get("page", 1, int), 1), MAX_PAGES),
        is_large=request.args.get("size") == "large",
    )
    try:
        return _draw(asked)
    except CaseNotFoundError:
        return _frame(404)
    except FileQuarantinedError:
        return _frame(423)
    except PreviewError:
        return _frame(415)


@blueprint.get("/<case_id>/receipts/<int:ledger_index>")
@allow(*CASE_READERS)
def receipt(case_id: str, ledger_index: int) -> ResponseReturnValue:
    """Send the bytes of a receipt, as the village has them."""
    with web_context().database.reading() as session:
        raw = read_receipt(session, current_actor(), case_id, ledger_index)
    headers = {"Content-Disposition": f"attachment; filename=receipt-{ledger_index}.cbor"}
    return Response(raw, mimetype="application/cbor", headers=headers)


def show_case(case_id: str, problem: Problem | None = None, typed: Typed | None = None) -> ResponseReturnValue:
    """Show a case as it now is; the look is noted."""
    with web_context().database.session() as session:
        page = view_case(session, *who_acts(), case_id, case_tools())
    return _render(page, _Shown(problem=problem, typed=typed or Typed()))


def _render(page: CasePage, shown: _Shown) -> ResponseReturnValue:
    typed, problem = shown.typed, shown.problem
    forms = {name: kind(formdata=None) for name, kind in FORMS.items()}
    if typed.form is not None:
        forms[typed.move] = typed.form
    for name, form in forms.items():
        form.mark(name)
        form.offer(page.service, str(get_locale()))
    html = render_template(
        "desks/case.html",
        page=page,
        problem=problem,
        forms=forms,
        opened=typed.move,
        offices_for=_offices_for,
        reveal_form=typed.reveal or RevealForm(formdata=None),
        labels=labels,
    )
    return html, 200 if problem is None else problem.status


def _offices_for(kind: OfficeKind, besides: str) -> list[tuple[str, str]]:
    """Return the offices that may do a stage of this kind instead of the one that has it."""
    offices = web_context().catalogue.offices
    found = [(str(code), each.short) for code, each in offices.items() if may_route(kind, each.kind)]
    return [each for each in found if each[0] != besides]


def _draw(asked: FileAsked) -> Response:
    context = web_context()
    stores = Stores(database=context.database, keyring=context.keyring, blobs=context.blobs)
    now, actor = who_acts()
    with context.database.reading() as session:
        place = find_file(session, actor, asked)
    verdict = ensure_checked(stores, now, place, announcer(case_tools()))
    if verdict.state is CheckState.QUARANTINED:
        raise FileQuarantinedError
    with context.database.session() as session:
        note_file_view(session, now, actor, asked, case_tools())
    drawn = draw_file(stores, place, asked)
    ending = INLINE.get(drawn.media_type)
    response = Response(drawn.content, mimetype=drawn.media_type if ending else "application/octet-stream")
    name = f"lampiran-{asked.position + 1}-{asked.page}.{ending or 'pdf'}"
    response.headers.set("Content-Disposition", "inline" if ending else "attachment", filename=name)
    return _sandboxed(response)


def _frame(status: int) -> Response:
    return _sandboxed(Response(render_template("desks/frame.html", words=labels.FRAMES[status]), status=status))


def _sandboxed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
