"""A bundle is taken only if person, place, hub, digest and content key all agree (A11–A13)."""

import hashlib
import tracemalloc

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import bundle, codec
from protocol.bundle import open_stored, parse_manifest, sign_manifest, verify_bundle
from protocol.envelope import KeyFinder, Purpose, one_key, sign
from protocol.errors import (
    AttachmentsInvalidError,
    IdentityError,
    KeyUnknownError,
    MalformedError,
    ProtocolError,
    PurposeError,
    SchemaError,
    SealError,
)
from protocol.ids import HubId, VillageCode
from protocol.limits import (
    CHUNK_BYTES,
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_BUNDLE_ATTACHMENT_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_SIGNED_BYTES,
)
from protocol.sealing import Opened, SealedBundle
from protocol.wire import to_bytes
from tests.unit.protocol.builders import (
    A_MANIFEST,
    CONTENT_KEY,
    NODE_KEY,
    OFFICER_KEY,
    OTHER_NODE,
    a_manifest,
    a_sealed_bundle,
    a_signed_manifest,
    an_attachment,
)

SEALED, OPENED = a_sealed_bundle()
BY_NODE, BY_OFFICER = one_key(NODE_KEY.public_key()), one_key(OFFICER_KEY.public_key())
FIELDS = codec.decode_map(to_bytes(A_MANIFEST), max_bytes=MAX_MANIFEST_BYTES)


def check(
    sealed: SealedBundle = SEALED, opened: Opened = OPENED, node: KeyFinder = BY_NODE, officer: KeyFinder = BY_OFFICER
) -> bundle.VerifiedBundle:
    return verify_bundle(sealed, opened, find_node_key=node, find_officer_key=officer)


def resigned(signed: bytes) -> tuple[SealedBundle, Opened]:
    digest = hashlib.sha256(signed).digest()
    return msgspec.structs.replace(SEALED, bundle=digest), Opened(signed=signed, content_key=CONTENT_KEY)


def test_a_genuine_bundle_is_taken() -> None:
    verified = check()
    assert (verified.manifest, verified.content_key) == (A_MANIFEST, CONTENT_KEY)
    assert verified.bundle == hashlib.sha256(OPENED.signed).digest() == a_signed_manifest().bundle
    assert open_stored(verified.signed, find_node_key=BY_NODE, find_officer_key=BY_OFFICER) == A_MANIFEST


@pytest.mark.parametrize(
    "changes",
    [
        {"village": VillageCode("33.14.01.2002")},
        {"village": VillageCode("33.14.02.2001")},
        {"node": OTHER_NODE},
        {"node": OTHER_NODE, "village": OTHER_NODE.village},
        {"hub": HubId("3315")},
    ],
    ids=str,
)
def test_identities_that_disagree_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(IdentityError):  # A12
        check(*resigned(a_signed_manifest(**changes).signed))


def test_a_header_that_names_another_bundle_is_refused() -> None:
    with pytest.raises(IdentityError):
        check(sealed=msgspec.structs.replace(SEALED, bundle=bytes(32)))


def test_a_content_key_that_the_manifest_does_not_name_is_refused() -> None:
    with pytest.raises(SealError):
        check(opened=Opened(signed=OPENED.signed, content_key=bytes(32)))


def test_the_signatures_of_person_and_place_do_not_stand_in_for_each_other() -> None:
    payload = to_bytes(A_MANIFEST)
    inner = sign(payload, key=OFFICER_KEY, purpose=Purpose.MANIFEST)
    wrong: list[tuple[bytes, type[ProtocolError]]] = [
        (inner, PurposeError),
        (sign(payload, key=NODE_KEY, purpose=Purpose.BUNDLE), MalformedError),
        (sign(inner, key=OFFICER_KEY, purpose=Purpose.BUNDLE), KeyUnknownError),
        (sign(inner, key=NODE_KEY, purpose=Purpose.MANIFEST), PurposeError),
        (
            sign(sign(payload, key=NODE_KEY, purpose=Purpose.MANIFEST), key=NODE_KEY, purpose=Purpose.BUNDLE),
            KeyUnknownError,
        ),
        (
            sign(sign(payload, key=OFFICER_KEY, purpose=Purpose.BUNDLE), key=NODE_KEY, purpose=Purpose.BUNDLE),
            PurposeError,
        ),
    ]
    for signed, error in wrong:
        with pytest.raises(error):
            check(*resigned(signed))
        with pytest.raises(error):
            open_stored(signed, find_node_key=BY_NODE, find_officer_key=BY_OFFICER)


def test_an_unknown_node_or_officer_is_refused() -> None:
    for finders in ({"node": BY_OFFICER}, {"officer": BY_NODE}):
        with pytest.raises(KeyUnknownError):
            check(**finders)  # type: ignore[arg-type]  # keyword arguments of the right type


