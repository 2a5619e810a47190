"""Everything that the hub may say about a case has words here."""

import pytest

from hub.casework.rules import LOOKS, EventKind, StageOutcome
from hub.clocks.clock import PauseReason
from protocol.permit import RevocationCode
from protocol.receipt import Outcome, ReceiptKind
from village_node.cases.genuine import Verdict
from village_node.cases.timeline import QUIET
from village_node.web.chain import OPINIONS, PAUSES, WORDS
from village_node.web.decisions import OUTCOMES, STEPS
from village_node.web.verdicts import KINDS, REVOCATIONS, VERDICTS


def test_every_event_of_a_case_has_words_or_is_no_step() -> None:
    events = {str(kind) for kind in EventKind if kind not in LOOKS} | {str(kind) for kind in ReceiptKind}
    assert events - set(WORDS) - QUIET == set()


def test_every_pause_and_every_opinion_has_words() -> None:
    assert {str(reason) for reason in PauseReason} - set(PAUSES) == set()
    assert {str(each) for each in (StageOutcome.YES, StageOutcome.NO, StageOutcome.CONDITIONS)} - set(OPINIONS) == set()


def test_every_outcome_verdict_and_reason_has_words() -> None:
    assert set(OUTCOMES) == set(STEPS) == set(Outcome)
    assert set(VERDICTS) == set(KINDS) == set(Verdict)
    assert set(REVOCATIONS) == set(RevocationCode)


@pytest.mark.parametrize("kind", ReceiptKind)
def test_the_step_of_a_correction_has_words_where_the_node_shows_it(kind: ReceiptKind) -> None:
    shown = {ReceiptKind.ARRIVED, ReceiptKind.WHOLE, ReceiptKind.REJECTED}
    assert (f"correction_{kind}" in WORDS) is (kind in shown)
