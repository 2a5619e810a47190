"""The golden files: the code still makes the same bytes, and reads them back from the files alone."""

import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy import simpul_verify
from protocol import bundle, chunks, codec, enrolment, ids, mailbox, merkle, notices, parcel, permit, topics
from protocol.checkpoint import LogKey, verify_checkpoint
from protocol.envelope import KeyFinder, Purpose, load_public_key, one_key, public_bytes, verify
from protocol.errors import MalformedError
from protocol.health import verify_beacon, verify_health
from protocol.ids import HubId, NodeId
from protocol.limits import CHUNK_BYTES
from protocol.receipt import ReceiptKind, verify_receipt
from protocol.sealing import BodyContext, open_body, open_sealed, parse_sealed
from protocol.vectors import make
from protocol.vectors.build import FILES
from protocol.wire import Wire, from_bytes

NODE, HUB = NodeId("3314012001-01"), HubId("3314")


def golden(name: str, *path: str) -> dict[str, str]:
    """Return a part of a golden file in which all values are text."""
    found = json.loads(make.read(f"{name}.json"))
    for step in path:
        found = found[step]
    return {key: str(value) for key, value in found.items()}


def finder(name: str) -> KeyFinder:
    return one_key(Ed25519PublicKey.from_public_bytes(bytes.fromhex(golden("keys", name)["public"])))


LOG = LogKey.parse(golden("keys")["log_verifier"])
BUNDLE = {name: bytes.fromhex(value) for name, value in golden("bundle").items()}


@pytest.mark.parametrize("name", FILES)
def test_the_code_makes_the_same_bytes(name: str) -> None:
    assert make.render(name) == make.read(name), "run `make vectors` and look at what changed"


def test_a_box_that_does_not_open_is_made_anew() -> None:
    for recorded in ("", "00", BUNDLE["sealed"][:-1].hex()):
        assert FILES["bundle.json"]({"sealed": recorded})["sealed"] not in {recorded, BUNDLE["sealed"].hex()}


def test_cbor() -> None:
    for raw in map(bytes.fromhex, golden("cbor", "accepted").values()):
        assert codec.encode(codec.decode(raw, max_bytes=100)) == raw
    for name in golden("cbor", "refused"):
        case = golden("cbor", "refused", name)
        assert case["code"] == "malformed"
        with pytest.raises(MalformedError):
            codec.decode(bytes.fromhex(case["hex"]), max_bytes=100)


def test_names() -> None:
    for number, made in golden("names", "registration_numbers").items():
        assert ids.RegistrationNo(made).number == int(number)
    listed = json.loads(make.read("names.json"))["topics"]
    assert [topics.parse_up(topic).kind for topic in listed if "/up/" in topic] == list(topics.Up)
    tracking = golden("names", "tracking")
    assert ids.tracking_commitment(tracking["code"]).hex() == tracking["commitment"]


@pytest.mark.parametrize("purpose", Purpose)
def test_envelopes(purpose: Purpose) -> None:
    raw = bytes.fromhex(golden("envelopes", "envelopes")[purpose])
    verified = verify(raw, purpose=purpose, find_key=finder("node"), max_bytes=1_000)
    assert verified.payload.hex() == golden("envelopes")["payload"]


def test_the_bundle_opens() -> None:
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(golden("keys", "sealing")["seed"]))
    sealed = parse_sealed(BUNDLE["sealed"])
    opened = open_sealed(sealed, key)
    verified = bundle.verify_bundle(sealed, opened, find_node_key=finder("node"), find_officer_key=finder("officer"))
    assert (verified.signed, verified.bundle) == (BUNDLE["signed"], BUNDLE["bundle"])
    assert (verified.manifest.node, verified.manifest.counter) == (NODE, 7)
    assert verified.manifest == bundle.parse_manifest(BUNDLE["manifest"])


def test_the_chunks_open() -> None:
    for chunk in json.loads(make.read("chunks.json"))["chunks"]:
        if "hex" in chunk:
            parsed = chunks.parse_chunk(bytes.fromhex(chunk["hex"]))
            sealer = chunks.ChunkSealer(BUNDLE["content_key"], BUNDLE["bundle"], chunk["attachment"], chunk["count"])
            plain = sealer.open(chunk["index"], parsed.box)
            size = len(plain) + chunk["index"] * CHUNK_BYTES
            assert plain == bytes(place % 251 for place in range(size))[chunk["index"] * CHUNK_BYTES :]
    raw = bytes.fromhex(golden("chunks", "need")["envelope"])
    payload = mailbox.verify_from_hub(raw, purpose=Purpose.NEED, find_key=finder("message"))
    assert len(from_bytes(payload, chunks.Need, max_bytes=1_000).ranges) == 2


def test_the_tree() -> None:
    roots = {int(size): bytes.fromhex(root) for size, root in golden("merkle", "roots").items()}
    found = json.loads(make.read("merkle.json"))
    for place, path in found["inclusion"].items():
        index, size = map(int, place.split(" in "))
        leaf = merkle.leaf_hash(bytes([index]))
        assert merkle.root_from_inclusion(leaf, index, size, list(map(bytes.fromhex, path))) == roots[size]
    for place, path in found["consistency"].items():
        old, new = map(int, place.split(" to "))
        merkle.check_consistency((old, roots[old]), (new, roots[new]), list(map(bytes.fromhex, path)))


def test_checkpoints() -> None:
    notes = golden("checkpoints")
    assert [verify_checkpoint(notes[name], LOG).size for name in ("empty", "plain", "cosigned")] == [0, 9, 9]


