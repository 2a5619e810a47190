"""How the demo shows what it does: bars on a terminal where ``rich`` is installed, plain lines everywhere else."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

LINE_EVERY_S = 5.0


class Bar(Protocol):
    """One thing that takes a while."""

    def set(self, done: int) -> None:
        """Show how much is done."""


class Stage(Protocol):
    """Several bars at once."""

    def bar(self, name: str, total: int) -> Bar:
        """Add a bar."""


class _PlainBar:
    """A line now and then."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._said_at, self._said = time.monotonic(), -1

    def set(self, done: int) -> None:
        """Say it at the end, and every few seconds before."""
        now = time.monotonic()
        if done != self._said and (done == self._total or now - self._said_at > LINE_EVERY_S):
            self._said_at, self._said = now, done
            say(f"  {self._name}: {done}/{self._total}")


class _PlainStage:
    def bar(self, name: str, total: int) -> Bar:
        """Add a bar."""
        return _PlainBar(name, total)


@contextmanager
def stage() -> Iterator[Stage]:
    """Show bars for as long as the block lasts."""
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    except ImportError:
        yield _PlainStage()
        return
    if not sys.stdout.isatty():
        yield _PlainStage()
        return
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as shown:

        class RichBar:
            """A bar of rich."""

            def __init__(self, name: str, total: int) -> None:
                self._task = shown.add_task(name, total=total)

            def set(self, done: int) -> None:
                """Move the bar."""
                shown.update(self._task, completed=done)

        class RichStage:
            """Bars of rich."""

            def bar(self, name: str, total: int) -> Bar:
                """Add a bar."""
                return RichBar(name, total)

        yield RichStage()


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def watch(bars: Sequence[tuple[Bar, Callable[[], int], int]], within_s: float) -> bool:
    """Move bars until each has reached its total; return False when that took too long."""
    deadline = time.monotonic() + within_s
    while True:
        counts = [count() for _, count, _ in bars]
        for (bar, _, total), done in zip(bars, counts, strict=True):
            bar.set(min(done, total))
        if all(done >= total for (_, _, total), done in zip(bars, counts, strict=True)):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)


class Counter:
    """A number that several threads raise."""

    def __init__(self) -> None:
        """Start at zero."""
        self._lock = threading.Lock()
        self.value = 0

    def add(self) -> None:
        """Raise it by one."""
        with self._lock:
            self.value += 1
