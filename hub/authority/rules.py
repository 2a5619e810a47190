"""Decisions about one-time codes and who may let a node in. Values in, values out.

Rules:
1. A code is for one village, one request and one day; who makes it never approves what came with it.
2. Whatever is wrong with a request's proof gets one answer, so that nothing about codes can be probed.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from hub.registry.rules import NodeStatus

CODE_LIFE = timedelta(hours=24)
"""How long a code may be used: the village office is called, and types it, within a day."""

ANSWER_KEPT_AFTER_FETCH = timedelta(hours=1)
"""A node whose power fails while it stores the answer asks again within this time."""

FREE_FAILURES = 5
LONGEST_BLOCK = timedelta(hours=1)


class CodeState(StrEnum):
    """The life of a one-time code."""

    OPEN = "open"
    REQUESTED = "requested"  # a node used it; a second person compares the fingerprint
    APPROVED = "approved"  # the node has its name; certificate and answer are made by the process with the keys
    ISSUED = "issued"  # the answer waits to be fetched, or was fetched within the last hour
    REFUSED = "refused"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What the hub says to a node about its request or its poll. Stable codes, in the HTTP answers."""

    PENDING = "pending"
    UNKNOWN = "enrolment"  # no such code, or not made with it: one answer for both, so that nothing can be probed
    EXPIRED = "enrolment_expired"
    USED = "enrolment_used"
    REFUSED = "enrolment_refused"
    BLOCKED = "enrolment_blocked"
    KEY_TAKEN = "key_taken"
    NOT_DUE = "renewal_not_due"
    TOO_LATE = "renewal_too_late"
    NODE_SUSPENDED = "node_suspended"
    NODE_REVOKED = "node_revoked"
    CSR_TOO_LARGE = "csr_too_large"
    CSR_MALFORMED = "csr_malformed"
    CSR_KEY_TYPE = "csr_key_type"
    CSR_NO_PROOF = "csr_no_proof"


def blocked_for(failures: int) -> timedelta:
    """Return for how long a code is blocked after this many wrong MACs: a minute after the fifth, then doubling.

    80 bits cannot be guessed anyway; the block keeps a broken or hostile client from filling logs.
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(failures - FREE_FAILURES, 10)), LONGEST_BLOCK)


def may_request(state: CodeState, *, expires_at: datetime, now: datetime, is_same: bool) -> Verdict:
    """Say whether an authentic request is taken: once per code; the same bytes again get the same answer."""
    if state is CodeState.OPEN:
        return Verdict.PENDING if now < expires_at else Verdict.EXPIRED
    if state is CodeState.REFUSED:
        return Verdict.REFUSED
    return Verdict.PENDING if is_same and state is not CodeState.CLOSED else Verdict.USED


class ApprovalRule(StrEnum):
    """Why an approval or a refusal by a person does not go through."""

    SAME_PERSON = "same_person"
    CODE_UNKNOWN = "code_unknown"
    NOT_REQUESTED = "not_requested"
    VILLAGE_UNKNOWN = "village_unknown"


def may_approve(state: CodeState | None, *, invited_by: str, approved_by: str) -> ApprovalRule | None:
    """Return the rule that forbids this approval, if one does (two persons: who makes a code never approves it)."""
    if state is None:
        return ApprovalRule.CODE_UNKNOWN
    if state is not CodeState.REQUESTED:
        return ApprovalRule.NOT_REQUESTED
    return ApprovalRule.SAME_PERSON if invited_by == approved_by else None


# --- renewal ---------------------------------------------------------------------------------------------------------


def is_renewal_due(issued_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Say whether two thirds of a certificate's life are over."""
    return now >= issued_at + (expires_at - issued_at) * 2 / 3


def may_knock(
    status: NodeStatus,
    issued_at: datetime,
    expires_at: datetime,
    *,
    now: datetime,
    grace: timedelta,
    is_waiting: bool,
) -> Verdict:
    """Say what a node gets that asks at the door, by its newest certificate; ``is_waiting``: it asked before."""
    if status is not NodeStatus.ACTIVE:
        return Verdict.NODE_REVOKED if status is NodeStatus.REVOKED else Verdict.NODE_SUSPENDED
    if is_waiting:
        return Verdict.PENDING
    if now > expires_at + grace:
        return Verdict.TOO_LATE
    return Verdict.PENDING if is_renewal_due(issued_at, expires_at, now) else Verdict.NOT_DUE
