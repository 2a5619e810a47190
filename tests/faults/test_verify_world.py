"""The judge is content with a good world, and names the broken promise in every world that somebody broke."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cbor2
import pytest
from pysqlite3 import dbapi2

from hub.intake.receipts import issue_waiting
from hub.permits.local_ca import make_authority
from hub.settings import Settings
from hub.wiring.equipment import make_ports, make_stores
from hub.wiring.intake import make_intake
from tests.brokers import NetworkPki
from tests.faults.proof.results import keep
from tests.faults.verify_world import World, judge
from tests.hubs import CATALOGUE
from tests.integration.test_node_hub import Office

pytestmark = [pytest.mark.faults]


def build(folder: Path, pki: NetworkPki) -> World:
    """Let one village hand in three applications at a hub, both on disks, and lay both where they belong."""
    office = Office(folder, pki)
    data = folder / "hub"
    ports = make_ports(Settings(data_dir=data))
    make_authority(data / "keys", "3314", now=ports.clock.now(), entropy=ports.randomness.token)
    settings = Settings(data_dir=data, database_url=f"sqlite:///{folder / 'hub.db'}")
    wired = make_intake(settings, make_stores(settings), ports)
    office.hub.context = replace(office.hub.context, open_cases=wired.open_cases, stores=wired.stores)
    for _ in range(3):
        office.seal()
    office.work()
    with office.hub.database.session() as session:
        issue_waiting(session, office.hub.clock.now(), office.hub.context.secrets.log)
    key = office.hub.log.public_key.public_bytes_raw()
    for database in (office.hub.database, office.stand.database):
        database.dispose()
    for path in folder.glob("hub.db*"):
        shutil.move(path, data / path.name)
    return World(hub=data, log_key=key, nodes=(folder / "node",), is_quiet=True)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return build(folder / "good", NetworkPki(folder / "pki"))


@dataclass
class Vandal:
    """Breaks a copy of a world."""

    world: World

    def hub(self, *statements: str) -> None:
        self._run(self.world.hub / "hub.db", statements)

    def node(self, *statements: str) -> None:
        self._run(self.world.nodes[0] / "node.db", statements)

    def _run(self, path: Path, statements: tuple[str, ...]) -> None:
        connection = dbapi2.connect(str(path), isolation_level=None)
        connection.execute("PRAGMA foreign_keys = OFF")
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        changed = connection.total_changes
        for statement in statements:
            connection.execute(statement)
        assert connection.total_changes > changed, "the vandal met no row"
        connection.close()

    def blob(self) -> Path:
        return next(path for path in (self.world.hub / "blobs").rglob("*") if path.is_file())

    def sealed(self) -> Path:
        return next((self.world.nodes[0] / "sealed").glob("*/*.sealed"))

    def flip(self, path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


Deed = Callable[[Vandal], object]


def _same_counter(vandal: Vandal) -> None:
    connection = dbapi2.connect(str(vandal.world.hub / "hub.db"), isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(bundle)")]
    connection.execute("CREATE TABLE copied AS SELECT * FROM bundle")
    connection.execute("UPDATE copied SET counter = 1")
    connection.execute("DROP TABLE bundle")
    connection.execute(f"CREATE VIEW bundle AS SELECT {', '.join(columns)} FROM copied")  # noqa: S608  # names of columns
    connection.close()


def _edit_entry(vandal: Vandal, change: dict[str, object]) -> None:
    """Change an entry as somebody does who takes care that row and body agree."""
    connection = dbapi2.connect(str(vandal.world.hub / "hub.db"), isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    index, body = connection.execute('SELECT max("index"), body FROM ledger_entry').fetchone()
    entry = {**cbor2.loads(body), **change}
    written = (cbor2.dumps(entry, canonical=True), entry["time"], index)
    connection.execute('UPDATE ledger_entry SET body = ?, time_ms = ? WHERE "index" = ?', written)
    connection.close()


NOTICE = "INSERT INTO dispatch_notice (node_id, number, kind, body, written_at) VALUES ('n', 2, 'x', x'00', '')"
WORLDS: Mapping[str, tuple[str, Deed]] = {
    "a receipted bundle is gone": ("P1", lambda it: it.hub("DELETE FROM bundle WHERE counter = 1")),
    "another manifest": ("P1", lambda it: it.hub("UPDATE bundle SET signed = (SELECT max(signed) FROM bundle)")),
    "a data key is lost": ("P1", lambda it: it.hub("UPDATE bundle SET data_key = zeroblob(65)")),
    "a file is gone": ("P1", lambda it: it.blob().unlink()),
    "a file is damaged": ("P1", lambda it: it.flip(it.blob())),
    "a file is not named": ("P1", lambda it: it.hub("UPDATE bundle_attachment SET blob = NULL")),
    "called whole too early": ("P1", lambda it: it.hub("UPDATE bundle SET state = 'arrived'")),
    "shown as received without a receipt": ("P1", lambda it: it.node("DELETE FROM stored_receipt")),
    "the database is damaged": (
        "P1",
        lambda it: (it.world.hub / "hub.db").write_bytes(b"x" * 8_192),
    ),
    "a sealed application is gone": (
        "P2",
        lambda it: it.node("DELETE FROM outbox_item WHERE counter = 2"),
    ),
    "a sealed file is gone": ("P2", lambda it: it.sealed().unlink()),
    "a sealed file is torn": ("P2", lambda it: it.sealed().write_bytes(b"")),
    "an application is damaged": ("P2", lambda it: it.node("UPDATE outbox_item SET message = x'00'")),
    "one never arrived": ("P2", lambda it: it.node("UPDATE outbox_item SET state = 'waiting' WHERE counter = 3")),
    "a case is missing": ("P3", lambda it: it.hub("DELETE FROM case_file")),
    "a verdict is missing": ("P3", lambda it: it.hub("DELETE FROM bundle_receipt WHERE kind = 'whole'")),
    "a verdict twice": (
        "P3",
        lambda it: it.hub("UPDATE bundle_receipt SET kind = 'arrived' WHERE kind = 'whole'"),
    ),
    "a receipt was made anew": (
        "P3",
        lambda it: it.hub("UPDATE bundle_receipt SET raw = (SELECT max(raw) FROM bundle_receipt)"),
    ),
    "one counter, two bundles": ("P4", _same_counter),
    "evidence was changed": (
        "P4",
        lambda it: it.hub("INSERT INTO intake_quarantine VALUES (x'00', 'n', NULL, 'counter_conflict', x'01', '')"),
    ),
    "a receipt proves nothing": ("P5", lambda it: it.node("UPDATE stored_receipt SET raw = x'a0'")),
    "an entry is gone": ("P6", lambda it: it.hub('DELETE FROM ledger_entry WHERE "index" = 1')),
    "an entry was changed": ("P6", lambda it: _edit_entry(it, {"village": "33.14.09.2001"})),
    "the tiles are others": ("P6", lambda it: it.hub("UPDATE ledger_tile SET hashes = zeroblob(length(hashes))")),
    "the head is another": ("P6", lambda it: it.hub("UPDATE ledger_head SET size = size + 1")),
    "a checkpoint of somebody else": (
        "P6",
        lambda it: it.hub("UPDATE ledger_checkpoint SET text = replace(text, 'simpul', 'sampul')"),
    ),
    "not what the village saw": ("P6", lambda it: it.node("UPDATE known_checkpoint SET root = zeroblob(32)")),
    "log time goes back": ("P7", lambda it: _edit_entry(it, {"time": 1})),
    "the books do not add up": ("P8", lambda it: it.hub("UPDATE intake_tally SET received = received + 1")),
    "bundles that nobody counted": ("P8", lambda it: it.hub("DELETE FROM intake_tally")),
    "a gap in a mailbox": ("P8", lambda it: it.hub(NOTICE)),
}
"""What was done, and the promise that it breaks."""


@pytest.fixture
def vandal(good: World, tmp_path: Path) -> Vandal:
    folder = Path(shutil.copytree(good.hub.parent, tmp_path / "broken"))
    return Vandal(replace(good, hub=folder / "hub", nodes=(folder / "node",)))


def test_a_good_world_breaks_nothing(good: World) -> None:
    assert judge(good) == []
    assert CATALOGUE.services


@pytest.mark.parametrize("name", WORLDS)
def test_a_broken_world_is_found_out(vandal: Vandal, name: str) -> None:
    promise, deed = WORLDS[name]
    deed(vandal)
    found = judge(vandal.world)
    assert promise in {each.promise for each in found}, found
    keep("judge", name, {"broken worlds": 1, "found": 1})
