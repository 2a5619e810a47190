"""Computes every golden vector. Pure: returns plain JSON values, in which bytes stand as lower-case hex."""

import base64
import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import bundle, chunks, codec, enrolment, health, ids, mailbox, merkle, receipt, topics
from protocol.catalogue import OfficeCode
from protocol.checkpoint import Checkpoint, CheckpointRef, sign_checkpoint
from protocol.envelope import Purpose, sign
from protocol.errors import ProtocolError
from protocol.receipt import ReceiptKind
from protocol.sealing import SealTo, open_sealed, parse_sealed, seal
from protocol.vectors import samples as s
from protocol.vectors.cases import cases, parcels
from protocol.vectors.permits import permits
from protocol.vectors.renewals import renewals
from protocol.vectors.requests import requested
from protocol.wire import Wire, to_bytes

Json = dict[str, object]

ACCEPTED = {
    "zero": 0,
    "23 in one byte": 23,
    "24 in two bytes": 24,
    "2^53": 2**53,
    "-2^53": -(2**53),
    "empty bytes": b"",
    "text with an accent": "é",
    "array": [1, [2, None], True],
    "keys by length, then by bytes": {"b": 1, "aa": 2, "c": 3},
    "integer keys": {1: "a", 24: "b"},
}
REFUSED = {
    "long form of 23": "1817",
    "2^53 + 1": "1b0020000000000001",
    "bignum": "c249010000000000000000",
    "float": "f93c00",
    "NaN": "f97e00",
    "undefined": "f7",
    "tag 1": "c100",
    "tag 35": "d82362282b",
    "duplicate key": "a2616101616102",
    "keys out of order": "a2616201616101",
    "mixed keys": "a2010161610a",
    "indefinite array": "9f00ff",
    "trailing byte": "0000",
    "overlong UTF-8": "62c080",
    "lone surrogate": "63eda080",
    "not NFC": "6361cc81",
    "nine levels": "81" * 9 + "00",
    "array of 2^40": "9b0000010000000000",
}


def keys(_: Json) -> Json:
    """Return the fixed keys."""
    pairs: dict[str, Ed25519PrivateKey | X25519PrivateKey] = {
        "officer": s.OFFICER_KEY,
        "node": s.NODE_KEY,
        "log": s.LOG_KEY,
        "message": s.MESSAGE_KEY,
    }
    pairs["permit"] = s.PERMIT_KEY
    pairs["sealing"] = s.SEALING_KEY
    pairs["node sealing"] = s.NODE_SEALING_KEY
    found: Json = {
        name: {"seed": s.seed(name).hex(), "public": s.public(key).hex(), "kid": ids.key_id(s.public(key)).hex()}
        for name, key in pairs.items()
    }
    return {**found, "log_verifier": s.LOG.verifier, "log_key_hash": s.LOG.hash.hex()}


def cbor(_: Json) -> Json:
    """Return bytes inside and outside of the strict profile."""
    return {
        "accepted": {name: codec.encode(value).hex() for name, value in ACCEPTED.items()},
        "refused": {name: {"hex": raw, "code": _code(bytes.fromhex(raw))} for name, raw in REFUSED.items()},
    }


def _code(raw: bytes) -> str:
    try:
        codec.decode(raw, max_bytes=len(raw))
    except ProtocolError as error:
        return error.code
    return ""


def names(_: Json) -> Json:
    """Return codes, check digits and topics."""
    code = ids.crockford(bytes(range(10)))
    numbers = {str(number): ids.RegistrationNo.build(s.HUB, 2026, number) for number in (1, 2, 1234, 9_999_999)}
    return {
        "registration_numbers": {number: str(made) for number, made in numbers.items()},
        "crockford": {"hex": bytes(range(10)).hex(), "code": code, "printed": ids.grouped(code)},
        "tracking": {"code": s.TRACKING_CODE, "commitment": ids.tracking_commitment(s.TRACKING_CODE).hex()},
        "topics": [
            *(topics.up(s.NODE, kind) for kind in topics.Up),
            *(topics.down(s.NODE, kind) for kind in topics.Down),
        ],
        "subscriptions": [topics.down_filter(s.NODE), topics.up_filter(s.HUB), topics.up_filter(s.HUB, "331401")],
        "beacon": topics.beacon(s.HUB),
    }


