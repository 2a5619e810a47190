"""``simpul-hub node list``: the fleet at the console of the hub."""

import typer

from hub.network import queries
from hub.settings import Settings
from hub.storage.engine import Database
from hub.storage.ports import SystemClock


def list_all() -> None:
    """List all nodes: name, state, last heard, accepted of sealed bundles, gaps, what is not well."""
    settings = Settings.load()
    with Database(settings.url).reading() as session:
        cards = queries.fleet(session, SystemClock(settings.demo_clock).now())
    for card in cards:
        seen = card.seen_at.isoformat(timespec="seconds") if card.seen_at else "-"
        gaps = ",".join(map(str, card.gaps)) or "-"
        ills = ",".join(card.ailments) or "-"
        typer.echo(f"{card.record.node_id}\t{card.state}\t{seen}\t{card.accepted}/{card.last_counter}\t{gaps}\t{ills}")
