"""A village node made by hand: enrolled, with officers, services and numbers, but with no hub anywhere near.

As a fixture it gives pages to a Flask client; as a program (``python -m tests.village_desk FOLDER PORT``) it serves the
same pages from a process that a test may kill.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import waitress
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import inspect

from hub.catalogue.catalogue import Catalogue
from protocol.checkpoint import LogKey
from protocol.envelope import public_bytes
from protocol.ids import OfficerId
from protocol.mailbox import NumberLease
from village_node.catalogue.service import store_services
from village_node.context import NodeContext
from village_node.drafts import tables as draft_tables
from village_node.identity.hub import store_lease
from village_node.identity.keys import create_or_load_keys
from village_node.identity.officers import create_officer
from village_node.identity.sessions import UnlockSessions
from village_node.identity.tables import NodeIdentity, Officer
from village_node.identity.vault import KdfParameters
from village_node.inbox import tables as inbox_tables
from village_node.outbox.service import Sealer
from village_node.settings import Settings
from village_node.store.engine import Database
from village_node.store.files import SealedFiles
from village_node.store.ports import Clock, SystemClock, SystemIds, SystemRandomness
from village_node.store.schema import Base
from village_node.web.app import create_app

PIN, OTHER_PIN = "739154", "860215"
NAME, OTHER_NAME, NEW_NAME = "Siti Aminah", "Bambang Wibowo", "Dewi Lestari"
NIK = "3314990101900001"
QUICK = KdfParameters(passes=1, memory_kib=1024, lanes=1)
ALL_TABLES = (draft_tables, inbox_tables)


@dataclass(frozen=True, kw_only=True)
class VillageDesk:
    """The node with its officers: two certified, one still waiting."""

    context: NodeContext
    officer: OfficerId
    other: OfficerId


def open_desk(directory: Path, clock: Clock | None = None) -> VillageDesk:
    """Open the node in a folder; make it on the first call."""
    directory.mkdir(parents=True, exist_ok=True)
    clock, randomness = clock or SystemClock(), SystemRandomness()
    settings = Settings(data_dir=directory, lock_after_s=600)
    database = Database(settings.database_path)
    keys = create_or_load_keys(settings.keys_dir, randomness)
    if not inspect(database.engine).has_table("officer"):
        Base.metadata.create_all(database.engine)
        _furnish(database, clock, randomness)
    files = SealedFiles(settings.sealed_dir)
    context = NodeContext(
        database=database,
        clock=clock,
        randomness=randomness,
        ids=SystemIds(clock=clock, randomness=randomness),
        settings=settings,
        unlocks=UnlockSessions(clock, randomness, lock_after_s=settings.lock_after_s),
        files=files,
        sealer=Sealer(files=files, keys=keys, clock=clock, randomness=randomness),
        wake=lambda: None,
    )
    with database.reading() as session:
        known = {row.name: OfficerId(row.officer_id) for row in session.query(Officer)}
    return VillageDesk(context=context, officer=known[NAME], other=known[OTHER_NAME])


def _furnish(database: Database, clock: Clock, randomness: SystemRandomness) -> None:
    now, services = clock.now(), Catalogue.load().wire_services()
    with database.session() as session:
        session.add(_identity(clock))
        store_services(session, now, services)
        store_lease(session, now, NumberLease(year=now.year, first=1, last=500))
        for name, pin in ((NAME, PIN), (OTHER_NAME, OTHER_PIN), (NEW_NAME, "504938")):
            officer = create_officer(session, clock, randomness, name=name, pin=pin, kdf=QUICK)
            if name != NEW_NAME:
                row = session.get_one(Officer, officer)
                row.certificate, row.certified_at = b"certified by hand", now


def _identity(clock: Clock) -> NodeIdentity:
    log, message, sealing = (Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
    return NodeIdentity(
        id=1,
        node_id="3314012001-01",
        hub_id="3314",
        certificate="none",
        authority="none",
        broker_host="hub.example",
        broker_port=8883,
        log_key=LogKey(name="simpul/3314", public_key=log.public_key()).verifier,
        message_key=public_bytes(message.public_key()),
        sealing_key=sealing.public_key().public_bytes_raw(),
        enrolled_at=clock.now(),
    )


def main(directory: str, port: str) -> None:
    """Serve the pages until killed."""
    desk = open_desk(Path(directory))
    waitress.serve(create_app(desk.context), host="127.0.0.1", port=int(port), threads=8)


if __name__ == "__main__":
    main(*sys.argv[1:])
