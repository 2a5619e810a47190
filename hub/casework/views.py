"""The work queue and the case page: parse, one use case, render or redirect."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.rules import CASE_READERS, DESK_ROLES, Actor
from hub.casework import labels
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.events import CaseTools
from hub.casework.export import to_csv
from hub.casework.forms import (
    MoveForm,
    ReturnForm,
    RevealForm,
    filter_arguments,
    read_filter,
    read_position,
    write_position,
)
from hub.casework.page import CasePage
from hub.casework.queries import QueueFilter, QueueRow, View, counts, export_rows, work_queue
from hub.casework.rules import CaseRule, Move
from hub.casework.service import CaseCommand, ReturnCommand, call_complete, return_for_correction, take_custody
from hub.casework.viewing import Look, note_file_view, read_file, read_receipt, reveal_case, view_case

blueprint = Blueprint("casework", __name__, template_folder="templates", url_prefix="/cases")

SANDBOX = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Whatever a file is, it runs nothing and reaches nothing (fault E17)."""

SHOWN_INLINE = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
"""Kinds of files that a browser may show, with their endings; all others are only saved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a case page comes back instead of a success; ``text`` is a msgid."""

    text: str
    status: int
    is_conflict: bool = False


@blueprint.get("")
@allow(*CASE_READERS)
def queue() -> ResponseReturnValue:
    """Show the work queue; the filter is in the URL."""
    context, actor, wanted = web_context(), current_actor(), _filter()
    with context.database.reading() as session:
        page = work_queue(session, actor, wanted, read_position(request.args.get("after", "")))
        present = counts(session, actor)
    return render_template(
        "casework/queue.html",
        page=page,
        counts=present,
        wanted=wanted,
        arguments=filter_arguments(wanted),
        next_position=write_position(page.next) if page.next is not None else "",
        services=context.catalogue.newest_services(),
        subdistricts=context.catalogue.regions.subdistricts,
        labels=labels,
    )


@blueprint.get("/export.csv")
@allow(*CASE_READERS)
def export() -> ResponseReturnValue:
    """Send exactly what the filter shows, as CSV."""
    context, actor = web_context(), current_actor()
    with context.database.reading() as session:
        text = to_csv(_csv_header(), (_csv_row(row) for row in export_rows(session, actor, _filter())))
    headers = {"Content-Disposition": "attachment; filename=antrean.csv"}
    return Response(text, mimetype="text/csv", headers=headers)


@blueprint.get("/<case_id>")
@allow(*CASE_READERS)
def case(case_id: str) -> ResponseReturnValue:
    """Show a case, masked; the look is noted."""
    return _show(case_id)


@blueprint.post("/<case_id>/complete")
@allow(*DESK_ROLES)
def complete(case_id: str) -> ResponseReturnValue:
    """Call the case complete and correct."""
    command = CaseCommand(case_id=case_id, version=MoveForm().seen_version())
    return _move(case_id, Move.COMPLETE, lambda session: call_complete(session, *_who(), command, _tools()))


@blueprint.post("/<case_id>/custody")
@allow(*DESK_ROLES)
def custody(case_id: str) -> ResponseReturnValue:
    """Take the case up at the actor's office."""
    command = CaseCommand(case_id=case_id, version=MoveForm().seen_version())
    return _move(case_id, Move.TAKE_CUSTODY, lambda session: take_custody(session, *_who(), command, _tools()))


@blueprint.post("/<case_id>/return")
@allow(*DESK_ROLES)
def return_case(case_id: str) -> ResponseReturnValue:
    """Return the case for correction; what was typed comes back with every refusal."""
    form = ReturnForm()
    correction = form.correction() if form.validate() else None
    if correction is None:
        return _show(case_id, problem=Problem(text="Ada yang perlu diperbaiki", status=422), form=form)
    command = ReturnCommand(case_id=case_id, version=form.seen_version(), correction=correction)

    def run(session: Session) -> None:
        return_for_correction(session, *_who(), command, _tools())

    return _move(case_id, Move.RETURN, run, form)


@blueprint.post("/<case_id>/reveal")
@allow(*CASE_READERS)
def reveal(case_id: str) -> ResponseReturnValue:
    """Show the case unmasked, once; the reason goes into the ledger."""
    form = RevealForm()
    look = Look(case_id=case_id, reason=str(form.why.data or ""))
    try:
        with web_context().database.session() as session:
            page = reveal_case(session, *_who(), look, _tools())
    except MoveRefusedError as refused:
        form.why.errors = [_(labels.RULES[refused.rule])]
        return _show(case_id, problem=Problem(text=labels.RULES[refused.rule], status=422), reveal_form=form)
    return _render(page)


