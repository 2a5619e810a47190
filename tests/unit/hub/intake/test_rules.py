"""The decision about a verified bundle, from facts alone."""

from dataclasses import replace
from random import Random

import pytest

from hub.intake.rules import BundleFacts, CorrectionCheck, Decision, FormCheck, OfficerState, Outcome, decide
from loadtests.village import Village
from protocol.bundle import Manifest
from protocol.checkpoint import CheckpointRef
from protocol.enrolment import HubKeys
from protocol.ids import HubId, NodeId, OfficerId
from protocol.mailbox import NumberLease
from tests.hostile import SERVICE

GOOD = BundleFacts(
    is_known=False,
    node_is_active=True,
    officer=OfficerState.ACTIVE,
    counter_is_used=False,
    number_is_leased=True,
    number_is_used=False,
    form=FormCheck.FITS,
    correction=None,
    previous=None,
    named_root=None,
)


def a_manifest(counter: int = 1, checkpoint: CheckpointRef | None = None) -> Manifest:
    village = Village(
        node=NodeId("3314012001-01"),
        hub=HubKeys(
            hub=HubId("3314"), log="x", message_key=b"m" * 32, sealing_key=b"\x09" + b"\0" * 31, permit_key=b"p" * 32
        ),
        officer=OfficerId("o-0123456789ABCDEF"),
        numbers=[NumberLease(year=2026, first=1, last=100)],
        random=Random(1),
        checkpoint=checkpoint,
        counter=counter - 1,
        previous=None if counter == 1 else b"p" * 32,
    )
    return village.seal_application(SERVICE).manifest


def test_a_good_bundle_is_accepted() -> None:
    assert decide(a_manifest(), GOOD) == Decision(outcome=Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("facts", "code", "keeps"),
    [
        (replace(GOOD, officer=OfficerState.UNKNOWN), "officer_unknown", True),
        (replace(GOOD, officer=OfficerState.REVOKED), "officer_revoked", True),
        (replace(GOOD, counter_is_used=True), "counter_conflict", True),
        (replace(GOOD, number_is_leased=False), "number_not_leased", True),
        (replace(GOOD, number_is_used=True), "number_used", True),
        (replace(GOOD, correction=CorrectionCheck.UNKNOWN), "correction_unknown", True),
        (replace(GOOD, correction=CorrectionCheck.NUMBER), "number_used", True),
        (replace(GOOD, correction=CorrectionCheck.CLOSED), "correction_closed", True),
        (replace(GOOD, correction=CorrectionCheck.NOT_ASKED), "correction_not_asked", False),
        (replace(GOOD, correction=CorrectionCheck.CLOSED, counter_is_used=True), "counter_conflict", True),
        (replace(GOOD, form=FormCheck.SERVICE_UNKNOWN), "service_unknown", False),
        (replace(GOOD, form=FormCheck.ANSWERS_INVALID), "answers_invalid", False),
        (replace(GOOD, form=FormCheck.ATTACHMENTS_INVALID), "attachments_invalid", False),
    ],
)
def test_each_broken_rule_has_its_code(facts: BundleFacts, code: str, keeps: bool) -> None:
    expected = Decision(outcome=Outcome.REJECTED, code=code, keeps_evidence=keeps)
    assert decide(a_manifest(), facts) == expected


def test_a_correction_bears_a_number_that_is_used_and_was_perhaps_leased_to_another_pc() -> None:
    facts = replace(GOOD, correction=CorrectionCheck.FITS, number_is_used=True, number_is_leased=False)
    assert decide(a_manifest(), facts) == Decision(outcome=Outcome.ACCEPTED)


def test_what_is_known_is_a_duplicate_whatever_else_is_wrong() -> None:
    facts = replace(GOOD, is_known=True, counter_is_used=True, node_is_active=False)
    assert decide(a_manifest(), facts).outcome is Outcome.DUPLICATE


def test_late_work_of_a_revoked_node_is_put_aside_not_lost() -> None:
    decision = decide(a_manifest(), replace(GOOD, node_is_active=False, counter_is_used=True))
    assert (decision.outcome, decision.code, decision.keeps_evidence) == (Outcome.QUARANTINED, "node_revoked", True)


def test_a_link_to_another_bundle_than_the_hub_has_is_flagged() -> None:
    decision = decide(a_manifest(counter=2), replace(GOOD, previous=b"q" * 32))
    assert (decision.outcome, decision.flags) == (Outcome.ACCEPTED, ("link_broken",))


def test_a_bundle_that_overtook_its_predecessor_is_not_flagged() -> None:
    assert decide(a_manifest(counter=2), GOOD).flags == ()


def test_a_checkpoint_of_another_history_is_flagged() -> None:
    named = CheckpointRef(size=5, root=b"r" * 32)
    assert decide(a_manifest(checkpoint=named), replace(GOOD, named_root=b"s" * 32)).flags == ("checkpoint_unknown",)
