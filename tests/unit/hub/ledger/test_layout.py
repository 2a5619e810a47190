"""Paths of tiles after C2SP tlog-tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.layout import MAX_TILE, Place, parse_place, places


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Place(0), "000"),
        (Place(67), "067"),
        (Place(1_234_067), "x001/x234/067"),  # the example of the specification
        (Place(273, 112), "273.p/112"),
        (Place(1_000, 1), "x001/000.p/1"),
    ],
)
def test_a_place_is_written_as_the_specification_says(place: Place, path: str) -> None:
    assert (place.path, parse_place(path)) == (path, place)


@given(number=st.integers(0, MAX_TILE), width=st.integers(1, 256))
def test_every_place_is_read_back(number: int, width: int) -> None:
    assert parse_place(Place(number, width).path) == Place(number, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0000",
        "x035/x184/x372/x088/833",
        "x000/001",
        "001.p/256",
        "001.p/0",
        "001.p/01",
        "001.p/257",
        "../001",
        "x001",
        "٠٠١",
        "001\n",
    ],
)
def test_another_spelling_of_a_place_is_refused(path: str) -> None:
    assert parse_place(path) is None


@given(path=st.text(max_size=60))
def test_no_text_breaks_the_reader(path: str) -> None:
    place = parse_place(path)
    assert place is None or place.path == path


def test_the_tiles_of_a_tree_are_listed_with_their_partial_ones() -> None:
    found = [(level, place.number, place.width) for level, place in places(70_000)]
    assert len([item for item in found if item[0] == 0]) == 274
    assert found[-4:] == [(0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
