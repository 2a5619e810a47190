"""The page of what is planned and told: hours of villages, planned outages, broadcasts."""

from datetime import UTC, datetime, timedelta, timezone

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import Role
from hub.calendar.service import current_calendar
from hub.catalogue.regions import Regions
from hub.health.hours import DAYS, Week, WeekError
from hub.health.planned import (
    NewOutage,
    PlanError,
    PlanRule,
    end_outage,
    excuses,
    outages,
    own_weeks,
    plan_outage,
    set_week,
)
from hub.network import labels
from hub.network.requests import AskingError, AskingRule, Words, broadcast, broadcasts
from hub.network.shell_views import READERS, blueprint, page
from protocol.errors import SchemaError
from protocol.ids import RegionCode, VillageCode

WIB = timezone(timedelta(hours=7), "WIB")


@blueprint.get("/plans")
@allow(*READERS)
def plans() -> ResponseReturnValue:
    """Show hours, outages and broadcasts."""
    context = web_context()
    now = context.clock.now()
    with context.database.reading() as session:
        planned, told, weeks = outages(session, now), broadcasts(session), own_weeks(session)
        default = excuses(session, now, current_calendar(session)).of_village("")
        writers = {line.planned_by for line in planned} | {line.written_by for line in told}
        people = names_of(session, writers | {line.ended_by for line in planned if line.ended_by})
    return page("plans", now=now, planned=planned, told=told, weeks=weeks, people=people, is_closed=default is not None)


@blueprint.post("/plans/outages")
@allow(Role.NETWORK_ADMIN)
def plan() -> ResponseReturnValue:
    """Plan an outage and announce it."""
    context = web_context()
    try:
        new = NewOutage(
            window_id=context.ids.new(),
            scope=_scope(context.catalogue.regions),
            starts_at=_moment("starts_at", PlanRule.ORDER),
            ends_at=_moment("ends_at", PlanRule.ORDER),
            text=request.form.get("text", ""),
            by=current_actor().person_id,
        )
        with context.database.session() as session:
            count = plan_outage(session, context.clock.now(), new)
        flash(gettext("Direncanakan dan diumumkan kepada %(count)s simpul.", count=count), "success")
    except PlanError as error:
        flash(gettext(labels.PLAN_RULES[error.rule]), "warning")
    return redirect(url_for("network.plans"), 303)


@blueprint.post("/plans/outages/<window_id>/end")
@allow(Role.NETWORK_ADMIN)
def end_plan(window_id: str) -> ResponseReturnValue:
    """Call an outage off, or close it before its time."""
    context = web_context()
    try:
        with context.database.session() as session:
            count = end_outage(session, context.clock.now(), window_id, current_actor().person_id)
        flash(gettext("Diakhiri; %(count)s simpul diberi tahu.", count=count), "success")
    except PlanError as error:
        flash(gettext(labels.PLAN_RULES[error.rule]), "warning")
    return redirect(url_for("network.plans"), 303)


@blueprint.post("/plans/broadcasts")
@allow(Role.NETWORK_ADMIN)
def send_broadcast() -> ResponseReturnValue:
    """Send a text to the offices of a scope."""
    context = web_context()
    try:
        words = Words(
            broadcast_id=context.ids.new(),
            scope=_scope(context.catalogue.regions),
            text=request.form.get("text", ""),
            until=_moment("until", PlanRule.ORDER),
            by=current_actor().person_id,
        )
        with context.database.session() as session:
            count = broadcast(session, context.clock.now(), words)
        flash(gettext("Dikirim kepada %(count)s simpul.", count=count), "success")
    except AskingError as error:
        flash(gettext(labels.ASKING_RULES[error.rule]), "warning")
    except PlanError as error:
        rule = labels.PLAN_RULES[error.rule] if error.rule is PlanRule.SCOPE else labels.ASKING_RULES[AskingRule.UNTIL]
        flash(gettext(rule), "warning")
    return redirect(url_for("network.plans"), 303)


@blueprint.post("/plans/hours")
@allow(Role.NETWORK_ADMIN)
def set_hours() -> ResponseReturnValue:
    """Set in which hours a village office is expected; all days empty: the calendar's hours again."""
    context = web_context()
    try:
        village = VillageCode(_scope(context.catalogue.regions))
        spans = [_span(day) for day in range(DAYS)]
        week = Week.parse("|".join(spans)) if any(spans) else None
        with context.database.session() as session:
            set_week(session, context.clock.now(), village, week, current_actor().person_id)
        flash(gettext("Jam kantor disimpan."), "success")
    except SchemaError:
        flash(gettext(labels.PLAN_RULES[PlanRule.SCOPE]), "warning")
    except (PlanError, WeekError):
        flash(gettext(labels.PLAN_RULES[PlanRule.WEEK]), "warning")
    return redirect(url_for("network.plans", _anchor="hours"), 303)


def _span(day: int) -> str:
    opens, closes = (request.form.get(f"{name}_{day}", "").strip() for name in ("opens", "closes"))
    return f"{opens}-{closes}" if opens or closes else ""


def _scope(regions: Regions) -> str:
    """Return the scope of the form: a subdistrict or village of the regency, or empty for all.

    Raises:
        PlanError: no region of the regency.
    """
    text = request.form.get("scope", "")
    if not text:
        return ""
    try:
        found = regions.by_code.get(RegionCode(text))
    except SchemaError:
        found = None
    if found is None or not (found.is_village or found in regions.subdistricts):
        raise PlanError(PlanRule.SCOPE)
    return str(found.code)


def _moment(name: str, rule: PlanRule) -> datetime:
    """Return a moment of the form, which is typed in WIB.

    Raises:
        PlanError: no moment.
    """
    try:
        typed = datetime.strptime(request.form.get(name, ""), "%Y-%m-%dT%H:%M")  # noqa: DTZ007  # the zone comes next
    except ValueError:
        raise PlanError(rule) from None
    return typed.replace(tzinfo=WIB).astimezone(UTC)
