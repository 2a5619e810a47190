"""The page of delegations and absences, and the change of hat.

Everybody may see their own office's page, enter an absence of their own, and put a delegation of their own on or off.
What concerns others is entered by the head of the office or by a network administrator (``delegation_rules.may_keep``).
"""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from hub.accounts import labels
from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.acting import absence_lines, acting_for, delegation_lines
from hub.accounts.delegation_forms import AbsenceForm, DelegationForm
from hub.accounts.delegation_rules import local_day
from hub.accounts.delegations import (
    AccountTools,
    change_hat,
    enter_absence,
    enter_delegation,
    withdraw_absence,
    withdraw_delegation,
)
from hub.accounts.errors import DelegationRefusedError
from hub.accounts.queries import PersonLine, list_people
from hub.accounts.rules import Actor, Role
from hub.accounts.views import cookie_name, keep_cookie

blueprint = Blueprint("delegations", __name__, url_prefix="/delegations", template_folder="templates")

READS_ALL = frozenset({Role.NETWORK_ADMIN, Role.INSPECTORATE})
KEEPERS = frozenset({Role.NETWORK_ADMIN, Role.HEAD})
MAX_ID = 26


@blueprint.get("")
@allow(*Role)
def page() -> ResponseReturnValue:
    """Show who acts for whom and who is away, and the hats of the person who asks."""
    return _page()


@blueprint.post("")
@allow(*Role)
def enter() -> ResponseReturnValue:
    """Enter a delegation; what was typed comes back with every refusal."""
    form = DelegationForm()
    new = form.delegation() if form.validate() else None
    if new is None:
        return _page(delegation_form=form, status=422)
    return _do(lambda session: enter_delegation(session, *_who(), new, _tools()), delegation_form=form)


@blueprint.post("/absences")
@allow(*Role)
def enter_away() -> ResponseReturnValue:
    """Enter an absence; what was typed comes back with every refusal."""
    form = AbsenceForm()
    new = form.absence() if form.validate() else None
    if new is None:
        return _page(absence_form=form, status=422)
    return _do(lambda session: enter_absence(session, *_who(), new, _tools()), absence_form=form)


@blueprint.post("/<delegation_id>/withdraw")
@allow(*KEEPERS)
def withdraw(delegation_id: str) -> ResponseReturnValue:
    """Withdraw a delegation."""
    return _do(lambda session: withdraw_delegation(session, *_who(), delegation_id[:MAX_ID], _tools()))


@blueprint.post("/absences/<absence_id>/withdraw")
@allow(*Role)
def withdraw_away(absence_id: str) -> ResponseReturnValue:
    """Withdraw an absence."""
    return _do(lambda session: withdraw_absence(session, *_who(), absence_id[:MAX_ID], _tools()))


@blueprint.post("/hat")
@allow(*Role)
def wear() -> ResponseReturnValue:
    """Put on a delegation of one's own, or take it off: a new session, since rights change (ASVS 7.2.4)."""
    context, actor = web_context(), current_actor()
    wanted = request.form.get("delegation", "")[:MAX_ID]
    now = context.clock.now()
    with context.database.session() as session:
        mine = {each.delegation_id for each in acting_for(session, actor.person_id, now)}
        hat = wanted if wanted in mine else None
        old = request.cookies.get(cookie_name(context.settings), "")
        token = change_hat(session, now, context.randomness, old, (actor.person_id, hat))
    flash(_("Anda sekarang bekerja dengan wewenang yang dipilih."), "success")
    response = make_response(redirect(url_for("web.home"), 303))
    keep_cookie(response, token)
    return response


def _do(
    run: Callable[[Session], object],
    *,
    delegation_form: DelegationForm | None = None,
    absence_form: AbsenceForm | None = None,
) -> ResponseReturnValue:
    try:
        with web_context().database.session() as session:
            run(session)
    except DelegationRefusedError as refused:
        problem = labels.DELEGATION_RULES[refused.rule]
        return _page(problem, delegation_form=delegation_form, absence_form=absence_form, status=422)
    flash(_("Tercatat, juga di buku besar."), "success")
    return redirect(url_for("delegations.page"), 303)


def _page(
    problem: str = "",
    *,
    delegation_form: DelegationForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    context, actor = web_context(), current_actor()
    now = context.clock.now()
    office = None if actor.role in READS_ALL else str(actor.office)
    with context.database.reading() as session:
        people = [person for person in list_people(session) if person.active]
        hats = acting_for(session, actor.person_id, now)
        delegations, absences = delegation_lines(session, office), absence_lines(session, office)
    forms = (
        delegation_form or DelegationForm(formdata=None),
        absence_form or AbsenceForm(formdata=None, person=actor.person_id),
    )
    forms[0].offer(people, _offices(actor))
    forms[1].offer(_may_be_away(actor, people))
    html = render_template(
        "accounts/delegations.html",
        problem=problem,
        delegation_form=forms[0],
        absence_form=forms[1],
        hats=hats,
        delegations=delegations,
        absences=absences,
        today=local_day(now),
        is_keeper=actor.role in KEEPERS,
        labels=labels,
    )
    return html, status


def _offices(actor: Actor) -> list[tuple[str, str]]:
    """Return the offices whose powers this person may delegate."""
    known = web_context().catalogue.offices
    if actor.role is Role.NETWORK_ADMIN:
        language = str(get_locale())
        return [(str(code), office.name.in_language(language)) for code, office in known.items()]
    return [(str(actor.office), known[actor.office].short)] if actor.office in known else []


def _may_be_away(actor: Actor, people: list[PersonLine]) -> list[PersonLine]:
    if actor.role is Role.NETWORK_ADMIN:
        return people
    if actor.role is Role.HEAD:
        return [each for each in people if each.office == actor.office or each.person_id == actor.person_id]
    return [each for each in people if each.person_id == actor.person_id]


def _who() -> tuple[datetime, Actor]:
    return web_context().clock.now(), current_actor()


def _tools() -> AccountTools:
    context = web_context()
    return AccountTools(ids=context.ids, randomness=context.randomness, offices=context.catalogue.offices)
