"""A node's page: presence now, heartbeat bars and figures of a window, what is missing, what was asked of it."""

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.queries import names_of
from hub.accounts.rules import Role
from hub.authority import labels as words
from hub.authority.eviction import find_cut
from hub.calendar.service import current_calendar
from hub.health.alarm_queries import AlarmFilter, list_alarms
from hub.health.planned import excuses
from hub.health.series import read_series
from hub.network import figures, labels, queries
from hub.network.drawing import heartbeat_bars
from hub.network.requests import AskingError, answer_body, ask_node, requests_of
from hub.network.shell_views import READERS, blueprint, node_id_of, page
from hub.registry.queries import officer_lines
from protocol.requests import RequestAction


@blueprint.get("/<node>")
@allow(*READERS)
def node_page(node: str) -> ResponseReturnValue:
    """Show one node; the window of its figures stands in the address."""
    context, name = web_context(), node_id_of(node)
    now = context.clock.now()
    period = figures.read_period(request.args, now)
    with context.database.reading() as session:
        card = queries.node_card(session, now, name, excuses(session, now, current_calendar(session))) or abort(404)
        series = read_series(session, name, period.since, period.until, now)
        asked = requests_of(session, name)
        details = {
            "officers": officer_lines(session, name),
            "cut_at": find_cut(session, name),
            "newest": queries.newest_bundle(session, name),
            "troubles": queries.troubles(session, now, name),
            "alarms": list_alarms(session, AlarmFilter(node=str(name))),
            "people": names_of(session, {line.asked_by for line in asked}),
        }
    bars = figures.bars_of(series, period, card.record.enrolled_at, now)
    heard = sum(bar.kind == "live" for bar in bars)
    known = sum(bar.kind != "none" for bar in bars)
    told = gettext("Detak: %(heard)s dari %(known)s bagian waktu penuh", heard=heard, known=known)
    return page(
        "node",
        now=now,
        card=card,
        words=words,
        period=period,
        lengths=labels.WINDOWS,
        bars=bars,
        bars_told=told,
        bars_picture=heartbeat_bars(bars, told),
        drawn=Markup,  # drawing rule 4
        lines=figures.lines_of(series, period, gettext),
        drift=series.drift_ms_per_day,
        asked=asked,
        **details,
    )


@blueprint.post("/<node>/requests")
@allow(Role.NETWORK_ADMIN)
def ask(node: str) -> ResponseReturnValue:
    """Ask a node for something that its office may refuse."""
    context, name = web_context(), node_id_of(node)
    try:
        action = RequestAction(request.form.get("action", ""))
    except ValueError:
        abort(422)
    try:
        with context.database.session() as session:
            ask_node(session, context.clock.now(), context.ids.new(), name, action, current_actor().person_id)
        flash(gettext("Permintaan dikirim. Kantor desa boleh menolaknya."), "success")
    except AskingError as error:
        flash(gettext(labels.ASKING_RULES[error.rule]), "warning")
    return redirect(url_for("network.node_page", node=name, _anchor="requests"), 303)


@blueprint.get("/<node>/requests/<request_id>")
@allow(Role.NETWORK_ADMIN)
def answer(node: str, request_id: str) -> ResponseReturnValue:
    """Hand out what a node brought: to be saved, never drawn; it is foreign."""
    context = web_context()
    with context.database.reading() as session:
        body = answer_body(session, node_id_of(node), request_id)
    if body is None:
        abort(404)
    headers = {"Content-Disposition": f"attachment; filename={node}-{request_id}.txt"}
    return Response(body, mimetype="application/octet-stream", headers=headers)