@blueprint.get("/<case_id>/files/<int:position>")
@allow(*CASE_READERS)
def file(case_id: str, position: int) -> ResponseReturnValue:
    """Send an attachment into a sandbox; pictures and PDF may be shown, everything else is saved."""
    context = web_context()
    with context.database.session() as session:
        bundle_id = note_file_view(session, *_who(), case_id, position, _tools())
    with context.database.reading() as session:
        found = read_file(session, bundle_id, position, _tools(), context.blobs)
    ending = SHOWN_INLINE.get(found.media_type)
    response = Response(found.content, mimetype=found.media_type if ending else "application/octet-stream")
    name = f"lampiran-{position + 1}.{ending or 'bin'}"
    response.headers.set("Content-Disposition", "inline" if ending else "attachment", filename=name)
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@blueprint.get("/<case_id>/receipts/<int:ledger_index>")
@allow(*CASE_READERS)
def receipt(case_id: str, ledger_index: int) -> ResponseReturnValue:
    """Send the bytes of a receipt, as the village has them."""
    with web_context().database.reading() as session:
        raw = read_receipt(session, current_actor(), case_id, ledger_index)
    headers = {"Content-Disposition": f"attachment; filename=receipt-{ledger_index}.cbor"}
    return Response(raw, mimetype="application/cbor", headers=headers)


def _move(
    case_id: str, move: Move, run: Callable[[Session], None], form: ReturnForm | None = None
) -> ResponseReturnValue:
    """Make a move; a refusal shows the page as it now is, with what was typed."""
    try:
        with web_context().database.session() as session:
            run(session)
    except ConflictError:
        return _show(case_id, problem=Problem(text=labels.CONFLICT, status=409, is_conflict=True), form=form)
    except MoveRefusedError as refused:
        status = 403 if refused.rule in {CaseRule.ROLE, CaseRule.NOT_FRONT_DESK, CaseRule.NO_DESK} else 422
        return _show(case_id, problem=Problem(text=labels.RULES[refused.rule], status=status), form=form)
    flash(_(labels.DONE[move]), "success")
    return redirect(url_for("casework.case", case_id=case_id), 303)


def _show(
    case_id: str,
    *,
    problem: Problem | None = None,
    form: ReturnForm | None = None,
    reveal_form: RevealForm | None = None,
) -> ResponseReturnValue:
    with web_context().database.session() as session:
        page = view_case(session, *_who(), case_id, _tools())
    return _render(page, problem=problem, form=form, reveal_form=reveal_form)


def _render(
    page: CasePage,
    *,
    problem: Problem | None = None,
    form: ReturnForm | None = None,
    reveal_form: RevealForm | None = None,
) -> ResponseReturnValue:
    shown = form if form is not None else ReturnForm(formdata=None)
    shown.offer(page.service, str(get_locale()))
    html = render_template(
        "casework/case.html",
        page=page,
        problem=problem,
        form=shown,
        is_form_open=form is not None,
        reveal_form=reveal_form if reveal_form is not None else RevealForm(formdata=None),
        labels=labels,
    )
    return html, 200 if problem is None else problem.status


def _who() -> tuple[datetime, Actor]:
    return web_context().clock.now(), current_actor()


def _tools() -> CaseTools:
    context = web_context()
    return CaseTools(catalogue=context.catalogue, keyring=context.keyring, randomness=context.randomness)


def _filter() -> QueueFilter:
    default = View.TO_DO if current_actor().role in DESK_ROLES else View.ALL
    if len(request.query_string) > 2_000:  # noqa: PLR2004  # no filter of ours is so long
        raise BadRequest
    return read_filter(request.args, default)


def _csv_header() -> list[str]:
    return [
        _("Nomor registrasi"),
        _("Kode layanan"),
        _("Layanan"),
        _("Desa/kelurahan"),
        _("Keadaan"),
        _("Meja saya"),
        _("Diterima (WIB)"),
        _("Lengkap (WIB)"),
    ]


def _csv_row(row: QueueRow) -> list[str]:
    catalogue = web_context().catalogue
    name = catalogue.service(row.service, row.service_version).name.in_language(str(get_locale()))
    moment = "yyyy-MM-dd HH:mm"
    return [
        row.registration_no,
        row.service,
        name,
        row.village,
        _(labels.STATES[row.state].text),
        _(labels.DESKS[row.desk].text) if row.desk is not None else "",
        format_datetime(row.received_at, moment),
        format_datetime(row.completed_at, moment) if row.completed_at is not None else "",
    ]
