"""The blueprint of the network's pages, and what all of them share: who reads, how they render."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, g, render_template
from flask_babel import format_timedelta

from hub.accounts.access import current_actor, web_context
from hub.accounts.rules import Actor, Role, reads_network
from hub.network import labels
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


def page(name: str, **values: Any) -> str:  # noqa: ANN401  # whatever the template shows
    """Render a page of this room."""
    context = web_context()
    can_decide = current_actor().role is Role.NETWORK_ADMIN
    return render_template(
        f"network/{name}.html", labels=labels, regions=context.catalogue.regions, can_decide=can_decide, **values
    )


def node_id_of(text: str) -> NodeId:
    """Return a node's name out of an address; what is none does not exist."""
    try:
        return NodeId(text)
    except SchemaError:
        abort(404)
