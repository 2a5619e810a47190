"""``python -m village_node``: the same as ``simpul-node``."""

from village_node.cli import main

main()
