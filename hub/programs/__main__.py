"""``python -m hub.programs intake|worker|web``.

structlog loads rich, with pygments and others (6 MB), to colour logs; these programs write JSON to a service manager.
A missing rich is a case that structlog knows.
"""

import sys
from importlib import import_module

PROGRAMS = ("intake", "worker", "web")

sys.modules["rich"] = None  # type: ignore[assignment]  # Python's own way to say: not there

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PROGRAMS:  # noqa: PLR2004  # the program and its name
        sys.exit(f"hub.programs: one of {', '.join(PROGRAMS)}")
    import_module(f"hub.programs.{sys.argv[1]}").main()
