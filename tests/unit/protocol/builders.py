"""Keys from fixed seeds and genuine messages of every kind, for tests that then spoil them."""

import hashlib
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol import bundle, merkle, receipt
from protocol.checkpoint import Checkpoint, CheckpointRef, LogKey, sign_checkpoint
from protocol.chunks import chunk_count
from protocol.ids import FieldKey, HubId, NodeId, OfficerId, RegistrationNo, ServiceCode, key_id, tracking_commitment
from protocol.receipt import ReceiptKind
from protocol.sealing import Opened, SealedBundle, SealTo, open_sealed, parse_sealed, seal
from protocol.wire import to_bytes

HUB = HubId("3314")
NODE = NodeId("3314012001-01")
OTHER_NODE = NodeId("3314012002-01")
OFFICER = OfficerId("o-0123456789ABCDEF")
CONTENT_KEY = hashlib.sha256(b"content key").digest()
SALT = hashlib.sha256(b"salt").digest()


def signing_key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def agreement_key(name: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


NODE_KEY, OFFICER_KEY, LOG_KEY, HUB_KEY = (signing_key(name) for name in ("node", "officer", "log", "hub"))
SEALING_KEY = agreement_key("sealing")
LOG = LogKey(name="simpul/3314", public_key=LOG_KEY.public_key())


def an_attachment(content: bytes = b"scan", requirement: str = "ktp") -> bundle.Attachment:
    return bundle.Attachment(
        requirement=FieldKey(requirement),
        name="KTP.jpg",
        media_type="image/jpeg",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        chunks=chunk_count(len(content)),
    )


A_MANIFEST = bundle.Manifest(
    hub=HUB,
    node=NODE,
    village=NODE.village,
    officer=OFFICER,
    counter=1,
    previous=None,
    checkpoint=None,
    claimed_at=1_795_000_000_000,
    registration_no=RegistrationNo.build(HUB, 2026, 1234),
    service=ServiceCode("D-SKU"),
    service_version=1,
    applicant=bundle.Applicant(name="Ma'ruf", nik="3314990101900001", phone=None, address="Dk. Krajan RT 02"),
    answers={FieldKey("business"): "warung", FieldKey("since"): 2019},
    handed_in=[FieldKey("ktp")],
    attachments=[an_attachment()],
    consents=[],
    tracking=tracking_commitment("0123456789ABCDEF"),
    content_key=hashlib.sha256(CONTENT_KEY).digest(),
    salt=SALT,
)


def a_manifest(**changes: object) -> bundle.Manifest:
    return msgspec.structs.replace(A_MANIFEST, **changes)


def a_signed_manifest(**changes: object) -> bundle.SignedManifest:
    return bundle.sign_manifest(a_manifest(**changes), officer_key=OFFICER_KEY, node_key=NODE_KEY)


def seal_to(made: bundle.SignedManifest, node: NodeId = NODE, hub: HubId = HUB) -> SealTo:
    public = SEALING_KEY.public_key()
    kid = key_id(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return SealTo(hub=hub, kid=kid, public_key=public, node=node, bundle=made.bundle)


def a_sealed_bundle(**changes: object) -> tuple[SealedBundle, Opened]:
    made = a_signed_manifest(**changes)
    sealed = parse_sealed(seal(made.signed, CONTENT_KEY, seal_to(made)))
    return sealed, open_sealed(sealed, SEALING_KEY)


@dataclass(frozen=True)
class Log:
    """A small log in memory: leaf hashes, and the proofs over them."""

    leaves: tuple[bytes, ...]

    def read(self, level: int, index: int) -> bytes:
        return merkle.root_of(self.leaves[index << level : (index + 1) << level])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        count = len(self.leaves) if size is None else size
        return sign_checkpoint(LOG.name, count, merkle.root_of(self.leaves[:count]), LOG_KEY)

    def named(self, size: int) -> CheckpointRef:
        return CheckpointRef(size=size, root=merkle.root_of(self.leaves[:size]))


def a_subject(kind: ReceiptKind = ReceiptKind.ARRIVED, **changes: object) -> receipt.Subject:
    made = receipt.Subject(
        kind=kind,
        bundle=a_signed_manifest().bundle,
        node=NODE,
        counter=1,
        registration_no=A_MANIFEST.registration_no,
    )
    return msgspec.structs.replace(made, **changes)


def an_entry(subject: receipt.Subject, salt: bytes = SALT, **changes: object) -> bytes:
    made = receipt.Entry(
        kind=f"bundle.{subject.kind}",
        time=1_795_000_001_000,
        commitment=receipt.commitment(salt, to_bytes(subject)),
        village=NODE.village,
        service=A_MANIFEST.service,
    )
    return to_bytes(msgspec.structs.replace(made, **changes))


def a_log(entry: bytes, *, size: int = 21, index: int = 12) -> Log:
    entries = [b"entry %d" % number for number in range(size)]
    entries[index] = entry
    return Log(tuple(map(merkle.leaf_hash, entries)))


def a_receipt(
    kind: ReceiptKind = ReceiptKind.ARRIVED, *, size: int = 21, index: int = 12, named: int | None = 7, code: str = ""
) -> bytes:
    """Make a receipt for entry ``index`` of a log whose other entries never change."""
    plain = a_log(b"", size=size, index=index)
    assert named is None or named <= index, "a checkpoint that is named is older than the entry"
    subject = a_subject(kind, named=None if named is None else plain.named(named), code=code)
    entry = an_entry(subject)
    log = a_log(entry, size=size, index=index)
    root = receipt.sign_root(log.checkpoint(), LOG_KEY)
    link = None
    if named is not None:
        link = receipt.ConsistencyProof(size=named, path=merkle.consistency_path(named, size, log.read))
    return receipt.make_receipt(
        entry=entry,
        salt=SALT,
        subject=to_bytes(subject),
        proof=receipt.inclusion_receipt(root, index, merkle.inclusion_path(index, size, log.read)),
        checkpoint=root.checkpoint,
        link=link,
    )
