"""The outbox doctor: facts in, a cause out. Every cause of the table is reached, and no case is without words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.village_node.web.conftest import Speak, bare, speak
from village_node.outbox.casebook import latest_next_try
from village_node.outbox.doctor import (
    LINK_CAUSES,
    TURNS,
    Cause,
    Patient,
    Road,
    Stage,
    Whose,
    diagnose,
    diagnose_road,
)
from village_node.web.diagnosis import CAUSES, OUTCOMES, finding_of

__all__ = ["bare", "speak"]

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ROAD = Road(now=NOW, is_connected=True, last_answer_at=NOW, last_beacon_at=NOW)
DOWN = replace(ROAD, is_connected=False)
SILENT = replace(ROAD, reason="hub_silent")
NEW = Patient(stage=Stage.NEVER_SENT)
SENT = Patient(stage=Stage.SENT, attempts=3, last_sent_at=NOW - timedelta(minutes=5))
SOON = replace(SENT, attempts=1, last_sent_at=NOW)
LONG_AGO = NOW - timedelta(hours=1)

CASES = [
    (Patient(stage=Stage.REJECTED, code="answers_invalid"), ROAD, Cause.REJECTED, Whose.OFFICER),
    (Patient(stage=Stage.REJECTED, code="node_revoked"), ROAD, Cause.REJECTED, Whose.ADMINISTRATOR),
    (Patient(stage=Stage.RETURNED, code="data_wrong"), ROAD, Cause.RETURNED, Whose.OFFICER),
    (Patient(stage=Stage.AT_HUB), DOWN, Cause.AT_HUB, Whose.HUB),
    (NEW, replace(ROAD, is_enrolled=False), Cause.NOT_ENROLLED, Whose.ADMINISTRATOR),
    (replace(SENT, is_damaged=True), ROAD, Cause.FILES_DAMAGED, Whose.OFFICER),
    (NEW, replace(ROAD, is_disk_well=False), Cause.DISK, Whose.OFFICER),
    (replace(SOON, refusal="quota"), ROAD, Cause.REFUSED, Whose.PROGRAM),
    (replace(SOON, refusal="officer_unknown"), ROAD, Cause.REFUSED, Whose.ADMINISTRATOR),
    (SENT, ROAD, Cause.SWALLOWED, Whose.ADMINISTRATOR),
    (SENT, SILENT, Cause.UPLINK_DROPPED, Whose.ADMINISTRATOR),
    (SENT, replace(SILENT, last_beacon_at=LONG_AGO), Cause.HUB_SILENT, Whose.HUB),
    (SENT, replace(SILENT, last_beacon_at=None), Cause.HUB_SILENT, Whose.HUB),
    (NEW, ROAD, Cause.QUEUED, Whose.PROGRAM),
    (SOON, ROAD, Cause.ASKED, Whose.HUB),
    (Patient(stage=Stage.ARRIVED, attempts=9, last_sent_at=LONG_AGO), ROAD, Cause.SENDING, Whose.PROGRAM),
    (NEW, replace(DOWN, reason="from the future"), Cause.OTHER_LINK, Whose.PROGRAM),
]


@pytest.mark.parametrize(("item", "road", "cause", "turn"), CASES)
def test_each_case_has_its_cause_and_its_turn(item: Patient, road: Road, cause: Cause, turn: Whose) -> None:
    found = diagnose(item, road)
    assert (found.cause, found.turn) == (cause, turn)


@pytest.mark.parametrize(("reason", "cause"), LINK_CAUSES.items())
def test_each_code_of_the_link_has_its_cause(reason: str, cause: Cause) -> None:
    assert diagnose(NEW, replace(DOWN, reason=reason)).cause is cause


def test_every_cause_is_reached_by_some_facts() -> None:
    reached = {case[2] for case in CASES} | set(LINK_CAUSES.values()) | {Cause.CLOCK}
    assert reached == set(Cause) == set(TURNS)


@pytest.mark.parametrize("reason", ["tls", "cut_early", "hub_certificate_not_yet", "our_certificate_expired"])
def test_a_certificate_that_fails_by_an_impossible_clock_is_a_wrong_clock(reason: str) -> None:
    road = replace(DOWN, reason=reason, is_clock_wrong=True, certificate="our_certificate_expired")
    assert diagnose(NEW, road).cause is Cause.CLOCK


def test_a_refused_greeting_with_an_expired_certificate_names_the_certificate() -> None:
    road = replace(DOWN, reason="cut_early", certificate="our_certificate_expired")
    assert diagnose(NEW, road).cause is Cause.OUR_CERTIFICATE_EXPIRED


def test_a_wrong_clock_is_not_blamed_for_a_missing_name() -> None:
    assert diagnose(NEW, replace(DOWN, reason="name", is_clock_wrong=True)).cause is Cause.NAME


@pytest.mark.parametrize(
    "item",
    [
        replace(SENT, attempts=2),
        replace(SENT, last_sent_at=NOW - timedelta(seconds=30)),
        replace(SENT, stage=Stage.NEVER_SENT),
    ],
)
def test_nothing_is_called_swallowed_by_chance(item: Patient) -> None:
    assert diagnose(item, ROAD).cause is not Cause.SWALLOWED


def test_a_poisoned_item_says_nothing_about_the_road() -> None:
    assert diagnose(SENT, ROAD).is_trouble
    assert diagnose_road(ROAD) is None


def test_the_next_try_is_promised_late_rather_than_early() -> None:
    first = latest_next_try(NOW, 1, first_s=20, longest_s=1_800)
    last = latest_next_try(NOW, 99, first_s=20, longest_s=1_800)
    assert (first - NOW, last - NOW) == (timedelta(seconds=30), timedelta(minutes=45))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(("item", "road", "cause", "turn"), CASES)
def test_every_finding_has_words(
    speak: Speak, item: Patient, road: Road, cause: Cause, turn: Whose, language: str
) -> None:
    with speak(language):
        words = finding_of(diagnose(item, road))
    assert all((words.why, words.next, words.turn))
    assert turn in Whose
    assert (cause in CAUSES) is (cause not in {Cause.REJECTED, Cause.RETURNED, Cause.AT_HUB, Cause.REFUSED})


def test_every_code_of_the_link_has_words() -> None:
    assert set(LINK_CAUSES) <= set(OUTCOMES)
