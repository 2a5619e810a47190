"""The demo's judge can say no: a search that finds nothing and a count that always agrees would prove nothing."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.demo.accounting import Account, Ledger, disagreements
from deploy.demo.evidence import Tally
from deploy.demo.network import DemoError, fresh_directory, write_pids
from deploy.demo.privacy import leaks
from deploy.demo.scenery import CANARY

NIK = f"{CANARY}0101900001"
GOOD = Account(
    submitted=["a", "b"],
    received=["b", "a"],
    cases=["a", "b"],
    whole=2,
    routed=[],
    services=2,
    open_services=18,
    tally=Tally(received=3, accepted=2, duplicate=1, rejected=0, quarantined=0),
    moves=Counter(complete=1),
    receipts=Counter(arrived=2, whole=2, complete=1),
    due_at_villages=5,
    at_villages=5,
    verified=5,
    far=2,
    far_verified=2,
    states=Counter(received=2),
    realised=[],
    refuted=[],
    flags={},
    ledger=Ledger(is_sound=True, size=9, root="00"),
    leaks=[],
)


def test_good_figures_agree() -> None:
    assert list(disagreements(GOOD)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"received": ["a"]},
        {"received": ["a", "a", "b"]},
        {"submitted": ["a", "a"]},
        {"cases": ["a"]},
        {"whole": 1},
        {"services": 1},
        {"receipts": Counter(arrived=2, whole=2)},
        {"receipts": Counter(arrived=2, whole=2, complete=1, custody=1)},
        {"at_villages": 4},
        {"due_at_villages": 6},
        {"far_verified": 1},
        {"verified": 4},
        {"refuted": ["REFUTED"]},
        {"flags": {"split_view": 1}},
        {"leaks": ["a log"]},
        {"ledger": Ledger(is_sound=False, size=9, root="00")},
        {"tally": Tally(received=4, accepted=2, duplicate=1, rejected=0, quarantined=0)},
        {"tally": Tally(received=4, accepted=2, duplicate=1, rejected=0, quarantined=1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_each_wrong_figure_is_told(changed: dict[str, object]) -> None:
    assert list(disagreements(replace(GOOD, **changed))) != []  # type: ignore[arg-type]  # one field at a time


@pytest.mark.parametrize("before", [0, (1 << 20) - 8, 3 << 20])
def test_a_number_in_a_file_is_found_wherever_it_lies(tmp_path: Path, before: int) -> None:
    (tmp_path / "store.db").write_bytes(bytes(before) + NIK.encode() + bytes(100))
    assert leaks(tmp_path, [CANARY]) == ["content of store.db"]


def test_a_name_in_a_file_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "pc").mkdir()
    (tmp_path / "pc" / "Siti Wibowo.jpg").write_bytes(b"")
    assert leaks(tmp_path, ["Siti Wibowo"]) == ["a file name in pc"]


def test_ids_and_sealed_bytes_are_no_leak(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"node": "3314101002-01", "number": "3314-26-0000005-89"}', encoding="utf-8")
    assert leaks(tmp_path, [CANARY, "Siti Wibowo"]) == []


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(DemoError, match="no demo made it"):
        fresh_directory(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_second_demo_does_not_disturb_the_first(tmp_path: Path) -> None:
    write_pids(tmp_path)
    with pytest.raises(DemoError, match="already"):
        fresh_directory(tmp_path)
