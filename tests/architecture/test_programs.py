"""Each program of the hub loads only its own rooms: what draws letters costs 50 MB that an intake never uses."""

import subprocess
import sys

import pytest

HEAVY = ("pyhanko", "fpdf", "PIL", "flask", "rich", "typer")


@pytest.mark.parametrize("program", ["intake", "worker"])
def test_a_program_loads_nothing_that_only_pages_and_letters_need(program: str) -> None:
    code = (
        "import sys, hub.programs.__main__, importlib\n"
        f"importlib.import_module('hub.programs.{program}')\n"
        f"print([name for name in {HEAVY} if sys.modules.get(name)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_checker_loads_no_database() -> None:
    code = "import sys, hub.intake.checker_process; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
