"""What offices ask about a case: told to intake by casework, which stands above it, through a function handed in."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What an office asks about a case now."""

    fields: frozenset[str]
    requirements: frozenset[str]


AskedFor = Callable[[Session, bytes], Question | None]
"""Returns what is asked about the case that began with a bundle; None when nothing is."""
