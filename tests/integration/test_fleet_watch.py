"""The worker's watch over a real authority: what ends is told before it ends (C02)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.authority.pki import HubClient
from hub.authority.pki_files import open_pki
from hub.health.alarm_queries import AlarmFilter, AlarmLine, list_alarms
from hub.health.alarm_rules import AlarmKind, Severity
from hub.intake.context import Stores
from hub.settings import Settings
from hub.storage.hubkeys import create_keys
from hub.wiring.equipment import Ports, make_stores
from hub.wiring.worker import fleet_watch
from protocol.ids import HubId
from tests.integration.fleet import NOW, Chance

LIST, HUB_PROGRAM = "revocation_list", f"hub_program {HubClient.INTAKE.value}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path)
    create_keys(made.keys_dir, Chance("keys"))
    open_pki(made.pki_dir, HubId("3314"), now=NOW, entropy=Chance("pki").token)
    return made


@pytest.fixture
def stores(settings: Settings) -> Stores:
    made = make_stores(settings)
    made.database.migrate()
    return made


def told(settings: Settings, stores: Stores, at: datetime) -> dict[str, AlarmLine]:
    ports = Ports(clock=None, randomness=Chance("watch"), ids=None)  # type: ignore[arg-type]  # a look takes the time
    fleet_watch(settings, stores, ports)(at)
    with stores.database.reading() as session:
        return {line.subject: line for line in list_alarms(session, AlarmFilter(kind=AlarmKind.EXPIRES))}


def test_a_list_that_was_not_made_anew_is_told_the_next_day(settings: Settings, stores: Stores) -> None:
    assert told(settings, stores, NOW + timedelta(hours=24)) == {}
    assert told(settings, stores, NOW + timedelta(hours=26))[LIST].severity is Severity.WARNING
    assert told(settings, stores, NOW + timedelta(days=5, hours=2))[LIST].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("days_left", "severity"), [(29, Severity.NOTICE), (6, Severity.WARNING), (0.5, Severity.CRITICAL)]
)
def test_a_certificate_of_the_hub(settings: Settings, stores: Stores, days_left: float, severity: Severity) -> None:
    found = told(settings, stores, NOW + timedelta(days=365 - days_left))
    assert found[HUB_PROGRAM].severity is severity
