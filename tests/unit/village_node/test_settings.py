"""The defaults that protect the resident when nobody has set anything."""

from __future__ import annotations

from pathlib import Path

from village_node.settings import Settings


def test_an_officer_who_walked_away_is_locked_out_after_ten_minutes(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).lock_after_s == 600
