"""A node's figures: small, in range, and old and new programs read each other."""

import msgspec
import pytest

from protocol.envelope import Purpose, one_key, sign
from protocol.errors import SchemaError
from protocol.health import MAX_OFFSET_MS, Figures, Health, HealthKind, verify_health
from protocol.vectors import samples as s
from protocol.wire import from_value, to_bytes

MAX_HEARTBEAT_BYTES = 512


def signed(health: Health) -> bytes:
    return sign(to_bytes(health), key=s.NODE_KEY, purpose=Purpose.HEALTH)


def test_a_heartbeat_with_every_figure_is_small() -> None:
    largest = msgspec.structs.replace(
        s.health(HealthKind.HEARTBEAT), waiting=500, waiting_bytes=10**9, oldest_waiting_s=10**7, disk_free_mb=10**7
    )
    assert len(signed(largest)) <= MAX_HEARTBEAT_BYTES


def test_figures_come_back_as_they_went() -> None:
    health = s.health(HealthKind.HEARTBEAT)
    assert verify_health(signed(health), node=s.NODE, find_key=one_key(s.NODE_KEY.public_key())) == health


def test_a_figure_that_is_not_known_is_left_out() -> None:
    assert msgspec.to_builtins(Figures(rtt_ms=640)) == {"rtt_ms": 640}


def test_a_report_of_an_older_program_is_read() -> None:
    old = {"v": 1, "kind": "heartbeat", "node": str(s.NODE), "session": 5, "claimed_at": 6, "program": "0.1"}
    health = from_value(old, Health)
    assert (health.run, health.figures) == (b"", None)


@pytest.mark.parametrize(
    "lie",
    [
        {"battery_percent": 101},
        {"lost_percent": -1},
        {"rtt_ms": 3_600_001},
        {"clock_offset_ms": MAX_OFFSET_MS + 1},
        {"certificate_days": 100_001},
        {"on_mains": 1},
        {"sign_ins": -1},
    ],
)
def test_a_figure_out_of_range_refuses_the_message(lie: dict[str, object]) -> None:
    with pytest.raises(SchemaError):
        from_value(lie, Figures)
