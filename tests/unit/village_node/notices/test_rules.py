"""What happens with a request of the hub: the office's setting first, never after its time, nothing ignored."""

from datetime import UTC, datetime, timedelta

import pytest

from village_node.notices.rules import Policy, Step, next_step

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("policy", "is_agreed", "expected"),
    [
        (Policy.ASK, False, Step.WAIT),
        (Policy.ASK, True, Step.DO),
        (Policy.ALLOW, False, Step.DO),
        (Policy.REFUSE, False, Step.REFUSE),
        (Policy.REFUSE, True, Step.REFUSE),
    ],
)
def test_the_setting_comes_first(policy: Policy, is_agreed: bool, expected: Step) -> None:
    step = next_step("self_test", expires_at=NOW + timedelta(days=1), now=NOW, policy=policy, is_agreed=is_agreed)
    assert step is expected


@pytest.mark.parametrize("policy", Policy)
def test_nothing_is_begun_after_its_time(policy: Policy) -> None:
    assert next_step("resync", expires_at=NOW, now=NOW, policy=policy, is_agreed=True) is Step.EXPIRE


def test_an_action_of_a_newer_hub_is_answered() -> None:
    step = next_step("dance", expires_at=NOW + timedelta(days=1), now=NOW, policy=Policy.ALLOW, is_agreed=True)
    assert step is Step.UNKNOWN
