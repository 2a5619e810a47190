"""``simpul-hub node`` at the console: the whole way of a node, and what is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.accounts.rules import Role
from hub.accounts.tables import Person
from hub.authority import enrolment
from hub.authority.pki_check import revoked_serials
from hub.authority.pki_files import PkiFiles, open_pki
from hub.authority.revocation import renew_revocation_list
from hub.authority.rules import Verdict
from hub.cli import app
from hub.registry.service import request_officers
from hub.storage.engine import Database
from hub.storage.hubkeys import create_keys
from hub.storage.ports import SystemClock, SystemRandomness
from protocol.enrolment import open_answer
from protocol.ids import NodeId
from tests.integration.fleet import HUB, VillagePc, an_officer, fresh_database

NODE = "3314052003-01"
CLOCK = SystemClock()
Run = Callable[..., Result]


def a_person(name: str, role: Role) -> Person:
    """Return somebody who never signs in: hashing passwords takes long."""
    fields = {"person_id": name, "username": name, "name": name, "password": "", "office": "one-stop"}
    return Person(role=role.value, active=True, created_at=CLOCK.now(), **fields)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with fresh_database(database_url) as made:
        with made.session() as session:
            for name, role in (("budi", Role.NETWORK_ADMIN), ("dewi", Role.NETWORK_ADMIN), ("rina", Role.FRONT_OFFICE)):
                session.add(a_person(name, role))
        yield made


@pytest.fixture
def pki(tmp_path: Path) -> PkiFiles:
    create_keys(tmp_path / "keys", SystemRandomness())
    return open_pki(tmp_path / "pki", HUB, now=CLOCK.now(), entropy=SystemRandomness().token)


@pytest.fixture
def run(database: Database, database_url: str, pki: PkiFiles, tmp_path: Path) -> Run:
    environment = {"SIMPUL_HUB_DATA_DIR": str(tmp_path), "SIMPUL_HUB_DATABASE_URL": database_url}

    def command(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(app, ["node", *arguments])

    return command


def requesting_pc(run: Run, database: Database, *options: str) -> VillagePc:
    pc = VillagePc(run("invite", "--village", "33.14.05.2003", *options).stdout.strip())
    with database.session() as session:
        assert enrolment.receive_request(session, CLOCK.now(), pc.request()) is Verdict.PENDING
    return pc


def test_a_node_is_enrolled_at_the_console(run: Run, database: Database) -> None:
    pc = requesting_pc(run, database)
    code_id, village, fingerprint, officers = run("pending").stdout.strip().split("\t")
    assert (village, fingerprint, officers) == ("33.14.05.2003", pc.fingerprint, "Siti Aminah")
    assert run("approve", code_id, "--by", "dewi").stdout.strip() == NODE
    with database.session() as session:
        raw = enrolment.answer(session, CLOCK.now(), pc.keys.code_id).answer
    assert raw is not None
    assert open_answer(raw, pc.keys).node == NODE
    assert run("pending").stdout == ""


def test_two_persons_are_needed_here_too(run: Run, database: Database) -> None:
    pc = requesting_pc(run, database, "--by", "budi")
    refused = run("approve", pc.keys.code_id.hex(), "--by", "budi")
    assert (refused.exit_code, refused.stderr.strip()) == (1, "simpul-hub: refused: same_person")


@pytest.mark.parametrize("person", ["rina", "nobody", "console"])
def test_only_an_administrator_approves(run: Run, database: Database, person: str) -> None:
    pc = requesting_pc(run, database)
    assert run("approve", pc.keys.code_id.hex(), "--by", person).exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("invite", "--village", "33.72.01.1001"),
        ("invite", "--village", "Jetis"),
        ("approve", "zz", "--by", "dewi"),
        ("refuse", "00" * 16),
        ("revoke", NODE, "--by", "dewi"),
        ("revoke", NODE, "--by", "dewi", "--reason", "mood"),
        ("officers", "x"),
        ("certify", "o-0000000000000000", "--by", "dewi"),
    ],
)
def test_what_cannot_be_done_ends_with_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, refused.stderr.count("\n"), refused.stdout) == (1, 1, "")


def enrolled(run: Run, database: Database) -> None:
    pc = requesting_pc(run, database)
    assert run("approve", pc.keys.code_id.hex(), "--by", "dewi").exit_code == 0


def test_nodes_are_listed(run: Run, database: Database) -> None:
    enrolled(run, database)
    assert run("list").stdout.split("\t") == [NODE, "never", "-", "0/0", "-", "-\n"]


def test_a_revoked_node_is_on_the_revocation_list(run: Run, database: Database, pki: PkiFiles) -> None:
    enrolled(run, database)
    assert run("revoke", NODE, "--by", "budi", "--reason", "lost").exit_code == 0
    listed = revoked_serials(pki.crl_file.read_bytes(), pki.authority.certificate, now=CLOCK.now())
    assert len(listed) == 1
    assert renew_revocation_list(database, pki, CLOCK.now()) is False
    assert run("list").stdout.split("\t")[1] == "revoked"


def test_an_officer_is_certified_at_the_console(run: Run, database: Database) -> None:
    enrolled(run, database)
    asked = an_officer("joko")
    with database.session() as session:
        request_officers(session, NodeId(NODE), [asked], CLOCK.now())
    assert run("officers").stdout.startswith(f"{asked.officer}\t{NODE}\tpending\t")
    assert run("certify", asked.officer, "--by", "budi").exit_code == 0
    assert {line.split("\t")[2] for line in run("officers", NODE).stdout.splitlines()} == {"active"}
