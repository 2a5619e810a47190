"""The fixed keys and messages that the vectors are made of. Seeds are public: never use these keys for anything."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.bundle import Applicant, Attachment, Consent, Manifest
from protocol.checkpoint import CheckpointRef, LogKey
from protocol.chunks import chunk_count
from protocol.health import RUN_BYTES, Figures, Health, HealthKind
from protocol.ids import FieldKey, HubId, NodeId, OfficerId, RegistrationNo, ServiceCode, tracking_commitment

HUB = HubId("3314")
NODE = NodeId("3314012001-01")
OFFICER = OfficerId("o-0123456789ABCDEF")
TIME_MS = 1_795_000_000_000
LOG_NAME = f"simpul/{HUB}"
TRACKING_CODE = "0123456789ABCDEF"


def seed(name: str) -> bytes:
    """Return the 32 bytes that a name stands for: keys, salts and content alike."""
    return hashlib.sha256(f"simpul vectors: {name}".encode()).digest()


def signing_key(name: str) -> Ed25519PrivateKey:
    """Return the signing key of a name."""
    return Ed25519PrivateKey.from_private_bytes(seed(name))


def public(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """Return the raw public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


OFFICER_KEY, NODE_KEY, LOG_KEY, MESSAGE_KEY = (signing_key(name) for name in ("officer", "node", "log", "message"))
PERMIT_KEY = signing_key("permit")
SEALING_KEY, NODE_SEALING_KEY = (
    X25519PrivateKey.from_private_bytes(seed(name)) for name in ("sealing", "node sealing")
)
LOG = LogKey(name=LOG_NAME, public_key=LOG_KEY.public_key())
CONTENT_KEY = seed("content key")
SALT = seed("receipt salt")


def content(size: int) -> bytes:
    """Return the bytes of a sample file: place modulo 251."""
    return bytes(place % 251 for place in range(size))


FILES = {"ktp": content(20), "site_plan": content(100_000)}


def _attachment(requirement: str, name: str, media_type: str) -> Attachment:
    data = FILES[requirement]
    return Attachment(
        requirement=FieldKey(requirement),
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).digest(),
        chunks=chunk_count(len(data)),
    )


def manifest(named: CheckpointRef | None) -> Manifest:
    """Return the sample manifest, which names this checkpoint."""
    return Manifest(
        hub=HUB,
        node=NODE,
        village=NODE.village,
        officer=OFFICER,
        counter=7,
        previous=seed("bundle before"),
        checkpoint=named,
        claimed_at=TIME_MS,
        registration_no=RegistrationNo.build(HUB, 2026, 1234),
        service=ServiceCode("IMB"),
        service_version=1,
        applicant=Applicant(
            name="Contoh Ma'ruf", nik="3314990101900001", phone="+6281234567", address="Dk. Contoh RT 02"
        ),
        answers={FieldKey("building_area"): 72, FieldKey("is_corner"): False, FieldKey("use"): "rumah tinggal"},
        handed_in=[FieldKey("ktp"), FieldKey("site_plan")],
        attachments=[
            _attachment("ktp", "KTP.jpg", "image/jpeg"),
            _attachment("site_plan", "denah.pdf", "application/pdf"),
        ],
        consents=[Consent(purpose=FieldKey("notify_by_phone"), text_version=1)],
        tracking=tracking_commitment(TRACKING_CODE),
        content_key=hashlib.sha256(CONTENT_KEY).digest(),
        salt=seed("manifest salt"),
    )


def health(kind: HealthKind) -> Health:
    """Return a report with every figure that there is; the last will has none, since it is signed at connect."""
    figures = Figures(
        ram_free_mb=1_500,
        disk_total_mb=120_000,
        battery_percent=80,
        on_mains=True,
        clock_offset_ms=-1_200,
        rtt_ms=640,
        lost_percent=3,
        certificate_days=300,
        backup_age_h=20,
        sign_ins=4,
        failed_sign_ins=1,
    )
    return Health(
        kind=kind,
        node=NODE,
        session=TIME_MS,
        claimed_at=TIME_MS,
        program="0.1.0",
        last_counter=7,
        waiting=1,
        waiting_bytes=100_020,
        oldest_waiting_s=60,
        disk_free_mb=20_000,
        run=seed("run")[:RUN_BYTES],
        figures=None if kind is HealthKind.DEATH else figures,
    )
