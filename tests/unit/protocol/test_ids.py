"""Names of things: what is one, what is not, and what follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import ids
from protocol.errors import ProtocolError, SchemaError

GOOD: list[tuple[type[str], str]] = [
    (ids.RegionCode, "33"),
    (ids.RegionCode, "33.14"),
    (ids.RegionCode, "33.14.01"),
    (ids.RegionCode, "33.14.01.2001"),
    (ids.VillageCode, "33.14.20.1010"),
    (ids.VillageCode, "91.99.99.3999"),
    (ids.NodeId, "3314012001-01"),
    (ids.HubId, "3314"),
    (ids.OfficerId, "o-0123456789ABCDEF"),
    (ids.ServiceCode, "IMB"),
    (ids.ServiceCode, "D-SKU"),
    (ids.ServiceCode, "A1-2-B3"),
    (ids.FieldKey, "a"),
    (ids.FieldKey, "land_area_2"),
    (ids.RegistrationNo, "3314-26-0001234-88"),
]

BAD: list[tuple[type[str], str]] = [
    (ids.RegionCode, ""),
    (ids.RegionCode, "03"),
    (ids.RegionCode, "33.00"),
    (ids.RegionCode, "33.14.1"),
    (ids.RegionCode, "33.14.01."),
    (ids.RegionCode, "33.14.01.4001"),
    (ids.VillageCode, "33.14.01"),
    (ids.VillageCode, "3314012001"),
    (ids.VillageCode, "33.14.01.2001\n"),
    (ids.VillageCode, "33.14.01.200\u0967"),
    (ids.NodeId, "3314012001"),
    (ids.NodeId, "3314012001-1"),
    (ids.NodeId, "3314012001-001"),
    (ids.NodeId, "3314014001-01"),
    (ids.NodeId, "3300012001-01"),
    (ids.NodeId, "3314002001-01"),
    (ids.NodeId, "0314012001-01"),
    (ids.NodeId, "3314012001-01\n"),
    (ids.NodeId, "3314012001-01/#"),
    (ids.NodeId, "33\uff114012001-01"),
    (ids.NodeId, "+" * 1_000_000),
    (ids.HubId, "0314"),
    (ids.HubId, "3300"),
    (ids.HubId, "33140"),
    (ids.HubId, "+"),
    (ids.OfficerId, "o-0123456789ABCDE"),
    (ids.OfficerId, "o-0123456789ABCDEI"),
    (ids.OfficerId, "O-0123456789ABCDEF"),
    (ids.OfficerId, "o-0123456789abcdef"),
    (ids.ServiceCode, "imb"),
    (ids.ServiceCode, "IMB-"),
    (ids.ServiceCode, "-IMB"),
    (ids.ServiceCode, "IMB--A"),
    (ids.ServiceCode, "A" * 65),
    (ids.FieldKey, "1a"),
    (ids.FieldKey, "_a"),
    (ids.FieldKey, "A"),
    (ids.FieldKey, "a" * 41),
    (ids.FieldKey, "__proto__"),
    (ids.RegistrationNo, "3314-26-0001234-58"),
    (ids.RegistrationNo, "3314-26-0001235-88"),
    (ids.RegistrationNo, "3314-26-0002134-88"),
    (ids.RegistrationNo, "3314-27-0001234-88"),
    (ids.RegistrationNo, "3314260001234"),
    (ids.RegistrationNo, "3314-26-0001234-88 "),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_name_is_taken_unchanged(kind: type[str], text: str) -> None:
    assert kind(text) == text


@pytest.mark.parametrize(("kind", "text"), BAD, ids=lambda value: repr(value)[:30])
def test_what_is_no_name_is_refused(kind: type[str], text: str) -> None:
    with pytest.raises(SchemaError) as refusal:
        kind(text)
    assert not text or text not in str(refusal.value)


def test_the_parts_of_a_village() -> None:
    village = ids.NodeId("3314012001-01").village
    assert (village, village.regency, village.subdistrict) == ("33.14.01.2001", "33.14", "33.14.01")
    assert (village.dotless, village.subdistrict.dotless) == ("3314012001", "331401")
    assert ids.VillageCode.from_dotless("3314012001") == village


@pytest.mark.parametrize("digits", ["", "331401200", "33140120011", "33.14.01.2", "331401२\u0966\u0966१"])
def test_not_ten_digits_of_a_village(digits: str) -> None:
    with pytest.raises(SchemaError):
        ids.VillageCode.from_dotless(digits)


@given(st.integers(1, 9_999_999), st.integers(2000, 2099))
def test_a_registration_number_has_one_form(number: int, year: int) -> None:
    made = ids.RegistrationNo.build(ids.HubId("3314"), year, number)
    assert (made.number, made[5:7]) == (number, f"{year % 100:02d}")
    for check in range(100):
        other = f"{made[:-2]}{check:02d}"
        if other != made:
            with pytest.raises(SchemaError):
                ids.RegistrationNo(other)


@given(st.integers(1, 9_999_999), st.data())
def test_one_wrong_digit_or_two_swapped_are_seen(number: int, data: st.DataObject) -> None:
    made = ids.RegistrationNo.build(ids.HubId("3314"), 2026, number)
    places = [place for place, letter in enumerate(made) if letter.isdigit()]
    first = data.draw(st.sampled_from(places))
    wrong = list(made)
    wrong[first] = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != made[first]]))
    with pytest.raises(SchemaError):
        ids.RegistrationNo("".join(wrong))
    second = places[min(places.index(first) + 1, len(places) - 1)]
    swapped = list(made)
    swapped[first], swapped[second] = made[second], made[first]
    if "".join(swapped) != made:
        with pytest.raises(SchemaError):
            ids.RegistrationNo("".join(swapped))


@pytest.mark.parametrize("number", [-1, 10_000_000])
def test_a_number_beyond_seven_digits_is_refused(number: int) -> None:
    with pytest.raises(SchemaError):
        ids.RegistrationNo.build(ids.HubId("3314"), 2026, number)


def test_codes_as_people_type_them() -> None:
    code = ids.crockford(bytes(range(10)))
    assert (code, ids.grouped(code)) == ("000G40R40M30E209", "000G-40R4-0M30-E209")
    assert ids.normalise_code(" ooog-40r4.0m30-e2o9 ") == code
    assert ids.normalise_code("il") == "11"
    assert ids.tracking_commitment("oOOG-40R4-0M30-E209") == ids.tracking_commitment(code)


@given(st.binary(min_size=10, max_size=10))
def test_a_code_holds_all_bits(data: bytes) -> None:
    code = ids.crockford(data)
    number = 0
    for letter in code:
        number = number << 5 | ids.CROCKFORD.index(letter)
    assert number.to_bytes(10, "big") == data


@given(st.text(max_size=80), st.sampled_from([kind for kind, _ in GOOD]))
def test_any_text_is_a_name_or_refused(text: str, kind: type[str]) -> None:
    try:
        made = kind(text)
    except ProtocolError:
        return
    assert made == text


@given(st.from_regex(ids.NodeId.pattern, fullmatch=True))
def test_every_node_has_a_village(text: str) -> None:
    assert ids.NodeId(text).village.dotless == text[:10]
