"""The letter of a case (sign, revoke, open) and the registers: parse, one use case, render or redirect."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from hub.accounts.access import allow, current_actor, room_tools, web_context
from hub.accounts.rules import CASE_READERS, DESK_ROLES
from hub.casework.commands import CaseCommand
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.rules import FORBIDDEN
from hub.desks import labels as case_labels
from hub.desks.export import to_csv
from hub.permits import labels
from hub.permits.documents import read_document
from hub.permits.errors import PermitRefusedError
from hub.permits.forms import PassphraseForm, RevokeForm, SignForm
from hub.permits.queries import (
    RegisterFilter,
    RegisterRow,
    letter_page,
    look_at_document,
    register_page,
    register_rows,
)
from hub.permits.revocation import RevocationCommand, propose_revocation
from hub.permits.service import PermitTools, sign_case
from hub.permits.signing import PassphraseRefusedError, ProviderError, SignerUnknownError

blueprint = Blueprint("permits", __name__, template_folder="templates")

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
FIRST_YEAR, LAST_YEAR = 2000, 2200
THEIR_MISTAKE = (PassphraseRefusedError, SignerUnknownError)


@blueprint.get("/cases/<case_id>/letter")
@allow(*CASE_READERS)
def letter(case_id: str) -> ResponseReturnValue:
    """Show the letters of a case and what may be done."""
    return _show(case_id)


@blueprint.post("/cases/<case_id>/letter/sign")
@allow(*DESK_ROLES)
def sign(case_id: str) -> ResponseReturnValue:
    """Sign the letter; the village gets it with the next connection."""
    context, form, tools = web_context(), _sign_form(), room_tools(PermitTools)
    with context.database.reading() as session:
        letter_page(session, current_actor(), case_id, tools.case)
    if not form.validate():
        return _show(case_id, labels.INCOMPLETE, 422, form=form)
    command = CaseCommand(case_id=case_id, version=form.seen_version())
    try:
        sign_case(context.database, context.clock, current_actor(), command, form.secrets(), tools)
    except ConflictError:
        return _show(case_id, case_labels.CONFLICT, 409)
    except MoveRefusedError as refused:
        return _show(case_id, case_labels.RULES[refused.rule], 403 if refused.rule in FORBIDDEN else 422)
    except PermitRefusedError as refused:
        return _show(case_id, labels.RULES[refused.rule], 422)
    except ProviderError as error:
        return _show(case_id, labels.PROVIDER[type(error)], 422 if isinstance(error, THEIR_MISTAKE) else 503)
    flash(_("Surat sudah ditandatangani; desa menerimanya pada sambungan berikutnya."), "success")
    return redirect(url_for("permits.letter", case_id=case_id), 303)


@blueprint.post("/cases/<case_id>/letter/revoke")
@allow(*DESK_ROLES)
def revoke(case_id: str) -> ResponseReturnValue:
    """Propose that the letter is revoked; a second person of another office has to agree."""
    context, form, tools = web_context(), RevokeForm(), room_tools(PermitTools)
    with context.database.reading() as session:
        letter_page(session, current_actor(), case_id, tools.case)
    code = form.chosen() if form.validate() else None
    if code is None:
        return _show(case_id, labels.INCOMPLETE, 422, revoke_form=form)
    command = RevocationCommand(
        case_id=case_id, version=form.seen_version(), code=code, reason=str(form.reason.data or "")
    )
    try:
        with context.database.session() as session:
            propose_revocation(session, context.clock.now(), current_actor(), command, tools)
    except ConflictError:
        return _show(case_id, case_labels.CONFLICT, 409, revoke_form=form)
    except MoveRefusedError as refused:
        status = 403 if refused.rule in FORBIDDEN else 422
        return _show(case_id, case_labels.RULES[refused.rule], status, revoke_form=form)
    except PermitRefusedError as refused:
        return _show(case_id, labels.RULES[refused.rule], 422, revoke_form=form)
    flash(_("Pencabutan diusulkan; pejabat dari kantor lain harus menyetujuinya."), "success")
    return redirect(url_for("permits.letter", case_id=case_id), 303)


@blueprint.get("/cases/<case_id>/letter.pdf")
@allow(*CASE_READERS)
def document(case_id: str) -> ResponseReturnValue:
    """Send the newest signed file of a case; the look is noted."""
    context, tools = web_context(), room_tools(PermitTools)
    command = CaseCommand(case_id=case_id, version=0)
    with context.database.session() as session:
        document_id = look_at_document(session, context.clock.now(), current_actor(), command, tools.case)
    with context.database.reading() as session:
        content = read_document(session, context.keyring, context.blobs, document_id)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = "attachment; filename=surat.pdf"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@blueprint.get("/registers")
@allow(*CASE_READERS)
def registers() -> ResponseReturnValue:
    """Show the register of letters, the newest line first; the filter is in the URL."""
    wanted, after = _filter(), request.args.get("after", None, int)
    with web_context().database.reading() as session:
        page = register_page(session, current_actor(), wanted, after)
    return render_template(
        "permits/registers.html", page=page, wanted=wanted, arguments=_arguments(wanted), labels=labels
    )


@blueprint.get("/registers.csv")
@allow(*CASE_READERS)
def registers_csv() -> ResponseReturnValue:
    """Send exactly what the filter shows, as CSV."""
    with web_context().database.reading() as session:
        rows = [_csv_row(row) for row in register_rows(session, current_actor(), _filter())]
    header = [
        _("Nomor"),
        _("Urut"),
        _("Tahun"),
        _("Kantor"),
        _("Nomor registrasi"),
        _("Surat"),
        _("Keadaan"),
        _("Tanggal"),
    ]
    headers = {"Content-Disposition": "attachment; filename=register.csv"}
    return Response(to_csv(header, rows), mimetype="text/csv", headers=headers)


def _show(
    case_id: str,
    problem: str = "",
    status: int = 200,
    *,
    form: SignForm | None = None,
    revoke_form: RevokeForm | None = None,
) -> ResponseReturnValue:
    tools = room_tools(PermitTools)
    with web_context().database.reading() as session:
        page = letter_page(session, current_actor(), case_id, tools.case)
    shown = revoke_form if revoke_form is not None else RevokeForm(formdata=None)
    shown.offer()
    html = render_template(
        "permits/letter.html",
        page=page,
        problem=problem,
        form=form if form is not None else _sign_form(empty=True),
        asks_passphrase=tools.provider.asks_passphrase,
        revoke_form=shown,
        labels=labels,
        rules=case_labels.RULES,
        language_code=str(get_locale()),
    )
    return html, status


def _sign_form(*, empty: bool = False) -> SignForm:
    kind = PassphraseForm if room_tools(PermitTools).provider.asks_passphrase else SignForm
    return kind(formdata=None) if empty else kind()


def _filter() -> RegisterFilter:
    year = request.args.get("year", 0, int)
    return RegisterFilter(
        office=request.args.get("office", "")[:40],
        register=request.args.get("register", "")[:20],
        year=year if FIRST_YEAR <= year <= LAST_YEAR else 0,
    )


def _arguments(wanted: RegisterFilter) -> dict[str, object]:
    everything: dict[str, object] = {"office": wanted.office, "register": wanted.register, "year": wanted.year}
    return {name: value for name, value in everything.items() if value}


def _csv_row(row: RegisterRow) -> list[str]:
    state = _(labels.STATES[row.state].text) if row.state in labels.STATES else ""
    day = format_date(row.taken_at, "yyyy-MM-dd")
    return [row.number, str(row.serial), str(row.year), row.office, row.registration_no, row.title, state, day]
