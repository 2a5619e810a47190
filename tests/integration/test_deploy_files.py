"""Samples and units say what the programs understand."""

import configparser
import re
from pathlib import Path

import pytest

from hub.settings import CONFIG, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("simpul-*.service"))


def unit(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case
    parser.read_string(re.sub(r"\\\n\s*", " ", path.read_text()))
    return parser


def test_the_sample_settings_are_settings_for_production() -> None:
    settings = Settings.load({CONFIG: str(DEPLOY / "hub.sample.toml")})
    assert settings.production
    assert settings.broker_port != settings.node_broker_port


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_service_gives_up_privileges(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "CapabilityBoundingSet" in service


@pytest.mark.parametrize(
    ("program", "hidden"),
    [("web", {"keys/log.key", "keys/sealing.key", "pki/private"}), ("intake", {"pki/private"})],
)
def test_a_program_does_not_see_keys_that_it_has_no_use_for(program: str, hidden: set[str]) -> None:
    paths = unit(DEPLOY / f"systemd/simpul-hub-{program}.service")["Service"]["InaccessiblePaths"].split()
    assert {each.removeprefix("-/var/lib/simpul/") for each in paths} == hidden


def test_the_proxy_never_logs_what_stands_behind_the_question_mark() -> None:
    form = re.search(r"log_format simpul '([^']*)'", (DEPLOY / "nginx/simpul.conf").read_text())
    assert form is not None
    assert {"$request", "$request_uri", "$args", "$query_string"}.isdisjoint(form[1].split())
