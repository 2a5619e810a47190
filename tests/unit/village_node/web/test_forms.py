"""A form is drawn from the catalogue: kinds of inputs, conditions, problems, what was typed."""

from dataclasses import replace
from datetime import date

import pytest

from hub.catalogue.catalogue import Catalogue
from protocol.answers import ProblemCode
from protocol.catalogue import Service
from tests.unit.village_node.web.conftest import Speak
from village_node.drafts.rules import ApplicantField, Content
from village_node.web.forms import Input, State, applicant_inputs, condition_words, nik_fact, service_inputs

TODAY = date(2026, 11, 24)


def state(service: Service, **typed: str) -> State:
    return State(service=service, content=Content(typed=typed), problems={}, warnings=(), today=TODAY)


@pytest.fixture(scope="module")
def services() -> tuple[Service, ...]:
    return Catalogue.load().open_services()


@pytest.fixture
def road(services: tuple[Service, ...], speak: Speak) -> dict[str, Input]:
    with speak("id"):
        chosen = next(each for each in services if each.code == "JALAN")
        return {each.key: each for each in service_inputs(state(chosen, length="12,5"))}


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_open_service_can_be_drawn(services: tuple[Service, ...], speak: Speak, language: str) -> None:
    for service in services:
        with speak(language):
            drawn = service_inputs(state(service))
        assert [each.key for each in drawn] == [field.key for field in service.fields]
        assert len({each.dom for each in drawn}) == len(drawn)


def test_a_condition_is_handed_to_the_page_as_key_and_typed_values(road: dict[str, Input]) -> None:
    detour = road["detour"]
    assert (detour.show_if, detour.show_values, detour.hidden) == ("closure", ("full",), True)


def test_inputs_fit_their_type(road: dict[str, Input]) -> None:
    kinds = {key: road[key].kind for key in ("purpose", "purpose_detail", "length", "start_date", "guard_phone")}
    assert kinds == {
        "purpose": "radio", "purpose_detail": "textarea", "length": "text", "start_date": "text", "guard_phone": "tel",
    }  # fmt: skip
    assert (road["length"].unit, road["length"].inputmode) == ("m", "decimal")


def test_an_input_shows_what_was_typed(road: dict[str, Input]) -> None:
    assert road["length"].value == "12,5"


def test_a_problem_stands_at_its_input(services: tuple[Service, ...], speak: Speak) -> None:
    shown = replace(state(services[0]), problems={ApplicantField.NAME: ProblemCode.MISSING})
    with speak("id"):
        name = next(each for each in applicant_inputs(shown) if each.key == ApplicantField.NAME)
    assert name.problem == "Isian ini belum diisi."


@pytest.mark.parametrize(
    ("typed", "fact"),
    [
        ("", ""),
        ("331499", "6 dari 16 angka."),
        ("3314994503850002", "Menurut angkanya: perempuan, lahir 5 Maret 1985. Cocokkan dengan KTP."),
        ("3314990101900001", "Menurut angkanya: laki-laki, lahir 1 Januari 1990. Cocokkan dengan KTP."),
        ("3314999999900001", ""),
        ("bukan nik", ""),
    ],
)
def test_a_nik_is_said_to_be_plausible_never_verified(speak: Speak, typed: str, fact: str) -> None:
    with speak("id"):
        assert nik_fact(typed, TODAY) == fact


def test_a_condition_is_said_in_words(services: tuple[Service, ...], speak: Speak) -> None:
    chosen = next(each for each in services if each.code == "JALAN")
    with speak("id"):
        words = condition_words(chosen, chosen.fields[7].show_if)
    assert words == "Penutupan: Seluruh lajur"