@pytest.mark.parametrize("kind", ReceiptKind)
def test_receipts(kind: ReceiptKind) -> None:
    raw = bytes.fromhex(golden("receipts", "receipts", kind)["receipt"])
    verified = verify_receipt(raw, log=LOG)
    assert (verified.subject.kind, verified.subject.bundle, verified.index) == (kind, BUNDLE["bundle"], 9)
    stated = simpul_verify.check_receipt(raw, simpul_verify.parse_log_key(LOG.verifier))
    signers = [bytes.fromhex(golden("keys", name)["public"]) for name in ("node", "officer")]
    assert simpul_verify.check_bundle(BUNDLE["signed"], signers, stated)["service"] == "IMB"


def test_messages() -> None:
    found = {purpose: bytes.fromhex(golden("messages", purpose)["envelope"]) for purpose in hub_purposes()}
    notice = mailbox.verify_notice(found[Purpose.NOTICE], node=NODE, find_key=finder("message"))
    assert from_bytes(notice.body, mailbox.NumberLease, max_bytes=100).last == 1400
    assert verify_beacon(found[Purpose.BEACON], hub=HUB, find_key=finder("message")).number == 3
    kinds: dict[Purpose, type[Wire]] = {
        Purpose.CONTROL: mailbox.Control,
        Purpose.REFUSAL: mailbox.Refusal,
        Purpose.OFFICER: mailbox.OfficerCertificate,
    }
    for purpose, kind in kinds.items():
        payload = mailbox.verify_from_hub(found[purpose], purpose=purpose, find_key=finder("message"))
        assert isinstance(from_bytes(payload, kind, max_bytes=1_000), kind)
    raw = bytes.fromhex(golden("messages", Purpose.MAIL)["envelope"])
    assert mailbox.verify_mail(raw, node=NODE, find_key=finder("node")).cursor == 1
    for name in golden("messages", "health"):
        raw = bytes.fromhex(golden("messages", "health", name)["envelope"])
        assert verify_health(raw, node=NODE, find_key=finder("node")).kind == name


def hub_purposes() -> Iterator[Purpose]:
    yield from (Purpose.NOTICE, Purpose.CONTROL, Purpose.REFUSAL, Purpose.BEACON, Purpose.OFFICER)


def test_enrolment() -> None:
    found = golden("enrolment")
    keys = enrolment.derive_code_keys(found["code"])
    assert (keys.code_id.hex(), keys.request_key.hex()) == (found["code_id"], found["request_key"])
    request = enrolment.open_request(enrolment.parse_authenticated(bytes.fromhex(found["request"])), keys)
    answer = enrolment.open_answer(bytes.fromhex(found["answer"]), keys)
    assert (request.code_id, answer.node) == (keys.code_id, NODE)
    assert found["fingerprint"] == enrolment.fingerprint(request.signing_key)


def test_cases() -> None:
    found = json.loads(make.read("cases.json"))
    boxes = {kind: {name: bytes.fromhex(text) for name, text in box.items()} for kind, box in found["boxes"].items()}
    for kind, reader in (("correction", "node sealing"), ("decision", "node sealing"), ("act", "sealing")):
        key = X25519PrivateKey.from_private_bytes(bytes.fromhex(golden("keys", reader)["seed"]))
        context = BodyContext(hub=HUB, node=NODE, kind=kind)
        assert open_body(boxes[kind]["sealed"], key, context) == boxes[kind]["plain"]
    assert notices.read_correction(boxes["correction"]["plain"]).reason == "data_differs"
    assert notices.read_decision(boxes["decision"]["plain"]).number == "500.16/0001/2026"
    act = notices.verify_act(boxes["act"]["plain"], node=NODE, find_officer_key=finder("officer"))
    assert act.kind == notices.ActKind.HANDED_OVER
    corrected = bundle.parse_manifest(bytes.fromhex(found["correction"]["manifest"]))
    assert (corrected.counter, corrected.corrects) == (8, act.bundle)
    news = from_bytes(bytes.fromhex(found["case"]), notices.CaseNews, max_bytes=1_000)
    assert (news.bundle, news.due_on) == (act.bundle, "2026-12-09")


def test_the_parcel() -> None:
    source = io.BytesIO(bytes.fromhex(golden("parcel")["file"]))
    assert parcel.read_header(source).direction is parcel.Direction.UP
    (frame,) = parcel.read_frames(source)
    mail = mailbox.verify_mail(frame.payload, node=NODE, find_key=finder("node"))
    assert (frame.kind, mail.documents[0].ranges[0].end) == ("mail", 2)


def test_permits() -> None:
    found = json.loads(make.read("permits.json"))
    key = load_public_key(bytes.fromhex(golden("keys", "permit")["public"]))
    for plain, text in found["base45"].items():
        assert permit.base45_decode(text) == plain.encode()
    facts, mark = permit.verify_facts(permit.read_qr(found["facts"]["qr"]), key)
    assert (facts.number, mark.hex()) == ("400.7.22/012/DPMPTSP/XI/2026", found["facts"]["mark"])
    part = permit.verify_revocations(bytes.fromhex(found["list"][0]), key)
    assert (part.number, [each.mark for each in part.revoked]) == (2, [mark])
    seal = bytes.fromhex(found["seal"]["envelope"])
    assert permit.verify_seal(seal, key, bytes.fromhex(found["seal"]["file"])).mark == mark
    stated = simpul_verify.check_permit(found["facts"]["qr"], public_bytes(key), date(2026, 12, 1))
    assert stated["mark"] == mark.hex()


def test_the_files_hold_nobody() -> None:
    applicant = bundle.parse_manifest(BUNDLE["manifest"]).applicant
    assert (applicant.nik, applicant.name) == ("3314990101900001", "Contoh Ma'ruf")  # subdistrict 99 does not exist
