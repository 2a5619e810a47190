"""Every parser that meets bytes from outside, as a function of bytes; and what it may answer."""

import io
from collections.abc import Callable, Mapping
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy.simpul_verify import check_permit, check_receipt, parse_log_key
from protocol import codec, cosignature, documents, enrolment, mailbox, notices, parcel, permit, renewal, requests
from protocol.bundle import parse_manifest, verify_bundle
from protocol.checkpoint import verify_checkpoint
from protocol.chunks import Need, parse_chunk
from protocol.enrolment import derive_code_keys, parse_authenticated
from protocol.envelope import KeyFinder, Purpose, one_key, peek_kid, sign, verify
from protocol.health import verify_beacon, verify_health
from protocol.ids import HubId, NodeId
from protocol.receipt import verify_receipt
from protocol.sealing import BodyContext, Opened, open_body, open_sealed, parse_sealed
from protocol.topics import parse_up
from protocol.wire import from_bytes
from tests.unit.protocol.test_vectors import LOG, finder, golden
from village_node.register import spreadsheet

Parse = Callable[[bytes], object]
NODE, HUB = NodeId("3314012001-01"), HubId("3314")
SEALING = X25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PERMIT = SIGNER.public_key()
MOST = 262_144


def _text(parse: Callable[[str], object]) -> Parse:
    return lambda raw: parse(raw.decode("utf-8", "replace"))


def _parcel(raw: bytes) -> None:
    source = io.BytesIO(raw)
    parcel.read_header(source)
    list(parcel.read_frames(source))


def _sealed(raw: bytes) -> object:
    return open_sealed(parse_sealed(raw), SEALING)


def _bundle(raw: bytes) -> object:
    sealed = parse_sealed(bytes.fromhex(golden("bundle")["sealed"]))
    opened = Opened(signed=raw, content_key=bytes(32))
    return verify_bundle(sealed, opened, find_node_key=finder("node"), find_officer_key=finder("officer"))


def _signed(purpose: Purpose, parse: Callable[[bytes, KeyFinder], object]) -> Parse:
    """Let the signer himself be hostile: whatever the bytes are, the signature over them holds."""
    find = one_key(PERMIT)
    return lambda raw: parse(sign(raw, key=SIGNER, purpose=purpose), find)


def _forms(kind: type, most: int = MOST) -> Parse:
    return lambda raw: from_bytes(raw, kind, max_bytes=most)


def _witness() -> cosignature.WitnessKey:
    return cosignature.WitnessKey(name="witness.example", public_key=PERMIT)


TARGETS: Mapping[str, Parse] = {
    "codec": lambda raw: codec.decode(raw, max_bytes=MOST),
    "codec map": lambda raw: codec.decode_map(raw, max_bytes=MOST),
    "envelope": lambda raw: verify(raw, purpose=Purpose.MAIL, find_key=finder("node"), max_bytes=MOST),
    "envelope's signer": lambda raw: peek_kid(raw, purpose=Purpose.BUNDLE, max_bytes=MOST),
    "sealed bundle": _sealed,
    "sealed body": lambda raw: open_body(raw, SEALING, BodyContext(hub=HUB, node=NODE, kind="act")),
    "manifest": parse_manifest,
    "bundle": _bundle,
    "chunk": parse_chunk,
    "need": _forms(Need),
    "receipt": lambda raw: verify_receipt(raw, log=LOG),
    "checkpoint": _text(lambda text: verify_checkpoint(text, LOG)),
    "cosignature": _text(lambda text: cosignature.verify_cosignature(golden("checkpoints")["plain"], text, _witness())),
    "notice": lambda raw: mailbox.verify_notice(raw, node=NODE, find_key=finder("message")),
    "notice inside": _forms(mailbox.Notice),
    "mail": lambda raw: mailbox.verify_mail(raw, node=NODE, find_key=finder("node")),
    "mail inside": _forms(mailbox.Mail),
    "act": lambda raw: notices.verify_act(raw, node=NODE, find_officer_key=finder("officer")),
    "decision": notices.read_decision,
    "correction": notices.read_correction,
    "health": lambda raw: verify_health(raw, node=NODE, find_key=finder("node")),
    "beacon": lambda raw: verify_beacon(raw, hub=HUB, find_key=finder("message")),
    "document piece": documents.parse_piece,
    "parcel": _parcel,
    "permit": lambda raw: permit.verify_facts(raw, PERMIT),
    "permit's QR code": _text(permit.read_qr),
    "revocations": lambda raw: permit.verify_revocations(raw, PERMIT),
    "document's seal": lambda raw: permit.verify_seal(raw, PERMIT, b"file"),
    "enrolment at the door": parse_authenticated,
    "enrolment code": _text(lambda text: derive_code_keys(text[:200])),
    "enrolment answer": lambda raw: enrolment.open_answer(raw, derive_code_keys("0123456789ABCDEF")),
    "renewal at the door": lambda raw: renewal.verify_door_request(raw, node=NODE, find_key=finder("node")),
    "certificate notice": lambda raw: renewal.verify_certificate(raw, node=NODE, find_key=finder("message")),
    "planned outage": requests.read_maintenance,
    "broadcast": requests.read_broadcast,
    "request": requests.read_request,
    "topic": _text(parse_up),
    "stranger's receipt": lambda raw: check_receipt(raw, parse_log_key(golden("keys")["log_verifier"])),
    "stranger's permit": _text(lambda text: check_permit(text, PERMIT.public_bytes_raw(), date(2026, 11, 24))),
    "signed mail": _signed(Purpose.MAIL, lambda raw, find: mailbox.verify_mail(raw, node=NODE, find_key=find)),
    "signed notice": _signed(Purpose.NOTICE, lambda raw, find: mailbox.verify_notice(raw, node=NODE, find_key=find)),
    "signed health": _signed(Purpose.HEALTH, lambda raw, find: verify_health(raw, node=NODE, find_key=find)),
    "signed beacon": _signed(Purpose.BEACON, lambda raw, find: verify_beacon(raw, hub=HUB, find_key=find)),
    "signed act": _signed(Purpose.ACT, lambda raw, find: notices.verify_act(raw, node=NODE, find_officer_key=find)),
    "signed permit": _signed(Purpose.PERMIT, lambda raw, _: permit.verify_facts(raw, PERMIT)),
    "register": lambda raw: list(spreadsheet.read(raw)),
}
