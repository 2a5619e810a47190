"""``simpul-hub node list``: the fleet at the console of the hub."""

import typer

from hub.calendar.service import current_calendar
from hub.health.planned import excuses
from hub.network.wall import wall_nodes
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.ports import SystemClock


def list_all() -> None:
    """List all nodes: name, state, last heard, accepted of sealed bundles, gaps, what is not well."""
    settings = Settings.load()
    now = SystemClock(settings.demo_clock).now()
    with Database(settings.url).reading() as session:
        nodes = wall_nodes(session, now, excuses(session, now, current_calendar(session)), with_revoked=True)
    for node in nodes:
        seen = node.seen_at.isoformat(timespec="seconds") if node.seen_at else "-"
        gaps = ",".join(map(str, node.gaps)) or "-"
        ills = ",".join(node.ailments) or "-"
        typer.echo(f"{node.node_id}\t{node.state}\t{seen}\t{node.accepted}/{node.last_counter}\t{gaps}\t{ills}")