def envelopes(_: Json) -> Json:
    """Return one payload signed for each purpose by one key."""
    payload = codec.encode({"v": 1})
    signed = {str(purpose): sign(payload, key=s.NODE_KEY, purpose=purpose).hex() for purpose in Purpose}
    return {"key": "node", "payload": payload.hex(), "envelopes": signed}


# --- the bundle ------------------------------------------------------------------------------------------------------


def _signed() -> bundle.SignedManifest:
    manifest = s.manifest(_named())
    return bundle.sign_manifest(manifest, officer_key=s.OFFICER_KEY, node_key=s.NODE_KEY)


def _seal_to(made: bundle.SignedManifest) -> SealTo:
    kid = ids.key_id(s.public(s.SEALING_KEY))
    return SealTo(hub=s.HUB, kid=kid, public_key=s.SEALING_KEY.public_key(), node=s.NODE, bundle=made.bundle)


def bundles(stored: Json) -> Json:
    """Return a manifest on its way into the box; ``stored`` is the file before, whose box is kept if it opens."""
    recorded = str(stored.get("sealed", ""))
    made = _signed()
    kid = ids.key_id(s.public(s.SEALING_KEY))
    header = [1, 1, str(s.HUB), kid, str(s.NODE), made.bundle]
    return {
        "manifest": to_bytes(s.manifest(_named())).hex(),
        "officer_envelope": sign(to_bytes(s.manifest(_named())), key=s.OFFICER_KEY, purpose=Purpose.MANIFEST).hex(),
        "signed": made.signed.hex(),
        "bundle": made.bundle.hex(),
        "content_key": s.CONTENT_KEY.hex(),
        "hpke_info": (b"simpul/v1/hpke\0" + codec.encode(header)).hex(),
        "sealed": recorded if _opens(recorded, made) else seal(made.signed, s.CONTENT_KEY, _seal_to(made)).hex(),
    }


def _opens(recorded: str, made: bundle.SignedManifest) -> bool:
    try:
        sealed = parse_sealed(bytes.fromhex(recorded))
        opened = open_sealed(sealed, s.SEALING_KEY)
    except ProtocolError:
        return False
    return (sealed.bundle, opened.signed, opened.content_key) == (made.bundle, made.signed, s.CONTENT_KEY)


def pieces(_: Json) -> Json:
    """Return the chunks of the sample's files; the long ones by their digest."""
    made, found = _signed(), []
    for place, (requirement, data) in enumerate(s.FILES.items()):
        count = chunks.chunk_count(len(data))
        sealer = chunks.ChunkSealer(s.CONTENT_KEY, made.bundle, place, count)
        for index in range(count):
            raw = sealer.seal(index, chunks.plain_chunk(index, data))
            shown: Json = {"hex": raw.hex()} if len(raw) <= 2_000 else {"sha256": hashlib.sha256(raw).hexdigest()}  # noqa: PLR2004  # what a reader can take in
            found.append({"requirement": requirement, "attachment": place, "index": index, "count": count, **shown})
    need = chunks.Need(bundle=made.bundle, ranges=chunks.missing_ranges(1, 3, [1]))
    return {"chunks": found, "need": _sign(need, Purpose.NEED, s.MESSAGE_KEY)}


# --- the ledger ------------------------------------------------------------------------------------------------------


def trees(_: Json) -> Json:
    """Return roots and proofs of a small log whose entry n is the one byte n."""
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(13)]
    read = _reader(leaves)
    return {
        "roots": {str(size): merkle.root_of(leaves[:size]).hex() for size in range(14)},
        "inclusion": {
            f"{index} in {size}": [step.hex() for step in merkle.inclusion_path(index, size, read)]
            for index, size in ((0, 1), (0, 7), (6, 7), (3, 8), (12, 13))
        },
        "consistency": {
            f"{old} to {new}": [step.hex() for step in merkle.consistency_path(old, new, read)]
            for old, new in ((0, 13), (4, 7), (6, 7), (7, 13), (8, 13), (13, 13))
        },
    }


def _reader(leaves: list[bytes]) -> merkle.NodeReader:
    return lambda level, index: merkle.root_of(leaves[index << level : (index + 1) << level])


