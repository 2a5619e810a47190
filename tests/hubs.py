"""A whole hub without processes: real database, real keys, real catalogue; the carrier is a list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy.orm import Session

from hub.catalogue.catalogue import Catalogue
from hub.intake.asking import Question
from hub.intake.assembly import assemble
from hub.intake.carrier import Incoming, Outgoing
from hub.intake.context import HubSecrets, IntakeContext, Stores
from hub.intake.reading import AcceptedBundle
from hub.intake.receipts import LogSigner
from hub.intake.service import Processed, process
from hub.registry import service as registry
from hub.storage.blobs import FileBlobStore
from hub.storage.engine import Database
from hub.storage.hubkeys import create_keys, load_log_key, load_message_key, load_sealing_keys, public_keys
from hub.storage.keyring import Keyring
from loadtests.village import Made, Village
from protocol.checkpoint import LogKey
from protocol.errors import ActNotAllowedError, ProtocolError
from protocol.health import Health
from protocol.ids import HubId, NodeId, OfficerId, VillageCode, crockford
from protocol.mailbox import Mail, OfficerRequest
from protocol.notices import Act
from protocol.receipt import VerifiedReceipt, verify_receipt
from protocol.topics import Up, up

HUB = HubId("3314")
CATALOGUE = Catalogue.load()
YEAR = 2026
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that stands still until it is moved."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def now_ms(self) -> int:
        return int(self.time.timestamp() * 1000)

    def move(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class SeededRandomness:
    """Randomness from a seed."""

    random: Random

    def token(self, size: int) -> bytes:
        return self.random.randbytes(size)


@dataclass
class TestHub:
    """An intake with everything behind it."""

    __test__ = False

    context: IntakeContext
    clock: SetClock
    randomness: SeededRandomness
    directory: Path
    cases: list[AcceptedBundle] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    healths: list[Health] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    allowed_acts: set[str] = field(default_factory=lambda: {"handed_over", "told"})
    questions: dict[bytes, Question] = field(default_factory=dict)
    """What is asked about the case of a first bundle; an accepted correction answers it."""

    @property
    def database(self) -> Database:
        return self.context.stores.database

    @property
    def log(self) -> LogKey:
        return LogKey.parse(public_keys(self.directory / "keys", HUB).log)

    def enrol(self, village: str, seed: int = 0) -> Village:
        """Enter a node with one certified officer and 5,000 numbers."""
        made = Village(
            node=NodeId(f"{VillageCode(village).dotless}-01"),
            hub=public_keys(self.directory / "keys", HUB),
            officer=OfficerId(f"o-{crockford(self.randomness.token(10))}"),
            numbers=[],
            random=Random(f"{village} {seed}"),
        )
        decision = registry.Decision(now=self.clock.now(), by="test", randomness=self.randomness)
        with self.database.session() as session:
            new = registry.NewNode(
                village=VillageCode(village),
                signing_key=made.node_key.public_key().public_bytes_raw(),
                sealing_key=made.sealing_key.public_key().public_bytes_raw(),
                program="test",
            )
            made.node = registry.enrol_node(session, new, decision).node_id
            request = OfficerRequest(
                officer=made.officer, name="Petugas", public_key=made.officer_key.public_key().public_bytes_raw()
            )
            registry.request_officers(session, made.node, [request], self.clock.now())
            registry.certify_officer(session, made.officer, decision, self.context.secrets.message)
            made.numbers = [registry.lease_numbers(session, made.node, YEAR, 5_000)]
        return made

    def take_in(self, accepted: Sequence[AcceptedBundle]) -> None:
        """Do what casework does: a correction answers what was asked."""
        self.cases += accepted
        for each in accepted:
            if each.manifest.corrects is not None:
                self.questions.pop(each.manifest.corrects, None)

    def receive(self, *messages: Incoming) -> Processed:
        """Process one batch."""
        return process(self.context, messages)

    def deliver(self, village: Village, made: Made) -> list[VerifiedReceipt]:
        """Bring a bundle with all its chunks and return the verified receipts."""
        processed = self.receive(bundle_of(village, made), *chunks_of(village, made))
        return self.receipts([*processed.outgoing, *assemble(self.context, processed.ready)])

    def receipts(self, outgoing: Sequence[Outgoing]) -> list[VerifiedReceipt]:
        """Return the receipts among these messages, verified as a node does it."""
        found = []
        for message in outgoing:
            if message.topic.endswith("/down/receipt"):
                try:
                    found.append(verify_receipt(message.payload, log=self.log))
                except ProtocolError:
                    continue
        return found


def make_hub(directory: Path, database_url: str) -> TestHub:
    """Build a hub in an empty directory on an empty database."""
    clock, randomness = SetClock(), SeededRandomness(Random(1))
    create_keys(directory / "keys", randomness)
    database = Database(database_url)
    database.migrate()
    hub: TestHub

    def open_cases(_: Session, __: datetime, accepted: Sequence[AcceptedBundle]) -> None:
        hub.take_in(accepted)

    def on_act(_: Session, __: datetime, act: Act) -> None:
        if act.kind not in hub.allowed_acts:
            raise ActNotAllowedError
        hub.acts.append(act)

    def on_mail(_: Session, __: datetime, mail: Mail) -> list[Outgoing]:
        hub.mails.append(mail)
        return []

    def on_health(_: Session, __: datetime, healths: Sequence[Health]) -> list[Outgoing]:
        hub.healths.extend(healths)
        return []

    context = IntakeContext(
        hub=HUB,
        stores=_stores(directory, database),
        secrets=_secrets(directory),
        catalogue=CATALOGUE,
        clock=clock,
        randomness=randomness,
        open_cases=open_cases,
        asked_for=lambda _, first: hub.questions.get(first),
        on_mail=on_mail,
        on_act=on_act,
        fetch_pieces=lambda _, __, ___: [],
        on_health=on_health,
    )
    hub = TestHub(context=context, clock=clock, randomness=randomness, directory=directory)
    return hub


def _stores(directory: Path, database: Database) -> Stores:
    keyring = Keyring.open(directory / "keys")
    return Stores(database=database, keyring=keyring, blobs=FileBlobStore(directory / "blobs"))


def _secrets(directory: Path) -> HubSecrets:
    return HubSecrets(
        sealing=load_sealing_keys(directory / "keys"),
        message=load_message_key(directory / "keys"),
        log=LogSigner(key=load_log_key(directory / "keys"), origin=f"simpul/{HUB}"),
    )


def bundle_of(village: Village, made: Made) -> Incoming:
    """Return the message that carries a bundle."""
    return Incoming(up(village.node, Up.BUNDLE), made.message)


def chunks_of(village: Village, made: Made) -> list[Incoming]:
    """Return the messages that carry its chunks."""
    return [Incoming(up(village.node, Up.CHUNK), chunk) for chunk in made.chunks]
