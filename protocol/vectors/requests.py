"""Computes the golden vectors of outages, broadcasts, remote requests and their answers."""

from protocol import requests
from protocol.vectors import samples as s
from protocol.wire import to_bytes

Json = dict[str, object]

HOUR_MS = 3_600_000
NAME = "01KB000000000000000000000A"
MAINTENANCE = requests.MaintenanceNotice(
    window=NAME, starts_at=s.TIME_MS, ends_at=s.TIME_MS + HOUR_MS, text="Listrik kantor kabupaten dipadamkan"
)
BROADCAST = requests.BroadcastNotice(
    broadcast=NAME, text="Formulir baru berlaku mulai besok", until=s.TIME_MS + HOUR_MS
)
REQUEST = requests.RemoteRequest(
    request=NAME,
    action=requests.RequestAction.SELF_TEST.value,
    asked_at=s.TIME_MS,
    expires_at=s.TIME_MS + HOUR_MS,
)
ANSWER = requests.RequestAnswer(request=NAME, outcome=requests.RequestOutcome.REFUSED, code="by_officer")


def requested(_: Json) -> Json:
    """Return one of each."""
    return {
        "maintenance": to_bytes(MAINTENANCE).hex(),
        "broadcast": to_bytes(BROADCAST).hex(),
        "request": to_bytes(REQUEST).hex(),
        "answer": to_bytes(ANSWER).hex(),
    }
