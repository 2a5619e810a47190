"""What the village is told, and the function that tells it: handed in by the wiring, since dispatch stands above."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.tables import Case
from protocol.notices import CaseNews, CorrectionAsked, Decision

Tidings: TypeAlias = CaseNews | CorrectionAsked | Decision


class Notify(Protocol):
    """Writes a notice to the village of a case, in the transaction of the move."""

    def __call__(self, session: Session, now: datetime, tidings: Tidings) -> None:
        """Write it; the worker sends it later."""
        ...


Effect: TypeAlias = Callable[[Session, datetime, Actor, Case, bytes], None]
"""Carries out in a higher room what two persons agreed to; gets the payload of the proposal."""
