"""Every golden message against every reader: each is read by the readers of its own kind and by no other."""

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol import chunks, enrolment, mailbox, renewal
from protocol.bundle import open_stored, parse_manifest
from protocol.checkpoint import LogKey
from protocol.envelope import KeyFinder, Purpose
from protocol.errors import ProtocolError
from protocol.health import verify_beacon, verify_health
from protocol.ids import HubId, NodeId, key_id
from protocol.receipt import verify_receipt
from protocol.sealing import parse_sealed
from protocol.vectors import make

NODE, HUB = NodeId("3314012001-01"), HubId("3314")
KEYS = [bytes.fromhex(key["public"]) for key in json.loads(make.read("keys.json")).values() if "public" in key]
BY_KID = {key_id(key): Ed25519PublicKey.from_public_bytes(key) for key in KEYS}
ANY: KeyFinder = BY_KID.get
"""Knows every key for every purpose: only form and purpose keep the kinds apart here."""
LOG = LogKey.parse(json.loads(make.read("keys.json"))["log_verifier"])
CODE = enrolment.derive_code_keys(json.loads(make.read("enrolment.json"))["code"])


def from_hub(purpose: Purpose) -> Callable[[bytes], object]:
    return lambda raw: mailbox.verify_from_hub(raw, purpose=purpose, find_key=ANY)


READERS: dict[str, Callable[[bytes], object]] = {
    "manifest": parse_manifest,
    "signed": lambda raw: open_stored(raw, find_node_key=ANY, find_officer_key=ANY),
    "sealed": parse_sealed,
    "chunk": chunks.parse_chunk,
    "receipt": lambda raw: verify_receipt(raw, log=LOG),
    "request": lambda raw: enrolment.open_request(enrolment.parse_authenticated(raw), CODE),
    "answer": lambda raw: enrolment.open_answer(raw, CODE),
    "mail": lambda raw: mailbox.verify_mail(raw, node=NODE, find_key=ANY),
    "health": lambda raw: verify_health(raw, node=NODE, find_key=ANY),
    "notice": lambda raw: mailbox.verify_notice(raw, node=NODE, find_key=ANY),
    "beacon": lambda raw: verify_beacon(raw, hub=HUB, find_key=ANY),
    "need": from_hub(Purpose.NEED),
    "control": from_hub(Purpose.CONTROL),
    "refusal": from_hub(Purpose.REFUSAL),
    "officer": from_hub(Purpose.OFFICER),
    "door": lambda raw: renewal.verify_door_request(raw, node=NODE, find_key=ANY),
    "certificate": lambda raw: renewal.verify_certificate(raw, node=NODE, find_key=ANY),
}


def messages() -> dict[str, str]:
    """Return one golden message of each kind, by the name of its reader; ``inner`` ones travel in others only."""
    bundle, enrol, said = (json.loads(make.read(f"{name}.json")) for name in ("bundle", "enrolment", "messages"))
    arrived = json.loads(make.read("receipts.json"))["receipts"]["arrived"]
    pieces = json.loads(make.read("chunks.json"))
    by_purpose = {
        kind: said[f"application/simpul-{kind}+cbor"]["envelope"] for kind in ("notice", "control", "refusal")
    }
    return {
        **{name: bundle[name] for name in ("manifest", "signed", "sealed")},
        "inner officer envelope": bundle["officer_envelope"],
        **{name: enrol[name] for name in ("request", "answer")},
        "inner poll": enrol["poll"],
        "receipt": arrived["receipt"],
        **{f"inner {name}": arrived[name] for name in ("entry", "subject", "proof")},
        "chunk": pieces["chunks"][0]["hex"],
        "need": pieces["need"]["envelope"],
        **by_purpose,
        **{kind: said[f"application/simpul-{kind}+cbor"]["envelope"] for kind in ("beacon", "officer", "mail")},
        **{name: json.loads(make.read("renewal.json"))[name] for name in ("door", "certificate")},
        "health": said["health"]["birth"]["envelope"],
        "inner notice": said["application/simpul-notice+cbor"]["payload"],
    }


MESSAGES = messages()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_is_read_as_what_it_is_alone(kind: str, reader: str) -> None:
    raw = bytes.fromhex(MESSAGES[kind])
    if kind == reader:
        assert READERS[reader](raw) is not None
        return
    with pytest.raises(ProtocolError):
        READERS[reader](raw)


def test_every_reader_has_its_message() -> None:
    assert set(READERS) <= set(MESSAGES)
