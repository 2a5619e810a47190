"""A hub that takes in what villages sealed, as a process that may be killed anywhere; no broker, the rest is shipped.

``python -m tests.faults.ingest DIR [--crash POINT:TIMES] [--mutant NAME]`` brings every message of ``DIR/post`` to the
intake, in batches, as a broker does that lost every acknowledgement. A receipt that leaves the hub is written to the
standard output as ``ACK`` with the receipt in base 64. ``MUTANTS`` are planted bugs.
"""

import argparse
import base64
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hub.authority.pki_files import open_pki
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.fairness import Quota
from hub.intake.runner import IntakeRunner, Pace
from hub.permits.local_ca import make_authority
from hub.registry import service as registry
from hub.settings import Settings
from hub.storage import crash, engine, files
from hub.storage.engine import Database
from hub.storage.hubkeys import create_keys, load_log_key, load_message_key, public_keys
from hub.wiring.equipment import make_ports, make_stores
from hub.wiring.intake import make_intake
from loadtests.village import Village
from protocol.envelope import Purpose, sign
from protocol.ids import NodeId, OfficerId, VillageCode, crockford
from protocol.mailbox import Mail, OfficerRequest
from protocol.topics import Up, up
from protocol.wire import to_bytes
from tests.hubs import CATALOGUE, HUB

SERVICE = CATALOGUE.service("D-SKU", 1)
VILLAGES = ("33.14.01.2001", "33.14.02.2001")
WIDE = Quota(messages_per_s=10**6, burst=10**6, mb_per_day=10**6)


def settings_of(folder: Path, url: str = "") -> Settings:
    return Settings(data_dir=folder / "data", database_url=url)


def make_site(folder: Path, bundles: int, url: str = "", size: int = 30_000) -> None:
    """Make a hub with two villages, and the post that they have sealed; a file is ``size`` bytes."""
    settings, random = settings_of(folder, url), Random(1)
    ports = make_ports(settings)
    settings.data_dir.mkdir(parents=True)
    create_keys(settings.keys_dir, ports.randomness)
    now = ports.clock.now()
    open_pki(settings.pki_dir, HUB, now=now, entropy=ports.randomness.token, broker_hosts=("localhost",))
    make_authority(settings.keys_dir, settings.hub_id, now=now, entropy=ports.randomness.token)
    database = Database(settings.url)
    database.migrate()
    villages = [enrol(database, settings, code, random) for code in VILLAGES]
    (folder / "post").mkdir()
    for number in range(bundles):
        write_post(folder, villages[number % len(villages)], number, random.randbytes(size))
    mail = to_bytes(Mail(node=villages[0].node, cursor=0, free_numbers=0))
    letter = sign(mail, key=villages[0].node_key, purpose=Purpose.MAIL)
    (folder / "post" / f"999-000.{Up.MAIL}.{villages[0].node}").write_bytes(letter)
    database.dispose()


def enrol(database: Database, settings: Settings, code: str, random: Random) -> Village:
    ports = make_ports(settings)
    made = Village(
        node=NodeId(f"{VillageCode(code).dotless}-01"),
        hub=public_keys(settings.keys_dir, HUB),
        officer=OfficerId(f"o-{crockford(random.randbytes(10))}"),
        numbers=[],
        random=random,
    )
    decision = registry.Decision(now=ports.clock.now(), by="test", randomness=ports.randomness)
    with database.session() as session:
        new = registry.NewNode(
            village=VillageCode(code),
            signing_key=made.node_key.public_key().public_bytes_raw(),
            sealing_key=made.sealing_key.public_key().public_bytes_raw(),
            program="test",
        )
        made.node = registry.enrol_node(session, new, decision).node_id
        key = made.officer_key.public_key().public_bytes_raw()
        asked = OfficerRequest(officer=made.officer, name="Petugas", public_key=key)
        registry.request_officers(session, made.node, [asked], ports.clock.now())
        registry.certify_officer(session, made.officer, decision, load_message_key(settings.keys_dir))
        made.numbers = [registry.lease_numbers(session, made.node, 2026, 50)]
    return made


