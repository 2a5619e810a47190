"""``simpul-hub calendar`` on a real database: what an administrator may do, and what is refused."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.accounts.cli import people_app
from hub.oversight.cli import calendar_app
from hub.storage.engine import Database
from tests.builders import PASSWORD

DECREE = ("--reason", "SKB 2028", "--by", "admin")
HOLIDAYS = "date,kind,name\n" + "".join(
    f"2028-{day},national_holiday,{name}\n"
    for day, name in (("01-01", "Tahun Baru"), ("05-01", "Buruh"), ("08-17", "Merdeka"), ("12-25", "Natal"))
)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMPUL_HUB_DATA_DIR", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    database.migrate()
    database.dispose()
    for name, role in (("admin", "network_admin"), ("loket", "front_office")):
        options = ("add", name, "--role", role, "--office", "one-stop", "--password-stdin")
        assert CliRunner().invoke(people_app, list(options), input=f"{PASSWORD}\n").exit_code == 0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(calendar_app, list(arguments))


def days(*arguments: str) -> list[str]:
    """Return the days that ``show`` lists."""
    return [line.split("\t")[0] for line in run("show", *arguments).output.splitlines()[1:]]


def test_the_shipped_calendar_is_shown() -> None:
    shown = run("show", "--year", "2026")
    assert shown.output.startswith("version 0, years 2025, 2026, 2027\n2026-01-01\tclosed\tnational_holiday\t")
    assert "2026-02-19\t08:00-12:00 12:30-15:00\tramadan\tRamadan 1447 H" in shown.output


def test_a_day_is_closed_for_one_office_and_opened_again() -> None:
    done = run("close", "2026-12-09", "2026-12-09", "--office", "agency.dlh", "--reason", "banjir", "--by", "admin")
    assert (done.exit_code, done.output) == (0, "version 1; 0 deadlines moved\n")
    assert "2026-12-09" in days("--office", "agency.dlh", "--year", "2026")
    assert "2026-12-09" not in days("--year", "2026")
    again = ("open", "2026-12-09", "2026-12-09", "--office", "agency.dlh", "--hours", "08:00-12:00")
    assert run(*again, "--reason", "surut", "--by", "admin").exit_code == 0
    assert "2026-12-09\t08:00-12:00\topening\tsurut" in run("show", "--office", "agency.dlh").output


def test_an_office_gets_another_week() -> None:
    options = ("--since", "2026-12-01", "--reason", "SK Kadis", "--by", "admin")
    assert run("office", "civil-registry", "five_day WIB open", *options).exit_code == 0
    assert "2026-12-24\t07:30-12:00 13:00-16:00\tjoint_leave" in run("show", "--office", "civil-registry").output


def test_a_year_is_imported(tmp_path: Path) -> None:
    (tmp_path / "2028.csv").write_text(HOLIDAYS)
    (tmp_path / "r.csv").write_text("first,last,name\n2028-01-28,2028-02-25,Ramadan 1449 H\n")
    done = run("import", "2028", str(tmp_path / "2028.csv"), "--ramadan", str(tmp_path / "r.csv"), *DECREE)
    assert (done.exit_code, done.output) == (0, "version 1; 0 deadlines moved\n")
    assert "2028-02-25" in days("--year", "2028")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("close", "2026-12-09", "2026-12-09", "--reason", "x", "--by", "loket"), "no active network administrator"),
        (("close", "2026-12-09", "2026-12-09", "--office", "agency.x", *DECREE), "no office agency.x"),
        (("close", "2026-12-09", "2026-12-08", *DECREE), "must be 1 to 400 days"),
        (("close", "2028-12-09", "2028-12-09", *DECREE), "a year that is not in the calendar"),
        (("close", "2026-12-09", "2026-12-09", "--reason", " ", "--by", "admin"), "reason"),
        (("open", "2026-12-09", "2026-12-09", "--hours", "8-12", *DECREE), "hours must read"),
        (("office", "one-stop", "night WIB open", "--since", "2026-12-01", *DECREE), "no pattern night"),
        (("import", "2028", "nowhere.csv", *DECREE), "nowhere.csv: FileNotFoundError"),
        (("show", "--year", "2029"), "no holidays known for 2029"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(arguments: tuple[str, ...], reason: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert reason in refused.output
    assert run("show").output.startswith("version 0,")


def test_a_year_with_a_mistake_is_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "2028.csv").write_text(HOLIDAYS.replace("2028-08-17", "2028-08-32"))
    refused = run("import", "2028", str(tmp_path / "2028.csv"), *DECREE)
    assert (refused.exit_code, "line 4: a date is wrong" in refused.output) == (1, True)
    assert run("show").output.startswith("version 0, years 2025, 2026, 2027")


def test_nothing_was_decided_yet() -> None:
    assert run("realised").output == "service\tcases\tstandard\tmedian\tlongest\tin time\n"
