"""Starts the program that stays (``app.main``), without what only a terminal would need.

structlog loads rich, with pygments and others (5 MB), to colour logs; this program writes JSON to a service manager.
A missing rich is a case that structlog knows.
"""

import sys

sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say: not there

from village_node.app import main  # noqa: E402  # after the line above

if __name__ == "__main__":
    main()
