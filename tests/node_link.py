"""A carrier for tests that leads straight to the hub stand-in, which opens what the node really sealed."""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from protocol.bundle import VerifiedBundle, verify_bundle
from protocol.chunks import ChunkSealer, join, parse_chunk
from protocol.envelope import load_public_key, one_key, public_bytes
from protocol.health import Health, verify_health
from protocol.ids import key_id
from protocol.mailbox import Mail, verify_mail
from protocol.sealing import open_sealed, parse_sealed
from protocol.topics import Up
from tests.hub_stand_in import Answer, HubStandIn
from tests.node_stand import NodeStand
from village_node.identity.hub import load_enrolled
from village_node.identity.tables import Officer
from village_node.sync.carrier import Deliver, Greeting, Outbound
from village_node.sync.rules import messages as m
from village_node.sync.rules.pacing import Limits
from village_node.sync.runner import NodeParts, Runner


class OpeningHub:
    """The hub stand-in, reading real messages of one node."""

    def __init__(self, hub: HubStandIn, stand: NodeStand) -> None:
        self.hub = hub
        self._node_key = one_key(load_public_key(stand.keys.public_signing_key))
        self._stand = stand
        self.opened: dict[bytes, VerifiedBundle] = {}
        self.files: dict[tuple[bytes, int], dict[int, bytes]] = {}
        self.mails: list[Mail] = []
        self.healths: list[Health] = []
        hub.find_officer = self._find_officer

    def take(self, message: Outbound) -> list[Answer]:
        match message.kind:
            case Up.BUNDLE:
                return self._bundle(message.payload)
            case Up.CHUNK:
                return self._chunk(message.payload)
            case Up.MAIL:
                self.mails.append(verify_mail(message.payload, node=self.hub.node, find_key=self._node_key))
                return self.hub.mail(self.mails[-1])
            case _:
                self.healths.append(verify_health(message.payload, node=self.hub.node, find_key=self._node_key))
                return []

    def file(self, bundle: bytes, position: int) -> bytes:
        """Return a whole attachment as the hub has it."""
        parts = self.files[bundle, position]
        described = self.opened[bundle].manifest.attachments[position]
        return join([parts[index] for index in range(described.chunks)], described.sha256)

    def _bundle(self, payload: bytes) -> list[Answer]:
        sealed = parse_sealed(payload)
        found = verify_bundle(
            sealed,
            open_sealed(sealed, self.hub.sealing_key),
            find_node_key=self._node_key,
            find_officer_key=self._find_officer,
        )
        self.opened[found.bundle] = found
        manifest = found.manifest
        return self.hub.manifest(
            m.ItemFacts(
                bundle=found.bundle,
                message_digest=hashlib.sha256(payload).digest(),
                counter=manifest.counter,
                registration_no=manifest.registration_no,
                named=manifest.checkpoint,
                chunks=tuple(item.chunks for item in manifest.attachments),
            )
        )

    def _chunk(self, payload: bytes) -> list[Answer]:
        chunk = parse_chunk(payload)
        bundle = self.opened[chunk.bundle]
        count = bundle.manifest.attachments[chunk.attachment].chunks
        sealer = ChunkSealer(bundle.content_key, chunk.bundle, chunk.attachment, count)
        place = self.files.setdefault((chunk.bundle, chunk.attachment), {})
        place[chunk.index] = sealer.open(chunk.index, chunk.box)
        return self.hub.chunk(chunk.bundle, chunk.attachment, chunk.index)

    def _find_officer(self, kid: bytes) -> Ed25519PublicKey | None:
        with self._stand.database.reading() as session:
            keys = [load_public_key(raw) for raw in session.scalars(select(Officer.public_key))]
        return next((key for key in keys if key_id(public_bytes(key)) == kid), None)


class DirectCarrier:
    """Hands messages to the hub and its answers back, in the test's own thread."""

    def __init__(self, hub: OpeningHub) -> None:
        self.hub = hub
        self.is_up = True
        self.published: list[Outbound] = []
        self._deliver: Deliver | None = None

    def start(self, deliver: Deliver, greet: Callable[[], Greeting]) -> None:
        self._deliver = deliver
        session = greet().session
        deliver(lambda: m.Connected(session))

    def publish(self, message: Outbound) -> None:
        self.published.append(message)
        if not self.is_up or self._deliver is None:
            return
        if message.token is not None:
            token = message.token
            self._deliver(lambda: m.Acknowledged(token))
        for kind, raw in self.hub.take(message):
            self._deliver(lambda kind=kind, raw=raw: m.Received(kind, raw))  # type: ignore[misc]

    def reconnect(self) -> None:
        """Stay: this link never breaks by itself."""

    def hurry(self) -> None:
        """There is no wait to cut short."""

    def stop(self, farewell: Outbound | None) -> None:
        if farewell is not None:
            self.publish(farewell)
        self._deliver = None


def parts_of(stand: NodeStand) -> NodeParts:
    """Return what a runner needs, from what is on the stand's disk."""
    with stand.database.reading() as session:
        enrolled = load_enrolled(session)
    return NodeParts(
        database=stand.database,
        files=stand.files,
        documents=stand.documents,
        parcels=stand.parcels,
        clock=stand.clock,
        randomness=stand.randomness,
        keys=stand.keys,
        enrolled=enrolled,
        data_dir=stand.directory,
        limits=Limits(),
    )


def runner_of(stand: NodeStand, carrier: DirectCarrier) -> Runner:
    """Return a runner over what is on the stand's disk."""
    return Runner(parts_of(stand), carrier)
