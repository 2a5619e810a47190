"""The world of a load test on disk: a running hub and its enrolled villages, so that every Locust process finds them.

One folder: ``world.json`` says where the hub is; ``nodes/<node>.json`` and the TLS files beside it are one village PC;
``services/*.cbor`` is the catalogue that the hub handed out; ``journal/<node>.jsonl`` is what that PC did.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from loadtests.administrators import Administrators
from loadtests.enrol import Enrolled, enrol
from loadtests.processes import LocalHub
from loadtests.village import Village
from protocol.catalogue import Service, service_bytes
from protocol.catalogue_check import parse_service
from protocol.checkpoint import CheckpointRef
from protocol.enrolment import HubKeys
from protocol.ids import NodeId, OfficerId
from protocol.limits import MAX_ENROLMENT_BYTES
from protocol.mailbox import NumberLease
from protocol.wire import from_bytes, to_bytes


@dataclass(frozen=True, kw_only=True)
class World:
    """Where everything is."""

    directory: Path
    web_url: str
    broker_port: int
    database: str

    @property
    def journal_dir(self) -> Path:
        """Where the village PCs write what they did."""
        return self.directory / "journal"


def make_world(hub: LocalHub, directory: Path, count: int) -> World:
    """Enrol villages at a running hub, in the order of its own list, and write everything down.

    Raises:
        ProcessError: the hub refused.
    """
    administrators = Administrators.employ(hub)
    villages = list(islice(cycle(administrators.villages()), count))  # a second PC in the first villages, if need be
    (directory / "journal").mkdir(parents=True, exist_ok=True)
    for code in villages:
        enrolled = enrol(hub, code, directory / "nodes", administrators=administrators, random=Random(code))
        _write_node(directory, enrolled)
    database = str(hub.directory / "data" / "hub.db")
    facts = {"web_url": hub.url, "broker_port": hub.broker_port, "database": database}
    (directory / "world.json").write_text(json.dumps(facts), encoding="utf-8")
    return load_world(directory)


def load_world(directory: Path) -> World:
    """Return the world that was written to a folder."""
    facts = json.loads((directory / "world.json").read_text(encoding="utf-8"))
    return World(directory=directory, **facts)


def load_nodes(world: World) -> list[Enrolled]:
    """Return the village PCs, in the order of their names."""
    services = [parse_service(path.read_bytes()) for path in sorted((world.directory / "services").glob("*.cbor"))]
    return [_read_node(path, services) for path in sorted((world.directory / "nodes").glob("*.json"))]


def _write_node(directory: Path, enrolled: Enrolled) -> None:
    village, checkpoint = enrolled.village, enrolled.village.checkpoint
    facts = {
        "node": str(village.node),
        "hub": to_bytes(village.hub).hex(),
        "officer": str(village.officer),
        "numbers": [to_bytes(block).hex() for block in village.numbers],
        "node_key": village.node_key.private_bytes_raw().hex(),
        "sealing_key": village.sealing_key.private_bytes_raw().hex(),
        "officer_key": village.officer_key.private_bytes_raw().hex(),
        "checkpoint": None if checkpoint is None else to_bytes(checkpoint).hex(),
        "files": [str(path) for path in (enrolled.ca_file, enrolled.cert_file, enrolled.key_file)],
    }
    (directory / "nodes" / f"{village.node}.json").write_text(json.dumps(facts), encoding="utf-8")
    catalogue = directory / "services"
    if not catalogue.exists():
        catalogue.mkdir()
        for service in enrolled.services:
            (catalogue / f"{service.code}.cbor").write_bytes(service_bytes(service))


def _read_node(path: Path, services: Sequence[Service]) -> Enrolled:
    facts = json.loads(path.read_text(encoding="utf-8"))
    named = facts["checkpoint"]
    ca_file, cert_file, key_file = map(Path, facts["files"])
    village = Village(
        node=NodeId(facts["node"]),
        hub=from_bytes(bytes.fromhex(facts["hub"]), HubKeys, max_bytes=MAX_ENROLMENT_BYTES),
        officer=OfficerId(facts["officer"]),
        numbers=[
            from_bytes(bytes.fromhex(raw), NumberLease, max_bytes=MAX_ENROLMENT_BYTES) for raw in facts["numbers"]
        ],
        random=Random(facts["node"]),
        node_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(facts["node_key"])),
        sealing_key=X25519PrivateKey.from_private_bytes(bytes.fromhex(facts["sealing_key"])),
        officer_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(facts["officer_key"])),
        checkpoint=None if named is None else from_bytes(bytes.fromhex(named), CheckpointRef, max_bytes=1_000),
    )
    return Enrolled(village=village, ca_file=ca_file, cert_file=cert_file, key_file=key_file, services=services)
