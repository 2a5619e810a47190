"""The wall of villages and a node's page."""

from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta

from hub.accounts.access import allow, current_actor, web_context
from hub.accounts.rules import Actor, Role, reads_network
from hub.authority import labels as words
from hub.authority.queries import waiting_enrolments
from hub.network import labels, queries
from hub.registry.queries import officer_lines, waiting_officers
from protocol.errors import SchemaError
from protocol.ids import NodeId

blueprint = Blueprint("network", __name__, url_prefix="/network", template_folder="templates")

CENTURY_S = 100 * 365 * 86_400
READERS = (Role.NETWORK_ADMIN, Role.INSPECTORATE, Role.HEAD)


@blueprint.before_request
def check_reader() -> None:
    """Keep heads out whose task the network is not; a role alone does not say that."""
    actor = g.get("actor")
    if isinstance(actor, Actor) and actor.role is Role.HEAD and not reads_network(actor):
        abort(403)


@blueprint.app_template_filter("seconds")
def readable_seconds(count: float) -> str:
    """Return a duration as people read it: ``3 jam``. A node may report any number; beyond a century it is cut."""
    return str(format_timedelta(timedelta(seconds=min(count, CENTURY_S))))


@blueprint.get("")
@allow(*READERS)
def wall() -> ResponseReturnValue:
    """Show all villages; ``?only=unwell`` those that are not well."""
    context, now = web_context(), web_context().clock.now()
    only_unwell = request.args.get("only") == "unwell"
    with context.database.reading() as session:
        cards = queries.fleet(session, now)
        waiting = (waiting_enrolments(session), waiting_officers(session))
    sections = queries.wall(cards, context.catalogue.regions, only_unwell=only_unwell)
    in_service = [card for card in cards if card.record.is_active]
    return _page(
        "wall",
        now=now,
        sections=sections,
        only_unwell=only_unwell,
        counts=Counter(card.state for card in in_service),
        unwell=[card for card in in_service if card.ailments],
        waiting=waiting,
    )


@blueprint.get("/<node>")
@allow(*READERS)
def node_page(node: str) -> ResponseReturnValue:
    """Show one node."""
    context, now = web_context(), web_context().clock.now()
    with context.database.reading() as session:
        card = queries.node_card(session, now, _node_id(node)) or abort(404)
        details = {
            "officers": officer_lines(session, card.record.node_id),
            "newest": queries.newest_bundle(session, card.record.node_id),
            "troubles": queries.troubles(session, now, card.record.node_id),
        }
    return _page("node", now=now, card=card, words=words, **details)


def _page(name: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template shows
    context = web_context()
    can_decide = current_actor().role is Role.NETWORK_ADMIN
    return render_template(
        f"network/{name}.html", labels=labels, regions=context.catalogue.regions, can_decide=can_decide, **values
    )


def _node_id(text: str) -> NodeId:
    try:
        return NodeId(text)
    except SchemaError:
        abort(404)
