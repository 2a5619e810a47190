"""Every code that an officer may meet has its words, in Indonesian and in English."""

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from protocol.answers import ProblemCode
from protocol.catalogue import PatternName, ServiceKind, SlaOrigin
from protocol.errors import BY_CODE, Turn
from protocol.fees import FeeKind
from protocol.nik import NikFindingCode
from protocol.receipt import ReturnReason
from tests.unit.village_node.web.conftest import Speak
from village_node.drafts import errors as draft_errors
from village_node.drafts.pictures import UploadProblem
from village_node.identity import errors as identity_errors
from village_node.outbox import errors as outbox_errors
from village_node.outbox.queries import ItemStep
from village_node.store.errors import DomainError
from village_node.web import errors, rejections, returns, standing, words
from village_node.web.forms import PATTERN_HINTS
from village_node.web.language import Lazy
from village_node.web.rejections import Advice

TABLES: list[tuple[Mapping[Any, Lazy], Iterable[object]]] = [
    (words.KINDS, ServiceKind),
    (words.ORIGINS, SlaOrigin),
    (words.PROBLEMS, ProblemCode),
    (words.NIK_FINDINGS, NikFindingCode),
    (words.UPLOADS, UploadProblem),
    (words.FEES, FeeKind),
    (standing.STEPS, ItemStep),
    (standing.SIGNERS, ItemStep),
    (rejections.TURNS, Turn),
    (PATTERN_HINTS, PatternName),
]


def advice() -> Iterable[Advice]:
    yield from rejections.REJECTIONS.values()
    yield from rejections.FLAGS.values()
    yield from (rejections.UNKNOWN, rejections.UNVERIFIED, errors.TOKEN, errors.BROKEN)
    yield from (each for _, each in errors.DOMAIN.values())
    yield from errors.HTTP.values()


def test_every_reject_code_of_the_protocol_has_its_sentences() -> None:
    assert set(rejections.REJECTIONS) == set(BY_CODE)


def test_every_reason_of_a_return_is_said_in_both_languages(speak: Speak) -> None:
    assert set(returns.RETURNS) == set(ReturnReason)
    for each in (*returns.RETURNS.values(), returns.UNKNOWN_RETURN):
        with speak("id"):
            indonesian = (str(each.reason), str(each.to_do))
        with speak("en"):
            english = (str(each.reason), str(each.to_do))
        assert all(first and second and first != second for first, second in zip(indonesian, english, strict=True))


def test_every_advice_says_what_happened_what_was_kept_and_what_to_do_in_both_languages(speak: Speak) -> None:
    for each in advice():
        spoken = {}
        for language in ("id", "en"):
            with speak(language):
                spoken[language] = (str(each.happened), str(each.kept), str(each.to_do))
        pairs = list(zip(spoken["id"], spoken["en"], strict=True))
        assert all(indonesian and english and indonesian != english for indonesian, english in pairs), pairs


@pytest.mark.parametrize(("table", "codes"), TABLES, ids=range(len(TABLES)))
def test_every_code_has_a_word(table: Mapping[Any, Lazy], codes: Iterable[object]) -> None:
    assert set(table) == set(codes)


def test_every_refusal_that_a_page_can_meet_has_its_sentences() -> None:
    known = {each.code for room in (draft_errors, outbox_errors) for each in refusals(room)}
    pins: set[type[DomainError]] = {
        identity_errors.PinWrongError,
        identity_errors.PinLockedError,
        identity_errors.PinFormError,
    }
    assert known | {each.code for each in pins} <= set(errors.DOMAIN)


def refusals(room: ModuleType) -> Iterator[type[DomainError]]:
    for value in vars(room).values():
        if isinstance(value, type) and issubclass(value, DomainError) and value is not DomainError:
            yield value


def test_an_unknown_code_of_a_newer_hub_is_still_explained(speak: Speak) -> None:
    with speak("id"):
        assert "kode yang belum dikenal" in str(rejections.advice_for("from_the_future").happened)


@pytest.mark.parametrize(
    ("language", "money", "size", "time"),
    [("id", "Rp1.500.000", "1,3 MB", "3 menit"), ("en", "Rp1.500.000", "1.3 MB", "3 minutes")],
)
def test_figures_are_written_for_people(speak: Speak, language: str, money: str, size: str, time: str) -> None:
    with speak(language):
        assert words.money(1_500_000) == money
        assert words.size(1_300_000) == size
        assert words.duration(121) == time
