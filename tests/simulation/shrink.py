"""Makes a failing run short: leaves out events as long as the same promise is broken."""

from collections.abc import Callable, Sequence

from tests.simulation.world import Event

Breaks = Callable[[Sequence[Event]], str | None]
"""Returns the promise that these events break, if any."""


def shrink(events: Sequence[Event], breaks: Breaks, most_runs: int = 400) -> list[Event]:
    """Return a part of the events that breaks the same promise; smaller steps follow larger ones (ddmin)."""
    promise, kept = breaks(events), list(events)
    size, runs = max(1, len(kept) // 2), 0
    while promise is not None and runs < most_runs:
        start, is_shorter = 0, False
        while start < len(kept) and runs < most_runs:
            shorter = kept[:start] + kept[start + size :]
            runs += 1
            if breaks(shorter) == promise:
                kept, is_shorter = shorter, True
            else:
                start += size
        if size == 1 and not is_shorter:
            break
        size = max(1, size // 2)
    return kept