ATTACHMENTS = {
    "10^6 chunks": {"chunks": 10**6},
    "2^53 chunks": {"chunks": 2**53},
    "no chunks": {"chunks": 0},
    "one chunk too many": {"chunks": 2},
    "2^40 bytes": {"size": 2**40, "chunks": -(-(2**40) // CHUNK_BYTES)},
    "2^53 bytes": {"size": 2**53, "chunks": 1},
    "one byte too many": {"size": MAX_ATTACHMENT_BYTES + 1, "chunks": -(-(MAX_ATTACHMENT_BYTES + 1) // CHUNK_BYTES)},
    "negative size": {"size": -1, "chunks": 0},
    "negative chunks": {"chunks": -1},
    "media type with parameters": {"media_type": "image/jpeg; a=b"},
    "media type with a line": {"media_type": "image/jpeg\n"},
    "media type without kind": {"media_type": "jpeg"},
    "nameless": {"name": ""},
    "long name": {"name": "x" * 121},
    "short digest": {"sha256": bytes(31)},
    "requirement with a path": {"requirement": "../ktp"},
}


@pytest.mark.parametrize("changes", ATTACHMENTS.values(), ids=ATTACHMENTS)
def test_an_attachment_that_cannot_be_is_refused_at_no_cost(changes: dict[str, object]) -> None:
    attachment = {**msgspec.structs.asdict(an_attachment()), **changes}
    raw = codec.encode(
        {**FIELDS, "attachments": [{key: str(v) if isinstance(v, str) else v for key, v in attachment.items()}]}
    )
    tracemalloc.start()
    with pytest.raises((SchemaError, AttachmentsInvalidError)):
        parse_manifest(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # A13


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, MAX_ATTACHMENT_BYTES])
def test_sizes_at_the_edges_are_taken(size: int) -> None:
    attachment = msgspec.structs.replace(an_attachment(), size=size, chunks=-(-size // CHUNK_BYTES))
    assert parse_manifest(to_bytes(a_manifest(attachments=[attachment]))).attachments == [attachment]  # E20


def test_the_files_of_a_bundle_have_a_total() -> None:
    largest = msgspec.structs.replace(
        an_attachment(), size=MAX_ATTACHMENT_BYTES, chunks=-(-MAX_ATTACHMENT_BYTES // CHUNK_BYTES)
    )
    fitting = MAX_BUNDLE_ATTACHMENT_BYTES // MAX_ATTACHMENT_BYTES
    parse_manifest(to_bytes(a_manifest(attachments=[largest] * fitting)))
    with pytest.raises(AttachmentsInvalidError):
        parse_manifest(to_bytes(a_manifest(attachments=[largest] * fitting + [an_attachment()])))


def test_too_many_files_are_refused() -> None:
    parse_manifest(to_bytes(a_manifest(attachments=[an_attachment(b"")] * MAX_ATTACHMENTS)))
    with pytest.raises(SchemaError):
        parse_manifest(to_bytes(a_manifest(attachments=[an_attachment(b"")] * (MAX_ATTACHMENTS + 1))))


def test_one_file_under_two_names_is_taken() -> None:
    twice = [an_attachment(), msgspec.structs.replace(an_attachment(), name="copy.jpg")]
    assert parse_manifest(to_bytes(a_manifest(attachments=twice))).attachments == twice  # E21


@pytest.mark.parametrize("counter", [0, -1, 2**31, 2**53])
def test_counters_outside_of_the_range_are_refused(counter: int) -> None:
    with pytest.raises(SchemaError):
        parse_manifest(codec.encode({**FIELDS, "counter": counter}))


def test_the_longest_manifest_fits_its_envelopes() -> None:
    answers = {f"a{number}": "x" * 4_000 for number in range(11)}
    made = sign_manifest(a_manifest(answers=answers), officer_key=OFFICER_KEY, node_key=NODE_KEY)
    assert MAX_MANIFEST_BYTES - 4_000 < len(made.signed) <= MAX_SIGNED_BYTES


def test_the_salt_hides_equal_content() -> None:
    assert a_signed_manifest(salt=bytes(32)).bundle != a_signed_manifest(salt=bytes(31) + b"\1").bundle


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_manifest(raw)
    with pytest.raises(ProtocolError):
        check(opened=Opened(signed=raw, content_key=CONTENT_KEY))


@given(st.integers(0, len(OPENED.signed) - 1), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    signed = bytearray(OPENED.signed)
    signed[place] ^= change
    with pytest.raises(ProtocolError):
        check(*resigned(bytes(signed)))


@given(
    st.dictionaries(
        st.sampled_from(sorted(FIELDS)), st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=20), max_size=3
    )
)
def test_replaced_fields_raise_only_protocol_errors(changes: dict[str, object]) -> None:
    try:
        raw = codec.encode({**FIELDS, **changes})
        manifest = parse_manifest(raw)
    except ProtocolError:
        return
    assert parse_manifest(to_bytes(manifest)) == manifest
