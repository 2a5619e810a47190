"""The fee of a case and the revenue: parse, one use case, render or redirect."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from hub.accounts.access import allow, current_actor, room_tools, web_context
from hub.accounts.delegation_rules import local_day
from hub.accounts.rules import CASE_READERS, DESK_ROLES, Role
from hub.casework.errors import ConflictError, MoveRefusedError
from hub.casework.rules import FORBIDDEN
from hub.desks import labels as case_labels
from hub.desks.export import to_csv
from hub.fees import labels
from hub.fees.changes import ChangeCommand, propose_change
from hub.fees.errors import FeeRefusedError
from hub.fees.forms import AssessForm, ChangeForm, FeeForm, PayForm, rupiah_of
from hub.fees.queries import fee_page, fee_paper, revenue
from hub.fees.service import (
    LEVY_NOTICE,
    PAYMENT_RECEIPT,
    AssessCommand,
    FeeTools,
    PayCommand,
    assess,
    record_payment,
)
from hub.fees.targets import load_targets
from hub.permits.paper import draw

blueprint = Blueprint("fees", __name__, template_folder="templates")

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
FIRST_YEAR, LAST_YEAR = 2000, 2200
REVENUE_READERS = (Role.HEAD, Role.DIVISION_HEAD, Role.INSPECTORATE)


@blueprint.get("/cases/<case_id>/fee")
@allow(*CASE_READERS)
def fee(case_id: str) -> ResponseReturnValue:
    """Show what a case costs, and what may be done about it."""
    return _show(case_id)


@blueprint.post("/cases/<case_id>/fee/assess")
@allow(*DESK_ROLES)
def assess_now(case_id: str) -> ResponseReturnValue:
    """Set what is due."""
    form, tools = AssessForm(), room_tools(FeeTools)
    stage, seat = form.place()
    command = AssessCommand(case_id=case_id, version=form.seen_version(), stage=stage, seat=seat, claim=form.claim())

    def run(session: Session) -> object:
        return assess(session, web_context().clock.now(), current_actor(), command, tools)

    return _do(case_id, form, run if form.validate() else None, labels.ASSESSED)


@blueprint.post("/cases/<case_id>/fee/pay")
@allow(*DESK_ROLES)
def pay_now(case_id: str) -> ResponseReturnValue:
    """Record a payment by its proof."""
    form, tools = PayForm(), room_tools(FeeTools)
    stage, seat = form.place()
    paid = form.paid() if form.validate() else None
    if paid is None:
        return _do(case_id, form, None, "")
    command = PayCommand(case_id=case_id, version=form.seen_version(), stage=stage, seat=seat, paid=paid)

    def run(session: Session) -> object:
        return record_payment(session, web_context().clock.now(), current_actor(), command, tools)

    return _do(case_id, form, run, labels.PAID)


@blueprint.post("/cases/<case_id>/fee/change")
@allow(*DESK_ROLES)
def change_now(case_id: str) -> ResponseReturnValue:
    """Propose another amount; a second person of another office has to agree."""
    form, tools = ChangeForm(), room_tools(FeeTools)
    amount = rupiah_of(form.new_amount.data) if form.validate() else None
    if amount is None:
        return _do(case_id, form, None, "")
    command = ChangeCommand(
        case_id=case_id,
        version=form.seen_version(),
        amount_rp=amount,
        reason=str(form.reason.data or ""),
        reference=str(form.new_reference.data or ""),
    )

    def run(session: Session) -> object:
        return propose_change(session, web_context().clock.now(), current_actor(), command, tools)

    return _do(case_id, form, run, labels.PROPOSED)


@blueprint.get("/cases/<case_id>/fee/skrd.pdf")
@allow(*CASE_READERS)
def notice(case_id: str) -> ResponseReturnValue:
    """Send the levy notice; the look is noted."""
    return _paper(case_id, LEVY_NOTICE, "skrd.pdf")


@blueprint.get("/cases/<case_id>/fee/receipt.pdf")
@allow(*CASE_READERS)
def receipt(case_id: str) -> ResponseReturnValue:
    """Send the receipt of the payment; the look is noted."""
    return _paper(case_id, PAYMENT_RECEIPT, "tanda-bukti.pdf")


@blueprint.get("/revenue")
@allow(*REVENUE_READERS)
def revenue_page() -> ResponseReturnValue:
    """Show the revenue of a year per office and service, against its target."""
    year = _year()
    with web_context().database.reading() as session:
        lines = revenue(session, current_actor(), year, load_targets())
    return render_template("fees/revenue.html", lines=lines, year=year)


@blueprint.get("/revenue.csv")
@allow(*REVENUE_READERS)
def revenue_csv() -> ResponseReturnValue:
    """Send the same as CSV."""
    year = _year()
    with web_context().database.reading() as session:
        lines = revenue(session, current_actor(), year, load_targets())
    header = [_("Tahun"), _("Kantor"), _("Layanan"), _("Pembayaran"), _("Penerimaan (Rp)"), _("Target (Rp)")]
    rows = [
        [
            str(year),
            line.office,
            line.service,
            str(line.payments),
            str(line.revenue_rp),
            "" if line.target_rp is None else str(line.target_rp),
        ]
        for line in lines
    ]
    headers = {"Content-Disposition": "attachment; filename=penerimaan.csv"}
    return Response(to_csv(header, rows), mimetype="text/csv", headers=headers)


def _do(case_id: str, form: FeeForm, run: Callable[[Session], object] | None, done: str) -> ResponseReturnValue:
    """Run one use case; None: the form is not complete. A refusal shows the page as it now is, with what was typed."""
    if run is None:
        return _show(case_id, labels.INCOMPLETE, 422, form)
    try:
        with web_context().database.session() as session:
            run(session)
    except ConflictError:
        return _show(case_id, case_labels.CONFLICT, 409, form)
    except MoveRefusedError as refused:
        return _show(case_id, case_labels.RULES[refused.rule], 403 if refused.rule in FORBIDDEN else 422, form)
    except FeeRefusedError as refused:
        return _show(case_id, labels.RULES[refused.rule], 422, form)
    flash(_(done), "success")
    return redirect(url_for("fees.fee", case_id=case_id), 303)


def _show(case_id: str, problem: str = "", status: int = 200, form: FeeForm | None = None) -> ResponseReturnValue:
    with web_context().database.reading() as session:
        page = fee_page(session, current_actor(), case_id, room_tools(FeeTools))
    pay = form if isinstance(form, PayForm) else PayForm(formdata=None)
    pay.offer()
    html = render_template(
        "fees/fee.html",
        page=page,
        problem=problem,
        assess_form=form if isinstance(form, AssessForm) else AssessForm(formdata=None),
        pay_form=pay,
        change_form=form if isinstance(form, ChangeForm) else ChangeForm(formdata=None),
        labels=labels,
        language_code=str(get_locale()),
    )
    return html, status


def _paper(case_id: str, template_key: str, name: str) -> ResponseReturnValue:
    context, tools = web_context(), room_tools(FeeTools)
    with context.database.session() as session:
        paper = fee_paper(session, context.clock.now(), current_actor(), case_id, template_key, tools)
    response = Response(draw(paper), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


def _year() -> int:
    year = request.args.get("year", 0, int)
    return year if FIRST_YEAR <= year <= LAST_YEAR else local_day(web_context().clock.now()).year
