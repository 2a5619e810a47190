"""The order of the chain, and where the time went."""

from datetime import UTC, datetime, timedelta

from village_node.cases.chain import Link, Origin, durations, ordered

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def own(word: str, hours: float, *place: int) -> Link:
    return Link(word=word, origin=Origin.NODE, at=at(hours), place=(place[0], place[1]))


def receipt(word: str, hours: float, index: int) -> Link:
    return Link(
        word=word, origin=Origin.RECEIPT, at=at(hours), log_index=index, received_at=at(hours), place=(index, 0)
    )


def news(word: str, hours: float, index: int, **more: object) -> Link:
    values: dict[str, object] = {"log_index": index, "received_at": at(hours), "place": (index, 0)}
    return Link(word=word, origin=Origin.NEWS, at=at(hours), **(values | more))  # type: ignore[arg-type]


def test_the_ledger_decides_the_order_whatever_the_clocks_say() -> None:
    chain = ordered([receipt("complete", 9, 30), receipt("arrived", 50, 10), own("saved", 900, -2, 0)])
    assert [link.word for link in chain] == ["saved", "arrived", "complete"]


def test_receipt_and_news_of_one_step_are_one() -> None:
    due = (START + timedelta(days=10)).date()
    chain = ordered([news("complete", 5, 20, due_on=due), receipt("complete", 5, 21)])
    assert [(link.word, link.origin, link.log_index, link.due_on) for link in chain] == [
        ("complete", Origin.RECEIPT, 21, due)
    ]


def test_two_returns_keep_their_own_news() -> None:
    links = [
        receipt("returned", 1, 10), news("returned", 1, 11, stage="a"),
        receipt("returned", 9, 40), news("returned", 9, 41, stage="b"),
    ]  # fmt: skip
    assert [(link.log_index, link.stage) for link in ordered(links)] == [(10, "a"), (40, "b")]


def test_news_far_from_a_receipt_of_the_same_word_is_a_step_of_its_own() -> None:
    assert len(ordered([receipt("returned", 1, 10), news("returned", 9, 400)])) == 2


def test_time_on_the_way_at_offices_and_in_the_village_are_told_apart() -> None:
    chain = [
        own("saved", 0, -2, 0),
        receipt("arrived", 2, 10),
        Link(word="returned", origin=Origin.RECEIPT, at=at(5), received_at=at(6), place=(20, 0)),
        own("correction_saved", 10, 20, 1),
        receipt("correction_arrived", 11, 30),
        receipt("decided", 20, 40),
        receipt("handed_over", 23, 50),
    ]
    spent = durations(chain, at(100))
    hours = [each / timedelta(hours=1) for each in (spent.on_the_way, spent.at_offices, spent.in_the_village)]
    assert hours == [2 + 1 + 1, 3 + 9, 4 + 3]


def test_what_is_not_over_runs_until_now() -> None:
    spent = durations([own("saved", 0, -2, 0), receipt("arrived", 1, 10)], at(4))
    assert spent.at_offices == timedelta(hours=3)


def test_a_clock_that_is_wrong_by_years_makes_no_time_negative() -> None:
    spent = durations([own("saved", 90_000, -2, 0), receipt("arrived", 1, 10), receipt("decided", 2, 20)], at(3))
    assert spent.on_the_way == timedelta()
    assert spent.at_offices == timedelta(hours=1)
