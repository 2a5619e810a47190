"""A stage without days of its own says whom it waits for, never "the same day" where nobody can promise that."""

import pytest

from protocol.catalogue import StageAction, StageRole
from tests.node_stand import a_service, a_stage
from tests.unit.village_node.web.conftest import Speak, bare, speak
from village_node.web.drawing import stage_rows

__all__ = ["bare", "speak"]


@pytest.mark.parametrize(
    ("action", "days", "words"),
    [
        (StageAction.COMPLETENESS, 0, "hari itu juga"),
        (StageAction.PAYMENT, 0, "menunggu pemohon"),
        (StageAction.HANDOVER, 0, "menunggu pemohon"),
        (StageAction.TRACKING, 0, "menurut sistem nasional"),
        (StageAction.HANDOVER, 1, "1 hari kerja"),
    ],
)
def test_each_stage_says_how_long(speak: Speak, action: StageAction, days: int, words: str) -> None:
    stage = a_stage("one", action, StageRole.HEAD, days=days)
    with speak("id"):
        assert [row["days"] for row in stage_rows(a_service(stages=(stage,)))] == [words]
