"""The import contracts of pyproject.toml hold, and a breach of each is found."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import PACKAGES, ROOT

PROJECT = ROOT / "pyproject.toml"


def test_the_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    failed = lint_imports(config_filename=str(PROJECT), no_cache=True, no_logo=True)
    assert not failed, capsys.readouterr().out


def test_every_folder_of_code_is_under_contract() -> None:
    roots = tomllib.loads(PROJECT.read_text())["tool"]["importlinter"]["root_packages"]
    assert set(roots) == set(PACKAGES)


@pytest.mark.parametrize(
    ("contract", "path", "text"),
    [
        ("protocol", "protocol/x.py", "import hub.settings"),
        ("programs", "hub/intake/x.py", "import village_node.store"),
        ("deploy", "hub/cli.py", "import deploy.demo"),
        ("hub-layers", "hub/ledger/x.py", "import hub.casework.service"),
        ("hub-layers", "hub/a_new_room/__init__.py", ""),
        ("node-layers", "village_node/store/x.py", "import village_node.sync.engine"),
        ("cycles", "hub/casework/service.py", "import hub.casework.queries"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, contract: str, path: str, text: str) -> None:
    _small_house(tmp_path)
    assert _lint(tmp_path, contract).returncode == 0
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text + "\n")
    result = _lint(tmp_path, contract)
    assert result.returncode == 1, result.stdout + result.stderr


def _small_house(root: Path) -> None:
    """Build the packages with a few rooms, none of which imports a higher one."""
    files = {
        "hub/settings.py": "",
        "hub/ledger/__init__.py": "",
        "hub/intake/__init__.py": "",
        "hub/casework/service.py": "import hub.ledger",
        "hub/casework/queries.py": "import hub.casework.service",
        "village_node/store/__init__.py": "",
        "village_node/sync/engine.py": "import village_node.store",
        "deploy/demo.py": "",
        "hub/casework/__init__.py": "",
        "village_node/sync/__init__.py": "",
    }
    for name in (*(f"{package}/__init__.py" for package in PACKAGES), *files):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(files.get(name, "") + "\n")
    shutil.copy(PROJECT, root / "pyproject.toml")


def _lint(root: Path, contract: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    command = [str(program), "--no-cache", "--no-logo", "--contract", contract]
    environment = {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
