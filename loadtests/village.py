"""A village that seals bundles as a node does, with the contract's own functions and no disk."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from loadtests.forms import FilledForm, fill_form
from protocol.bundle import Attachment, Manifest, sign_manifest
from protocol.catalogue import Requirement, Service
from protocol.checkpoint import CheckpointRef
from protocol.chunks import ChunkSealer, chunk_count, plain_chunk
from protocol.enrolment import HubKeys
from protocol.ids import FieldKey, NodeId, OfficerId, RegistrationNo, crockford, key_id, tracking_commitment
from protocol.mailbox import NumberLease
from protocol.sealing import SealTo, seal

Change = Callable[[Manifest], Manifest]
Scanner = Callable[[Requirement], bytes]
Box = Callable[[bytes, bytes, SealTo], bytes]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A bundle as it would lie in an outbox."""

    bundle: bytes
    manifest: Manifest
    signed: bytes
    message: bytes
    chunks: Sequence[bytes]


@dataclass(kw_only=True)
class Village:
    """Keys and counters of one node and one officer."""

    node: NodeId
    hub: HubKeys
    officer: OfficerId
    numbers: list[NumberLease]
    random: Random
    node_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    sealing_key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    """Opens what is personal in the mailbox."""
    officer_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    box: Box = seal
    """Closes the box; a simulation hands in one that is repeatable."""
    checkpoint: CheckpointRef | None = None
    counter: int = 0
    previous: bytes | None = None

    def seal_application(
        self,
        service: Service,
        files: Sequence[bytes] | Scanner = (b"scan",),
        change: Change = lambda manifest: manifest,
    ) -> Made:
        """Fill in, sign and seal one application, its requirements shown by ``files`` in turn, or by what it returns.

        ``change`` may spoil the manifest before it is signed.
        """
        content_key = self.random.randbytes(32)
        form = fill_form(service, self.random)
        wanted = [item for item in form.requirements for _ in range(item.min_files)]
        if callable(files):
            contents = [files(requirement) for requirement in wanted]
        else:
            contents = [files[place % len(files)] for place in range(len(wanted))]
        manifest = change(self._manifest(service, form, _attachments(wanted, contents), content_key))
        signed = sign_manifest(manifest, officer_key=self.officer_key, node_key=self.node_key)
        self.counter, self.previous = manifest.counter, signed.bundle
        return Made(
            bundle=signed.bundle,
            manifest=manifest,
            signed=signed.signed,
            message=self.box(signed.signed, content_key, self._seal_to(signed.bundle)),
            chunks=_seal_files(contents, content_key, signed.bundle),
        )

    def _manifest(
        self, service: Service, form: FilledForm, attachments: list[Attachment], content_key: bytes
    ) -> Manifest:
        counter = self.counter + 1
        return Manifest(
            hub=self.hub.hub,
            node=self.node,
            village=self.node.village,
            officer=self.officer,
            counter=counter,
            previous=self.previous,
            checkpoint=self.checkpoint,
            claimed_at=1_795_000_000_000 + counter,
            registration_no=self._next_number(),
            service=service.code,
            service_version=service.version,
            applicant=form.applicant,
            answers={FieldKey(key): value for key, value in form.answers.items()},
            handed_in=[item.key for item in form.requirements],
            attachments=attachments,
            consents=[],
            tracking=tracking_commitment(crockford(self.random.randbytes(10))),
            content_key=hashlib.sha256(content_key).digest(),
            salt=self.random.randbytes(32),
        )

    def _next_number(self) -> RegistrationNo:
        """Return the number for the next counter out of the leased blocks, in their order."""
        place = self.counter
        for block in self.numbers:
            size = block.last - block.first + 1
            if place < size:
                return RegistrationNo.build(self.hub.hub, block.year, block.first + place)
            place -= size
        message = "no leased number is left"
        raise LookupError(message)

    def _seal_to(self, bundle: bytes) -> SealTo:
        public = self.hub.sealing_key
        return SealTo(
            hub=self.hub.hub,
            kid=key_id(public),
            public_key=X25519PublicKey.from_public_bytes(public),
            node=self.node,
            bundle=bundle,
        )


def _attachments(wanted: Sequence[Requirement], contents: Sequence[bytes]) -> list[Attachment]:
    return [
        Attachment(
            requirement=requirement.key,
            name=f"berkas-{position + 1}",
            media_type=str(requirement.media_types[0]),
            size=len(content),
            sha256=hashlib.sha256(content).digest(),
            chunks=chunk_count(len(content)),
        )
        for position, (requirement, content) in enumerate(zip(wanted, contents, strict=True))
    ]


def _seal_files(files: Sequence[bytes], content_key: bytes, bundle: bytes) -> list[bytes]:
    sealed = []
    for position, content in enumerate(files):
        count = chunk_count(len(content))
        sealer = ChunkSealer(content_key, bundle, position, count)
        sealed += [sealer.seal(index, plain_chunk(index, content)) for index in range(count)]
    return sealed
