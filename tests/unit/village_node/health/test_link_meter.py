"""Round trip and loss, from what is sent anyway."""

from village_node.health.link_meter import LEAST_OUTCOMES, SMALL_BYTES, LinkMeter


def carried(meter: LinkMeter, first: int, count: int, took_s: float = 0.5, size: int = 400) -> None:
    for message in range(first, first + count):
        meter.sent(message, size, float(message))
        meter.acknowledged(message, message + took_s)


def test_before_anything_was_sent_nothing_is_known() -> None:
    assert (LinkMeter().round_trip_ms(), LinkMeter().lost_percent()) == (None, None)


def test_one_late_answer_is_no_trend() -> None:
    meter = LinkMeter()
    carried(meter, 1, 3)
    carried(meter, 9, 1, took_s=30)
    assert meter.round_trip_ms() == 500


def test_a_large_message_says_nothing_about_the_distance() -> None:
    meter = LinkMeter()
    carried(meter, 1, 3, took_s=7, size=SMALL_BYTES + 1)
    assert meter.round_trip_ms() is None


def test_what_had_no_answer_when_the_link_ended_is_lost() -> None:
    meter = LinkMeter()
    carried(meter, 1, 3 * LEAST_OUTCOMES)
    for message in range(100, 110):
        meter.sent(message, 400, 0.0)
    meter.ended()
    assert meter.lost_percent() == 25


def test_an_answer_that_was_faster_than_the_note_counts() -> None:
    meter = LinkMeter()
    meter.acknowledged(1, 10.1)
    meter.sent(1, 400, 10.0)
    assert meter.round_trip_ms() == 100
    meter.ended()
    carried(meter, 2, LEAST_OUTCOMES)
    assert meter.lost_percent() == 0
