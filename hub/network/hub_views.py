"""The hub's own status page, and what programs ask: readiness and metrics."""

import hmac
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from hub.accounts.access import allow, machine, web_context
from hub.calendar.service import current_calendar
from hub.health.planned import excuses
from hub.network.hub_status import read_status
from hub.network.metrics import CONTENT_TYPE, fleet_metrics, hub_metrics, render
from hub.network.shell_views import READERS, blueprint, page
from hub.network.wall import wall_nodes
from hub.storage.errors import StorageError
from hub.storage.files import read_private

machine_blueprint = Blueprint("metrics", __name__)


@blueprint.get("/hub")
@allow(*READERS)
def hub_status() -> ResponseReturnValue:
    """Show how the hub itself is."""
    context = web_context()
    with context.database.reading() as session:
        status = read_status(session, context.clock.now(), context.settings.data_dir)
    return page("hub_status", status=status, settings=context.settings)


@machine_blueprint.get("/readyz")
@machine
def ready() -> ResponseReturnValue:
    """Say whether the hub as a whole works: this process, its database and the worker; nothing else is told."""
    context = web_context()
    try:
        with context.database.reading() as session:
            status = read_status(session, context.clock.now(), context.settings.data_dir)
    except StorageError:
        return jsonify(ok=False, database=False, worker=False), 503
    return jsonify(ok=status.works, database=True, worker=status.works), 200 if status.works else 503


@machine_blueprint.get("/metrics")
@machine
def metrics() -> ResponseReturnValue:
    """Hand the figures to a Prometheus that knows the token; without a token in the settings there are none."""
    context = web_context()
    if not _is_prometheus(context.settings.metrics_token_file):
        abort(404)
    now = context.clock.now()
    with context.database.reading() as session:
        status = read_status(session, now, context.settings.data_dir)
        nodes = wall_nodes(session, now, excuses(session, now, current_calendar(session)))
    return Response(render([*hub_metrics(status), *fleet_metrics(nodes, now)]), content_type=CONTENT_TYPE)


def _is_prometheus(token_file: str) -> bool:
    if not token_file:
        return False
    try:
        token = read_private(Path(token_file)).strip()
    except StorageError:
        return False
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode(errors="replace")
    return bool(token) and hmac.compare_digest(given, token)