def write_post(folder: Path, village: Village, number: int, scan: bytes) -> None:
    """Lay a bundle and its chunks down as files ``number-place.kind.node``."""
    made = village.seal_application(SERVICE, [scan])
    for place, (kind, payload) in enumerate([(Up.BUNDLE, made.message), *((Up.CHUNK, each) for each in made.chunks)]):
        (folder / "post" / f"{number:03d}-{place:03d}.{kind}.{village.node}").write_bytes(payload)


def read_post(folder: Path) -> list[Incoming]:
    found = []
    for path in sorted((folder / "post").iterdir()):
        _, kind, node = path.name.split(".")
        found.append(Incoming(up(NodeId(node), Up(kind)), path.read_bytes()))
    return found


def log_key_of(folder: Path) -> bytes:
    return load_log_key(settings_of(folder).keys_dir).public_key().public_bytes_raw()


def tell(line: str) -> None:
    os.write(1, line.encode() + b"\n")


@dataclass
class Teller:
    """A carrier that tells which receipts left the hub."""

    told: list[bytes] = field(default_factory=list)
    say: Callable[[str], None] = tell

    def receive(self, most: int, linger_s: float, idle_s: float) -> list[Incoming]:  # noqa: ARG002  # a carrier
        return []

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """The broker forgets nothing here: everything comes again."""

    def publish(self, messages: Sequence[Outgoing]) -> None:
        for message in messages:
            if message.topic.endswith("/receipt"):
                self.told.append(message.payload)
                self.say("ACK " + base64.b64encode(message.payload).decode())


def make_runner(
    folder: Path, carrier: Teller, url: str = "", wait: Callable[[float], object] = lambda _: None
) -> IntakeRunner:
    settings = settings_of(folder, url)
    context = make_intake(settings, make_stores(settings), make_ports(settings))
    return IntakeRunner(context, carrier, Pace(most=4, linger_s=0, quota=WIDE), wait)


def take_in(runner: IntakeRunner, folder: Path, most: int = 4) -> None:
    """Do what the intake does at its start, then bring everything."""
    runner.sweep()
    messages = read_post(folder)
    for place in range(0, len(messages), most):
        runner.step(messages[place : place + most])
    runner.sweep()


def _lax() -> None:
    engine._PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")  # type: ignore[assignment]


def _do_nothing(folder: Path) -> None:
    del folder


def _no_folder_sync() -> None:
    files.sync_folder = _do_nothing
    from hub.storage import blobs  # noqa: PLC0415  # it has the function by name

    blobs.sync_folder = _do_nothing  # type: ignore[attr-defined]


def _no_file_sync() -> None:
    real, descriptors = os.fsync, "/proc/self/fd/"

    def fsync(descriptor: int) -> None:
        if "/.part." not in os.readlink(f"{descriptors}{descriptor}"):  # noqa: PTH115  # of a descriptor
            real(descriptor)

    os.fsync = fsync  # type: ignore[assignment]


MUTANTS: Mapping[str, Callable[[], None]] = {
    "synchronous=NORMAL": _lax,
    "folders not flushed": _no_folder_sync,
    "files not flushed": _no_file_sync,
}


def arm(wanted: str) -> None:
    """Let the process end at the so-manieth passing of a place."""
    name, times = wanted.split(":")
    left = int(times)

    def passing(point: str) -> None:
        nonlocal left
        left -= point == name
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    crash.HOOKS.append(passing)


def main() -> None:
    """Take in the post of a site."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url", default="")
    parser.add_argument("--crash", default="")
    parser.add_argument("--mutant", default="")
    given = parser.parse_args()
    if given.mutant:
        MUTANTS[given.mutant]()
    runner = make_runner(given.folder, Teller(), given.url)
    if given.crash:
        arm(given.crash)
    tell("READY")
    take_in(runner, given.folder)
    tell("DONE")


if __name__ == "__main__":
    main()
