"""The clock of a demo is moved by a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.settings import Settings, SettingsError
from hub.storage.ports import SystemClock


def test_the_file_moves_the_clock(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    shift.write_text("-86400000", encoding="ascii")
    moved = SystemClock(str(shift)).now()
    assert abs(datetime.now(UTC) - timedelta(days=1) - moved) < timedelta(minutes=1)


def test_the_file_is_read_anew_each_time(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    clock = SystemClock(str(shift))
    shift.write_text("-86400000", encoding="ascii")
    before = clock.now()
    shift.write_text("0", encoding="ascii")
    assert clock.now() - before > timedelta(hours=23)


def test_production_refuses_it(tmp_path: Path) -> None:
    given = {"SIMPUL_HUB_DATA_DIR": str(tmp_path), "SIMPUL_HUB_PRODUCTION": "true", "SIMPUL_HUB_DEMO_CLOCK": "shift"}
    with pytest.raises(SettingsError, match="demo_clock"):
        Settings.load(given)
