"""When a code may be used, and by whom a request may be approved."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.authority.rules import ApprovalRule, CodeState, Verdict, blocked_for, may_approve, may_knock, may_request
from hub.registry.rules import NodeStatus

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "expires_at", "is_same", "verdict"),
    [
        (CodeState.OPEN, LATER, False, Verdict.PENDING),
        (CodeState.OPEN, NOW, False, Verdict.EXPIRED),
        (CodeState.REQUESTED, NOW, True, Verdict.PENDING),
        (CodeState.REQUESTED, LATER, False, Verdict.USED),
        (CodeState.APPROVED, LATER, True, Verdict.PENDING),
        (CodeState.APPROVED, LATER, False, Verdict.USED),
        (CodeState.ISSUED, LATER, False, Verdict.USED),
        (CodeState.CLOSED, LATER, True, Verdict.USED),
        (CodeState.REFUSED, LATER, True, Verdict.REFUSED),
    ],
)
def test_a_code_is_used_once(state: CodeState, expires_at: datetime, is_same: bool, verdict: Verdict) -> None:
    assert may_request(state, expires_at=expires_at, now=NOW, is_same=is_same) is verdict


@pytest.mark.parametrize(
    ("state", "approved_by", "rule"),
    [
        (CodeState.REQUESTED, "dewi", None),
        (CodeState.REQUESTED, "budi", ApprovalRule.SAME_PERSON),
        (CodeState.OPEN, "dewi", ApprovalRule.NOT_REQUESTED),
        (CodeState.APPROVED, "dewi", ApprovalRule.NOT_REQUESTED),
        (None, "dewi", ApprovalRule.CODE_UNKNOWN),
    ],
)
def test_two_persons_let_a_node_in(state: CodeState | None, approved_by: str, rule: ApprovalRule | None) -> None:
    assert may_approve(state, invited_by="budi", approved_by=approved_by) is rule


@pytest.mark.parametrize(("failures", "minutes"), [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (11, 60), (5_000, 60)])
def test_wrong_codes_block_longer_and_longer(failures: int, minutes: int) -> None:
    assert blocked_for(failures) == timedelta(minutes=minutes)


def test_c07_a_hundred_thousand_guesses_take_years() -> None:
    """And a guess is right with 2^-80."""
    waits = sum((blocked_for(failures) for failures in range(1, 100_001)), timedelta(0))
    assert waits > timedelta(days=10 * 365)


ISSUED, ENDS = NOW, NOW + timedelta(days=90)


@pytest.mark.parametrize(
    ("status", "days", "is_waiting", "verdict"),
    [
        (NodeStatus.ACTIVE, 59, False, Verdict.NOT_DUE),
        (NodeStatus.ACTIVE, 60, False, Verdict.PENDING),
        (NodeStatus.ACTIVE, 100, False, Verdict.PENDING),
        (NodeStatus.ACTIVE, 120, False, Verdict.PENDING),
        (NodeStatus.ACTIVE, 121, False, Verdict.TOO_LATE),
        (NodeStatus.ACTIVE, 30, True, Verdict.PENDING),
        (NodeStatus.SUSPENDED, 100, True, Verdict.NODE_SUSPENDED),
        (NodeStatus.REVOKED, 100, False, Verdict.NODE_REVOKED),
    ],
)
def test_who_gets_a_certificate_at_the_door(
    status: NodeStatus, days: int, *, is_waiting: bool, verdict: Verdict
) -> None:
    now, grace = ISSUED + timedelta(days=days), timedelta(days=30)
    assert may_knock(status, ISSUED, ENDS, now=now, grace=grace, is_waiting=is_waiting) is verdict
