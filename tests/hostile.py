"""Messages that the hub must refuse, each with its stable code: used against the intake alone and over real brokers."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from hub.intake.carrier import Incoming
from hub.intake.early import EARLY_CHUNKS
from hub.registry import service as registry
from loadtests.village import Change, Village
from protocol import codec
from protocol.bundle import Manifest, bundle_id
from protocol.catalogue import Service
from protocol.chunks import Chunk, ChunkSealer
from protocol.envelope import TAG_SIGN1, Purpose, sign
from protocol.ids import FieldKey, RegistrationNo, ServiceCode
from protocol.limits import MAX_BUNDLE_MESSAGE_BYTES
from protocol.sealing import parse_sealed, seal
from protocol.topics import Up, up
from protocol.wire import to_bytes
from tests.hubs import CATALOGUE, HUB, TestHub, bundle_of, chunks_of

SERVICE = CATALOGUE.service("D-SKU", 1)


@dataclass(frozen=True)
class Scene:
    """A hub with a village, and another village to be confused with it."""

    hub: TestHub
    village: Village
    neighbour: Village

    def bundle(self, payload: bytes) -> list[Incoming]:
        """Send bytes as if they were a bundle."""
        return [Incoming(up(self.village.node, Up.BUNDLE), payload)]

    def spoilt(self, change: Change, service: Service = SERVICE) -> list[Incoming]:
        """Send a well-signed bundle whose manifest was changed before signing."""
        return [bundle_of(self.village, self.village.seal_application(service, change=change))]

    def resealed(self, signed: bytes, content_key: bytes = b"k" * 32) -> list[Incoming]:
        """Seal any bytes as the village would."""
        return self.bundle(seal(signed, content_key, self.village._seal_to(bundle_id(signed))))


Spoil = Callable[[Scene], list[Incoming]]


def _oversize(scene: Scene) -> list[Incoming]:
    return scene.bundle(b"\x00" * (MAX_BUNDLE_MESSAGE_BYTES + 1))


def _wrong_field(scene: Scene) -> list[Incoming]:
    return scene.bundle(codec.encode({"v": 1, "hub": "3314"}))


def _next_version(scene: Scene) -> list[Incoming]:
    return scene.bundle(codec.encode({"v": 2}))


def _algorithm(scene: Scene) -> list[Incoming]:
    protected = codec.encode({1: -8, 3: str(Purpose.BUNDLE), 4: b"k" * 16})
    return scene.resealed(TAG_SIGN1 + codec.encode([protected, {}, b"x", b"s" * 64]))


def _purpose(scene: Scene) -> list[Incoming]:
    return scene.resealed(sign(b"x", key=scene.village.node_key, purpose=Purpose.HEALTH))


def _foreign_key(scene: Scene) -> list[Incoming]:
    return scene.resealed(sign(b"x", key=Ed25519PrivateKey.generate(), purpose=Purpose.BUNDLE))


def _bad_signature(scene: Scene) -> list[Incoming]:
    signed = scene.village.seal_application(SERVICE).signed
    return scene.resealed(signed[:-1] + bytes([signed[-1] ^ 1]))


def _damaged_box(scene: Scene) -> list[Incoming]:
    message = scene.village.seal_application(SERVICE).message
    sealed = parse_sealed(message)
    return scene.bundle(to_bytes(replace(sealed, box=sealed.box[:-1] + bytes([sealed.box[-1] ^ 1]))))


def _unknown_sealing_key(scene: Scene) -> list[Incoming]:
    sealed = parse_sealed(scene.village.seal_application(SERVICE).message)
    return scene.bundle(to_bytes(replace(sealed, kid=b"?" * 16)))


def _other_village(scene: Scene) -> list[Incoming]:
    return scene.spoilt(lambda manifest: replace(manifest, village=scene.neighbour.node.village))


def _unknown_officer(scene: Scene) -> list[Incoming]:
    scene.village.officer_key = Ed25519PrivateKey.generate()
    return scene.spoilt(lambda manifest: manifest)


def _neighbours_officer(scene: Scene) -> list[Incoming]:
    scene.village.officer_key = scene.neighbour.officer_key
    return scene.spoilt(lambda manifest: replace(manifest, officer=scene.neighbour.officer))


def _revoked_officer(scene: Scene) -> list[Incoming]:
    with scene.hub.database.session() as session:
        registry.revoke_officer(session, scene.village.officer, _decision(scene))
    return scene.spoilt(lambda manifest: manifest)


def _revoked_node(scene: Scene) -> list[Incoming]:
    with scene.hub.database.session() as session:
        registry.revoke_node(session, scene.village.node, _decision(scene))
    return scene.spoilt(lambda manifest: manifest)


def _conflict(scene: Scene) -> list[Incoming]:
    made = scene.village.seal_application(SERVICE)
    scene.hub.receive(bundle_of(scene.village, made))
    return scene.spoilt(lambda manifest: replace(manifest, counter=made.manifest.counter))


def _number_of(number: int) -> Change:
    def change(manifest: Manifest) -> Manifest:
        return replace(manifest, registration_no=RegistrationNo.build(HUB, 2026, number))

    return change


def _used_number(scene: Scene) -> list[Incoming]:
    made = scene.village.seal_application(SERVICE)
    scene.hub.receive(bundle_of(scene.village, made))
    return scene.spoilt(_number_of(made.manifest.registration_no.number))


def _drop_answer(manifest: Manifest) -> Manifest:
    kept = list(manifest.answers.items())[1:]
    return replace(manifest, answers=dict(kept))


def _chunk(scene: Scene, *, index: int = 0, box: bytes = b"") -> list[Incoming]:
    made = scene.village.seal_application(SERVICE)
    chunk = Chunk(bundle=made.bundle, attachment=0, index=index, box=box)
    return [bundle_of(scene.village, made), Incoming(up(scene.village.node, Up.CHUNK), to_bytes(chunk))]


def _neighbours_chunk(scene: Scene) -> list[Incoming]:
    made = scene.village.seal_application(SERVICE)
    stolen = chunks_of(scene.neighbour, made)[0]
    return [bundle_of(scene.village, made), stolen]


def _chunks_without_manifest(scene: Scene) -> list[Incoming]:
    topic = up(scene.village.node, Up.CHUNK)
    chunks = [
        Chunk(bundle=number.to_bytes(32, "big"), attachment=0, index=0, box=b"x" * 20)
        for number in range(EARLY_CHUNKS + 1)
    ]
    return [Incoming(topic, to_bytes(chunk)) for chunk in chunks]


def _wrong_file(scene: Scene) -> list[Incoming]:
    content_key, wrong = b"c" * 32, b"another file"

    def change(manifest: Manifest) -> Manifest:
        file = replace(manifest.attachments[0], sha256=b"0" * 32, size=len(wrong))
        return replace(
            manifest,
            attachments=[file, *manifest.attachments[1:]],
            content_key=hashlib.sha256(content_key).digest(),
        )

    made = scene.village.seal_application(SERVICE, change=change)
    chunk = ChunkSealer(content_key, made.bundle, 0, 1).seal(0, wrong)
    return [*scene.resealed(made.signed, content_key), Incoming(up(scene.village.node, Up.CHUNK), chunk)]


def _decision(scene: Scene) -> registry.Decision:
    return registry.Decision(now=scene.hub.clock.now(), by="test", randomness=scene.hub.randomness)


BUNDLE_CODES: Mapping[str, tuple[str, Spoil]] = {
    "no CBOR": ("malformed", lambda scene: scene.bundle(b"{}")),
    "indefinite length": ("malformed", lambda scene: scene.bundle(b"\xbf\xff")),
    "too large": ("too_large", _oversize),
    "fields missing": ("schema", _wrong_field),
    "next version": ("version", _next_version),
    "another algorithm": ("algorithm", _algorithm),
    "another purpose": ("purpose", _purpose),
    "key of nobody": ("key_unknown", _foreign_key),
    "flipped bit in the signature": ("signature", _bad_signature),
    "flipped bit in the box": ("seal", _damaged_box),
    "unknown sealing key": ("sealing_key_unknown", _unknown_sealing_key),
    "manifest of another village": ("identity", _other_village),
    "officer nobody certified": ("officer_unknown", _unknown_officer),
    "officer of the neighbour": ("officer_unknown", _neighbours_officer),
    "officer revoked": ("officer_revoked", _revoked_officer),
    "counter used twice": ("counter_conflict", _conflict),
    "number of nobody": ("number_not_leased", lambda scene: scene.spoilt(_number_of(9_000_000))),
    "number used twice": ("number_used", _used_number),
    "no such service": (
        "service_unknown",
        lambda scene: scene.spoilt(lambda manifest: replace(manifest, service=ServiceCode("NOPE"))),
    ),
    "closed service": ("service_unknown", lambda scene: scene.spoilt(lambda it: it, CATALOGUE.service("IMB", 1))),
    "answer missing": ("answers_invalid", lambda scene: scene.spoilt(_drop_answer)),
    "answer nobody asked": (
        "answers_invalid",
        lambda scene: scene.spoilt(
            lambda manifest: replace(manifest, answers={**manifest.answers, FieldKey("extra"): 1})
        ),
    ),
    "files missing": (
        "attachments_invalid",
        lambda scene: scene.spoilt(lambda manifest: replace(manifest, attachments=[])),
    ),
}
"""What ends in a signed rejection, by the name of the trick."""

REFUSED_CODES: Mapping[str, tuple[str, Spoil]] = {
    "chunk out of range": ("chunk_range", lambda scene: _chunk(scene, index=5)),
    "chunk damaged": ("chunk_auth", lambda scene: _chunk(scene, box=b"x" * 40)),
    "chunk from the neighbour": ("identity", _neighbours_chunk),
    "file that is another": ("attachment_digest", _wrong_file),
    "without a manifest, too many chunks": ("quota", _chunks_without_manifest),
    "node revoked": ("node_revoked", _revoked_node),
    "mail signed by nobody": (
        "key_unknown",
        lambda scene: [
            Incoming(
                up(scene.village.node, Up.MAIL), sign(b"x", key=Ed25519PrivateKey.generate(), purpose=Purpose.MAIL)
            )
        ],
    ),
}
"""What ends in a signed refusal."""


def neighbours(hub: TestHub) -> Scene:
    """Enrol the two villages of a scene."""
    return Scene(hub, hub.enrol("33.14.01.2001"), hub.enrol("33.14.01.2002"))