def _leaves(entry: bytes = b"") -> list[bytes]:
    """Return the leaf hashes of the sample log: nine entries of others, then this one."""
    return [merkle.leaf_hash(s.seed(f"entry {number}")) for number in range(9)] + (
        [merkle.leaf_hash(entry)] if entry else []
    )


def _named() -> CheckpointRef:
    return CheckpointRef(size=6, root=merkle.root_of(_leaves()[:6]))


def _subject(kind: ReceiptKind) -> receipt.Subject:
    made = _signed()
    codes = {
        ReceiptKind.REJECTED: "answers_invalid",
        ReceiptKind.RETURNED: str(receipt.ReturnReason.DOCUMENT_UNREADABLE),
        ReceiptKind.DECIDED: str(receipt.Outcome.ISSUED),
    }
    acted = kind in (ReceiptKind.COMPLETE, ReceiptKind.RETURNED, ReceiptKind.CUSTODY, ReceiptKind.DECIDED)
    return receipt.Subject(
        kind=kind,
        bundle=made.bundle,
        node=s.NODE,
        counter=7,
        registration_no=s.manifest(_named()).registration_no,
        missing_attachments=2 if kind is ReceiptKind.ARRIVED else 0,
        code=codes.get(kind, ""),
        office="front-office" if acted else "",
        message=s.seed("message") if kind is ReceiptKind.REJECTED else None,
        named=None if kind is ReceiptKind.REJECTED else _named(),
    )


def receipts(_: Json) -> Json:
    """Return one receipt of each kind, with its parts."""
    return {"log": s.LOG.verifier, "receipts": {str(kind): _receipt(kind) for kind in ReceiptKind}}


def _receipt(kind: ReceiptKind) -> Json:
    subject = to_bytes(_subject(kind))
    entry = to_bytes(
        receipt.Entry(
            kind=f"bundle.{kind}",
            time=s.TIME_MS + 60_000,
            commitment=receipt.commitment(s.SALT, subject),
            village=s.NODE.village,
            service=s.manifest(None).service,
        )
    )
    leaves = _leaves(entry)
    checkpoint = _checkpoint(leaves)
    proof = receipt.inclusion_receipt(
        receipt.sign_root(checkpoint, s.LOG_KEY), 9, merkle.inclusion_path(9, 10, _reader(leaves))
    )
    link = None
    if kind is not ReceiptKind.REJECTED:
        link = receipt.ConsistencyProof(size=6, path=merkle.consistency_path(6, 10, _reader(leaves)))
    raw = receipt.make_receipt(entry=entry, salt=s.SALT, subject=subject, proof=proof, checkpoint=checkpoint, link=link)
    parts = {"entry": entry, "subject": subject, "salt": s.SALT, "proof": proof, "receipt": raw}
    return {**{name: part.hex() for name, part in parts.items()}, "checkpoint": checkpoint.text}


def _checkpoint(leaves: list[bytes]) -> Checkpoint:
    return sign_checkpoint(s.LOG_NAME, len(leaves), merkle.root_of(leaves), s.LOG_KEY)


def checkpoints(_: Json) -> Json:
    """Return checkpoints of the sample log, one of them with a witness's line."""
    plain = _checkpoint(_leaves()).text
    stamp = base64.b64encode(s.seed("witness key")[:4] + s.seed("witness")[:8] + bytes(64)).decode()
    return {
        "log": s.LOG.verifier,
        "empty": _checkpoint([]).text,
        "plain": plain,
        "cosigned": f"{plain}— witness.example/w1 {stamp}\n",
    }


# --- other messages --------------------------------------------------------------------------------------------------


def _sign(message: Wire, purpose: Purpose, key: Ed25519PrivateKey) -> Json:
    payload = to_bytes(message)
    return {"payload": payload.hex(), "envelope": sign(payload, key=key, purpose=purpose).hex()}


def _certificate() -> mailbox.OfficerCertificate:
    return mailbox.OfficerCertificate(
        officer=s.OFFICER, node=s.NODE, public_key=s.public(s.OFFICER_KEY), issued_at=s.TIME_MS
    )


def _lease() -> mailbox.NumberLease:
    return mailbox.NumberLease(year=2026, first=1201, last=1400)


