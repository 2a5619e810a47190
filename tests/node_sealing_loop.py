"""A process that seals without end and says each counter after its commit; killed by a test."""

import sys
from pathlib import Path

from protocol.ids import OfficerId
from tests.hub_stand_in import HubStandIn
from tests.node_stand import NodeStand, a_command, a_file
from village_node.identity.hub import find_enrolled
from village_node.identity.officers import list_officers
from village_node.outbox.service import sweep_orphans
from village_node.store.ports import SystemRandomness


def main(directory: Path) -> None:
    """Open the folder as a restart would, then seal until killed."""
    stand = NodeStand(directory)
    stand.randomness = SystemRandomness()  # type: ignore[assignment]  # a restarted PC does not repeat its bytes
    with stand.database.reading() as session:
        is_new = find_enrolled(session) is None
    officer: OfficerId
    if is_new:
        officer = stand.add_officer()
        stand.enrol(HubStandIn(1), numbers=9_000)
    with stand.database.session() as session:
        sweep_orphans(session, stand.files)
        officer = list_officers(session)[0].officer
    unlocked = stand.unlock(officer)
    print("ready", flush=True)
    while True:
        item = stand.seal(unlocked, a_command(a_file(b"\xff\xd8" + bytes(150_000))))
        print(item.counter, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
