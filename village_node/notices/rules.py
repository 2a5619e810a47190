"""Decisions about the hub's requests. Values in, values out.

Rules:
1. The office's setting comes first: ``refuse`` refuses all, ``allow`` does all, ``ask`` waits for a person.
2. A request is never begun after its time, and one that this program does not know is answered, not ignored.
3. What was refused or failed stays so: the hub has to ask anew.
"""

from datetime import datetime
from enum import StrEnum

from protocol.requests import RequestAction


class Policy(StrEnum):
    """What the office set (``SIMPUL_NODE_REMOTE_REQUESTS``)."""

    ASK = "ask"
    ALLOW = "allow"
    REFUSE = "refuse"


class Step(StrEnum):
    """What happens with a request now."""

    WAIT = "wait"
    DO = "do"
    REFUSE = "refuse"  # by the setting
    EXPIRE = "expire"
    UNKNOWN = "unknown"


KNOWN_ACTIONS = frozenset(each.value for each in RequestAction)


def next_step(action: str, *, expires_at: datetime, now: datetime, policy: Policy, is_agreed: bool) -> Step:
    """Return what happens with a request that is not answered (rules 1 and 2)."""
    if action not in KNOWN_ACTIONS:
        return Step.UNKNOWN
    if now >= expires_at:
        return Step.EXPIRE
    if policy is Policy.REFUSE:
        return Step.REFUSE
    return Step.DO if is_agreed or policy is Policy.ALLOW else Step.WAIT
