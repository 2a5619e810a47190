"""Receipts: what a genuine one says, and that no part of it can be changed, swapped or left out."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec, merkle, receipt
from protocol.checkpoint import LogKey
from protocol.errors import (
    AlgorithmError,
    CommitmentError,
    KeyUnknownError,
    MalformedError,
    ProofError,
    ProtocolError,
    SchemaError,
    SignatureError,
    TooLargeError,
    VersionError,
)
from protocol.ids import key_id
from protocol.limits import MAX_RECEIPT_BYTES
from protocol.receipt import ReceiptKind, verify_receipt
from protocol.wire import to_bytes
from tests.unit.protocol.builders import HUB_KEY, LOG, LOG_KEY, NODE, SALT, a_log, a_receipt, a_subject, an_entry
from tests.unit.protocol.cose_by_hand import Item, item

RAW = a_receipt()
PARTS = codec.decode_map(RAW, max_bytes=MAX_RECEIPT_BYTES)
PROTECTED: dict[Item, Item] = {1: -19, 4: key_id(LOG_KEY.public_key().public_bytes_raw()), 395: 1}


def changed(**parts: object) -> bytes:
    return codec.encode({**PARTS, **parts})


def proof_of(raw: bytes) -> tuple[bytes, list[object], bytes]:
    """Return protected header, inclusion proof and signature of a receipt."""
    proof = codec.decode_map(raw, max_bytes=MAX_RECEIPT_BYTES)["proof"]
    assert isinstance(proof, bytes)
    match cbor2.loads(proof[1:]):
        case [bytes() as protected, {396: {-1: [bytes() as inner]}}, None, bytes() as signature]:
            parts: list[object] = cbor2.loads(inner)
            return protected, parts, signature
    raise AssertionError(raw)


def cose(protected: bytes, inner: bytes, signature: bytes) -> bytes:
    return b"\xd2" + item([protected, {396: {-1: [inner]}}, None, signature])


@pytest.mark.parametrize("kind", ReceiptKind)
def test_a_genuine_receipt_says_what_happened(kind: ReceiptKind) -> None:
    verified = verify_receipt(a_receipt(kind, code="answers_invalid"), log=LOG)
    assert (verified.subject.kind, verified.subject.node, verified.index) == (kind, NODE, 12)
    assert (verified.entry.kind, verified.checkpoint.size) == (f"bundle.{kind}", 21)
    assert verified.subject.code == "answers_invalid"


@pytest.mark.parametrize(("size", "index", "named"), [(1, 0, None), (1, 0, 0), (2, 1, 1), (64, 63, 32), (70, 33, 33)])
def test_receipts_of_logs_of_many_sizes(size: int, index: int, named: int | None) -> None:
    verified = verify_receipt(a_receipt(size=size, index=index, named=named), log=LOG)
    assert (verified.index, verified.checkpoint.size) == (index, size)
    assert verified.subject.named is None if named is None else verified.subject.named is not None


def test_the_same_verdict_gives_the_same_bytes() -> None:
    assert a_receipt() == RAW


def test_the_proof_has_the_form_of_rfc_9942() -> None:
    protected, inner, signature = proof_of(RAW)
    assert protected == item(PROTECTED)
    assert PARTS["proof"] == cose(protected, codec.encode(inner), signature)
    LOG.public_key.verify(signature, item(["Signature1", protected, b"", verify_receipt(RAW, log=LOG).checkpoint.root]))


OTHER = codec.decode_map(a_receipt(ReceiptKind.WHOLE), max_bytes=MAX_RECEIPT_BYTES)
LATER = codec.decode_map(a_receipt(size=22), max_bytes=MAX_RECEIPT_BYTES)
UNNAMED = codec.decode_map(a_receipt(named=None), max_bytes=MAX_RECEIPT_BYTES)

SWAPPED: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "entry of another receipt": (changed(entry=OTHER["entry"]), CommitmentError),
    "subject of another receipt": (changed(subject=OTHER["subject"]), CommitmentError),
    "entry and subject of another receipt": (changed(entry=OTHER["entry"], subject=OTHER["subject"]), SignatureError),
    "another salt": (changed(salt=bytes(32)), CommitmentError),
    "proof of another receipt": (changed(proof=OTHER["proof"]), SignatureError),
    "proof of a later state": (changed(proof=LATER["proof"]), ProofError),
    "checkpoint of another receipt": (changed(checkpoint=OTHER["checkpoint"]), ProofError),
    "checkpoint of a later state": (changed(checkpoint=LATER["checkpoint"]), ProofError),
    "no link": (changed(consistency=None), ProofError),
    "link of a later state": (changed(consistency=LATER["consistency"]), ProofError),
    "link of another size": (changed(consistency={"size": 8, "path": []}), ProofError),
    "link without need": (codec.encode({**UNNAMED, "consistency": PARTS["consistency"]}), ProofError),
    "version": (changed(v=2), VersionError),
    "short salt": (changed(salt=bytes(31)), SchemaError),
    "proof as text": (changed(proof="text"), SchemaError),
    "no proof": (changed(proof=b""), MalformedError),
    "no entry": (changed(entry=b""), MalformedError),
    "subject with a trailing byte": (changed(subject=b"\xa0\0"), MalformedError),
    "no checkpoint": (changed(checkpoint=""), MalformedError),
}


@pytest.mark.parametrize("name", SWAPPED)
def test_parts_that_do_not_belong_together_are_refused(name: str) -> None:
    raw, error = SWAPPED[name]
    with pytest.raises(error):
        verify_receipt(raw, log=LOG)


@pytest.mark.parametrize("kind", [kind for kind in ReceiptKind if kind is not ReceiptKind.WHOLE])
def test_an_entry_of_another_kind_does_not_carry_the_subject(kind: ReceiptKind) -> None:
    subject = a_subject(ReceiptKind.WHOLE)
    entry = an_entry(subject, kind=f"bundle.{kind}")
    raw = changed(entry=entry, subject=to_bytes(subject))
    with pytest.raises(CommitmentError):
        verify_receipt(raw, log=LOG)


HEAD, (SIZE, INDEX, PATH), SIGNATURE = proof_of(RAW)
INNER = codec.encode([SIZE, INDEX, PATH])


def with_inner(*parts: object) -> bytes:
    return cose(HEAD, codec.encode(list(parts)), SIGNATURE)


def with_header(changes: dict[Item, Item]) -> bytes:
    return cose(item({**PROTECTED, **changes}), INNER, SIGNATURE)


PROOFS: dict[str, tuple[bytes, type[ProtocolError]]] = {
    "no tag": (cose(HEAD, INNER, SIGNATURE)[1:], MalformedError),
    "trailing byte": (cose(HEAD, INNER, SIGNATURE) + b"\0", MalformedError),
    "trailing byte in the proof": (cose(HEAD, INNER + b"\0", SIGNATURE), MalformedError),
    "a fourth part": (with_inner(SIZE, INDEX, PATH, 0), MalformedError),
    "another index": (with_inner(SIZE, 13, PATH), SignatureError),
    "index beyond the tree": (with_inner(SIZE, 21, PATH), ProofError),
    "another size": (with_inner(20, INDEX, PATH), ProofError),
    "path of short steps": (with_inner(SIZE, INDEX, [b"x"]), MalformedError),
    "path of numbers": (with_inner(SIZE, INDEX, [1]), MalformedError),
    "no path": (with_inner(SIZE, INDEX, []), ProofError),
    "negative index": (with_inner(SIZE, -1, PATH), ProofError),
    "short signature": (cose(HEAD, INNER, SIGNATURE[:-1]), SignatureError),
    "long signature": (cose(HEAD, INNER, SIGNATURE + b"\0"), SignatureError),
    "payload attached": (b"\xd2" + item([HEAD, {396: {-1: [INNER]}}, b"root", SIGNATURE]), MalformedError),
    "two proofs": (b"\xd2" + item([HEAD, {396: {-1: [INNER, INNER]}}, None, SIGNATURE]), MalformedError),
    "consistency in its place": (b"\xd2" + item([HEAD, {396: {-2: [INNER]}}, None, SIGNATURE]), MalformedError),
    "one more header": (b"\xd2" + item([HEAD, {4: b"", 396: {-1: [INNER]}}, None, SIGNATURE]), MalformedError),
    "protected as a map": (b"\xd2" + item([PROTECTED, {396: {-1: [INNER]}}, None, SIGNATURE]), MalformedError),
    "alg none": (with_header({1: 0}), AlgorithmError),
    "alg EdDSA": (with_header({1: -8}), AlgorithmError),
    "another tree algorithm": (with_header({395: 2}), AlgorithmError),
    "tree algorithm true": (cose(HEAD[:-1] + b"\xf5", INNER, SIGNATURE), AlgorithmError),
    "another kid": (with_header({4: bytes(16)}), AlgorithmError),
    "a content type": (cose(item({1: -19, 3: "x", 4: b"k", 395: 1}), INNER, SIGNATURE), AlgorithmError),
}


@pytest.mark.parametrize("name", PROOFS)
def test_another_form_of_the_proof_is_refused(name: str) -> None:
    proof, error = PROOFS[name]
    with pytest.raises(error):
        verify_receipt(changed(proof=proof), log=LOG)


def test_true_is_not_the_number_one() -> None:
    raw = a_receipt(size=1, index=0, named=None)
    protected, inner, signature = proof_of(raw)
    assert inner == [1, 0, []]
    fields = codec.decode_map(raw, max_bytes=MAX_RECEIPT_BYTES)
    twin = codec.encode({**fields, "proof": cose(protected, codec.encode([True, False, []]), signature)})
    with pytest.raises(MalformedError):
        verify_receipt(twin, log=LOG)


def test_another_log_is_not_believed() -> None:
    with pytest.raises(AlgorithmError):
        verify_receipt(RAW, log=LogKey(name=LOG.name, public_key=HUB_KEY.public_key()))
    with pytest.raises(KeyUnknownError):
        verify_receipt(RAW, log=LogKey(name="simpul/3315", public_key=LOG.public_key))


def test_a_root_that_was_signed_without_the_entry_is_refused() -> None:
    subject = a_subject()
    root = receipt.sign_root(a_log(b"another entry").checkpoint(), LOG_KEY)
    log = a_log(an_entry(subject))
    proof = receipt.inclusion_receipt(root, 12, merkle.inclusion_path(12, 21, log.read))
    with pytest.raises(SignatureError):  # A09, C11
        verify_receipt(changed(entry=an_entry(subject), subject=to_bytes(subject), proof=proof), log=LOG)


def test_a_named_checkpoint_of_another_history_is_refused() -> None:
    subject = a_subject(named=a_log(b"x", index=3).named(7))
    log = a_log(an_entry(subject))
    root = receipt.sign_root(log.checkpoint(), LOG_KEY)
    raw = receipt.make_receipt(
        entry=an_entry(subject),
        salt=SALT,
        subject=to_bytes(subject),
        proof=receipt.inclusion_receipt(root, 12, merkle.inclusion_path(12, 21, log.read)),
        checkpoint=root.checkpoint,
        link=receipt.ConsistencyProof(size=7, path=merkle.consistency_path(7, 21, log.read)),
    )
    with pytest.raises(ProofError):
        verify_receipt(raw, log=LOG)


def test_without_the_salt_the_subject_cannot_be_guessed() -> None:
    subject = to_bytes(a_subject())
    assert receipt.commitment(bytes(32), subject) != receipt.commitment(SALT, subject)


@pytest.mark.parametrize("kind", ["", "bundle", "Bundle.arrived", "bundle.arrived\n", "bundle..x", "a" * 60 + ".b"])
def test_the_kind_of_an_entry_has_a_form(kind: str) -> None:
    with pytest.raises(SchemaError):
        verify_receipt(changed(entry=an_entry(a_subject(), kind=kind)), log=LOG)


def test_the_largest_receipt_fits_its_limit() -> None:
    path = [bytes(32)] * 40
    subject = a_subject(named=a_log(b"").named(7), code="x" * 40, office="x" * 40, message=bytes(32))
    signed = receipt.sign_root(a_log(b"").checkpoint(), LOG_KEY)
    raw = receipt.make_receipt(
        entry=an_entry(subject),
        salt=SALT,
        subject=to_bytes(subject),
        proof=receipt.inclusion_receipt(signed, 2**40, path),
        checkpoint=signed.checkpoint,
        link=receipt.ConsistencyProof(size=2**40, path=path),
    )
    assert len(raw) < MAX_RECEIPT_BYTES
    with pytest.raises(TooLargeError):
        verify_receipt(bytes(MAX_RECEIPT_BYTES + 1), log=LOG)


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    for data in (raw, changed(entry=raw), changed(subject=raw), changed(proof=raw), changed(proof=b"\xd2" + raw)):
        with pytest.raises(ProtocolError):
            verify_receipt(data, log=LOG)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    raw = bytearray(RAW)
    raw[place] ^= change
    with pytest.raises(ProtocolError):
        verify_receipt(bytes(raw), log=LOG)
