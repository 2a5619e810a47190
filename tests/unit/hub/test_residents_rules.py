"""What a resident may type: numbers and codes however they are separated, and nothing else."""

import pytest

from hub.residents.rules import TOLD, split_slip, tidy_code, tidy_number

NUMBER = "3314-26-0001234-88"


@pytest.mark.parametrize("typed", [NUMBER, "331426000123488", " 3314 26 0001234 88 ", "3314.26.0001234.88"])
def test_a_number_is_taken_however_it_is_separated(typed: str) -> None:
    assert tidy_number(typed) == NUMBER


@pytest.mark.parametrize("typed", ["", "3314-26-0001234-89", "3314-26-000123-88", NUMBER + "1", "٣" * 15, "1" * 61])
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert tidy_number(typed) is None


@pytest.mark.parametrize("typed", ["7KQ2M9D4XHT3V8NB", "7kq2-m9d4-xht3-v8nb", " 7KQ2 M9D4 XHT3 V8NB "])
def test_a_code_is_taken_however_it_is_written(typed: str) -> None:
    assert tidy_code(typed) == "7KQ2M9D4XHT3V8NB"


@pytest.mark.parametrize("typed", ["", "7KQ2", "7KQ2M9D4XHT3V8N!", "U" * 16, "A" * 61])
def test_what_cannot_be_a_code_is_empty(typed: str) -> None:
    assert tidy_code(typed) == ""


def test_a_slip_is_split() -> None:
    assert split_slip(f"SIMPUL-TT1:{NUMBER}:7KQ2M9D4XHT3V8NB:00") == (NUMBER, "7KQ2M9D4XHT3V8NB")
    assert split_slip(NUMBER) is None
    assert split_slip("SIMPUL-TT1:" + "1" * 300) is None


def test_looks_and_what_officials_say_to_each_other_are_no_steps() -> None:
    assert {"viewed", "file_viewed", "revealed", "escalated", "proposed"}.isdisjoint(TOLD)
    assert {"complete", "decided", "handed_over", "revoked"} <= TOLD
