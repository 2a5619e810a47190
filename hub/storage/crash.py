"""Named places at which a test ends the process: before and after everything that must not be torn.

In production a place is one look at an empty list. No setting, variable or command can fill it: only code can, and
``tests/architecture/test_crash_points.py`` keeps it out of every program.
"""

from collections.abc import Callable

HOOKS: list[Callable[[str], None]] = []
"""What is told the name of each place that is passed. Empty outside of tests."""


def point(name: str) -> None:
    """Pass a place; nothing happens unless a test listens."""
    for hook in HOOKS:
        hook(name)