def messages(_: Json) -> Json:
    """Return one message of each kind between node and hub."""
    hub_says: dict[Purpose, Wire] = {
        Purpose.NOTICE: mailbox.Notice(
            node=s.NODE, number=1, kind=mailbox.NoticeKind.LEASE, time=s.TIME_MS, body=to_bytes(_lease())
        ),
        Purpose.CONTROL: mailbox.Control(node=s.NODE, old_size=6, new_size=9, path=[s.seed("path")]),
        Purpose.REFUSAL: mailbox.Refusal(
            node=s.NODE, message=s.seed("message"), code="chunk_auth", bundle=_signed().bundle
        ),
        Purpose.BEACON: health.Beacon(hub=s.HUB, number=3, time=s.TIME_MS, checkpoint=_checkpoint(_leaves()).text),
        Purpose.OFFICER: _certificate(),
    }
    mail = mailbox.Mail(
        node=s.NODE,
        cursor=1,
        proof=mailbox.ProofRequest(old_size=6, new_size=9),
        officers=[
            mailbox.OfficerRequest(officer=s.OFFICER, name="Contoh Perangkat", public_key=s.public(s.OFFICER_KEY))
        ],
        free_numbers=180,
    )
    found: Json = {str(purpose): _sign(message, purpose, s.MESSAGE_KEY) for purpose, message in hub_says.items()}
    return {**found, str(Purpose.MAIL): _sign(mail, Purpose.MAIL, s.NODE_KEY), "health": _healths()}


def _healths() -> Json:
    return {str(kind): _sign(s.health(kind), Purpose.HEALTH, s.NODE_KEY) for kind in health.HealthKind}


def enrolments(_: Json) -> Json:
    """Return an enrolment from the code to the answer."""
    code = enrolment.make_code(bytes(range(10)))
    derived = enrolment.derive_code_keys(code)
    officer = mailbox.OfficerRequest(officer=s.OFFICER, name="Contoh Perangkat", public_key=s.public(s.OFFICER_KEY))
    request = enrolment.EnrolmentRequest(
        code_id=derived.code_id,
        csr=b"DER",
        signing_key=s.public(s.NODE_KEY),
        sealing_key=s.public(s.NODE_SEALING_KEY),
        officers=[officer],
        program="0.1.0",
    )
    answer = enrolment.EnrolmentAnswer(
        node=s.NODE,
        village=s.NODE.village,
        village_name="Desa Contoh",
        subdistrict_name="Kecamatan Contoh",
        certificate="PEM",
        authority="PEM",
        broker_host="hub.example",
        broker_port=8883,
        keys=enrolment.HubKeys(
            hub=s.HUB,
            log=s.LOG.verifier,
            message_key=s.public(s.MESSAGE_KEY),
            sealing_key=s.public(s.SEALING_KEY),
            permit_key=s.public(s.PERMIT_KEY),
        ),
        checkpoint=_checkpoint(_leaves()).text,
        officers=[sign(to_bytes(_certificate()), key=s.MESSAGE_KEY, purpose=Purpose.OFFICER)],
        leases=[_lease()],
        services=[],
        offices=[enrolment.OfficeName(code=OfficeCode("one-stop"), name="DPMPTSP")],
    )
    return {
        "code": ids.grouped(code),
        "code_id": derived.code_id.hex(),
        "request_key": derived.request_key.hex(),
        "response_key": derived.response_key.hex(),
        "request": enrolment.authenticate(request, derived.request_key).hex(),
        "answer": enrolment.authenticate(answer, derived.response_key).hex(),
        "poll": to_bytes(enrolment.EnrolmentPoll(code_id=derived.code_id)).hex(),
        "fingerprint": enrolment.fingerprint(s.public(s.NODE_KEY)),
    }


FILES: dict[str, Callable[[Json], Json]] = {
    "keys.json": keys,
    "cbor.json": cbor,
    "names.json": names,
    "envelopes.json": envelopes,
    "bundle.json": bundles,
    "chunks.json": pieces,
    "merkle.json": trees,
    "checkpoints.json": checkpoints,
    "receipts.json": receipts,
    "messages.json": messages,
    "cases.json": cases,
    "parcel.json": parcels,
    "permits.json": permits,
    "requests.json": requested,
    "enrolment.json": enrolments,
    "renewal.json": renewals,
}
"""Every golden file with what computes it. The argument is the file as stored: boxes in it are kept if they open."""
