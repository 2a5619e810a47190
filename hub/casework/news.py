"""What the village is told, and the function that tells it: handed in by the wiring, since dispatch stands above."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from hub.accounts.rules import Actor
from hub.casework.tables import Case
from protocol.notices import CaseNews, CorrectionAsked, Decision

Tidings: TypeAlias = CaseNews | CorrectionAsked | Decision

Notify: TypeAlias = Callable[[Session, datetime, Tidings], None]
"""Writes a notice to the village of a case, in the transaction of the move; the worker sends it later."""

Effect: TypeAlias = Callable[[Session, datetime, Actor, Case, bytes], None]
"""Carries out in a higher room what two persons agreed to; gets the payload of the proposal."""
