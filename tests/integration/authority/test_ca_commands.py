"""``simpul-hub ca`` at the console: what ends when, the root in a safe, a roll-over and its end, on both databases."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.authority.commands import ca_app
from hub.authority.pki import HUB_LIFE, HubClient
from hub.authority.pki_check import load_certificates
from hub.authority.pki_files import PkiFiles, open_pki
from hub.authority.tables import NodeCertificate
from hub.storage.engine import Database
from hub.storage.ports import SystemClock, SystemRandomness
from protocol.ids import NodeId
from tests.integration.fleet import HUB, a_node, fresh_database

NODE = NodeId("3314052003-01")
NOW = SystemClock().now()
Run = Callable[..., Result]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        yield made


@pytest.fixture
def pki(tmp_path: Path) -> PkiFiles:
    return open_pki(tmp_path / "pki", HUB, now=NOW, entropy=SystemRandomness().token)


@pytest.fixture
def run(database: Database, database_url: str, pki: PkiFiles, tmp_path: Path) -> Run:
    del database, pki
    environment = {"SIMPUL_HUB_DATA_DIR": str(tmp_path), "SIMPUL_HUB_DATABASE_URL": database_url}

    def command(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(ca_app, arguments)

    return command


def certify(database: Database, trust: bytes, days: int = 90) -> None:
    with database.session() as session:
        session.add(
            NodeCertificate(
                serial=f"{days:x}",
                node_id=str(NODE),
                public_key=bytes(32),
                trust=trust,
                issued_at=NOW,
                expires_at=NOW + timedelta(days=days),
            )
        )


def test_everything_that_ends_is_listed_and_the_first_to_end_stands_first(run: Run, database: Database) -> None:
    with database.session() as session:
        a_node(session)
    certify(database, bytes(32))
    lines = [line.split("\t") for line in run("show").stdout.splitlines()]
    assert [line[0] for line in lines] == [
        "revocation_list", "node", "broker", "hub_program", "hub_program", "issuer", "root",
    ]  # fmt: skip
    assert lines[1][1] == NODE
    days = [int(line[3]) for line in lines]
    assert days == sorted(days)


def test_a_hub_works_on_without_its_roots_key(run: Run, pki: PkiFiles, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    assert run("take-root-away", str(tmp_path / "stick")).exit_code == 0
    assert not list(pki.keys.private.glob("root-*.key"))
    late = NOW + HUB_LIFE * 0.7
    before = pki.client(HubClient.INTAKE).cert_file.read_bytes()
    open_pki(pki.directory, HUB, now=late, entropy=SystemRandomness().token)
    assert pki.client(HubClient.INTAKE).cert_file.read_bytes() != before
    refused = run("roll-over")
    assert refused.exit_code == 1
    assert "--root-key" in refused.stderr


def test_the_key_that_is_brought_must_be_the_roots(run: Run, pki: PkiFiles, tmp_path: Path) -> None:
    other = open_pki(tmp_path / "other", HUB, now=NOW, entropy=SystemRandomness().token)
    wrong = run("new-issuer", "--root-key", str(other.keys.root_key_file()))
    assert (wrong.exit_code, "is not the root's key" in wrong.stderr) == (1, True)
    before = pki.authority.certificate
    assert run("new-issuer", "--root-key", str(pki.keys.root_key_file())).exit_code == 0
    assert pki.authority.certificate != before
    assert len(pki.keys.issuers(NOW)) == 2


def test_an_issuing_key_that_is_due_is_renewed_by_itself_while_the_root_is_here(pki: PkiFiles) -> None:
    before = pki.authority.certificate
    open_pki(pki.directory, HUB, now=NOW + timedelta(days=800), entropy=SystemRandomness().token)
    assert pki.authority.certificate != before
    assert len(load_certificates(pki.ca_file.read_bytes())) == 1


def test_a_roll_over_ends_when_every_node_was_told(run: Run, pki: PkiFiles, database: Database) -> None:
    with database.session() as session:
        a_node(session)
    certify(database, pki.authority.trust_digest)
    assert run("roll-over").exit_code == 0
    assert len(load_certificates(pki.ca_file.read_bytes())) == 2
    assert run("roll-over").exit_code == 1
    early = run("retire")
    assert (early.exit_code, str(NODE) in early.stderr) == (1, True)
    certify(database, pki.authority.trust_digest, days=91)
    # The newest counts: both were made at the same moment here, the one that ends later is the newer.
    assert run("retire").exit_code == 0
    assert load_certificates(pki.ca_file.read_bytes()) == (pki.keys.root_certificate(),)


def test_without_an_authority_the_command_says_what_makes_one(tmp_path: Path) -> None:
    environment = {"SIMPUL_HUB_DATA_DIR": str(tmp_path)}
    answer = CliRunner(env=environment).invoke(ca_app, ["show"])
    assert (answer.exit_code, "init" in answer.stderr) == (1, True)
