"""News, corrections, decisions and acts: their forms, their boxes, and whose they are."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec, notices
from protocol.envelope import Purpose, one_key, sign
from protocol.errors import (
    AttachmentsInvalidError,
    IdentityError,
    KeyUnknownError,
    ProtocolError,
    PurposeError,
    SchemaError,
    SealError,
)
from protocol.ids import FieldKey, HubId
from protocol.limits import MAX_ACT_BYTES, MAX_ACTS, MAX_DOCUMENTS_ASKED, MAX_MAIL_BYTES, MAX_NOTICE_BODY_BYTES
from protocol.mailbox import DocumentRequest, Mail, Notice, OfficerRequest, verify_notice
from protocol.sealing import BodyContext, load_sealing_key, open_body, seal_body
from protocol.vectors import cases
from protocol.wire import Wire, from_bytes, to_bytes
from tests.unit.protocol.builders import (
    HUB,
    HUB_KEY,
    NODE,
    NODE_KEY,
    OFFICER,
    OFFICER_KEY,
    OTHER_NODE,
    SEALING_KEY,
    agreement_key,
)

ACT = msgspec.structs.replace(cases.ACT, node=NODE, officer=OFFICER)
BY_OFFICER = one_key(OFFICER_KEY.public_key())
CONTEXT = BodyContext(hub=HUB, node=NODE, kind="decision")
BOX = seal_body(b"secret", SEALING_KEY.public_key(), CONTEXT)


@pytest.mark.parametrize(
    "message",
    [cases.NEWS, cases.ASKED, cases.DECISION, cases.CALENDAR, cases.BACKUP, ACT],
    ids=lambda m: type(m).__name__,
)
def test_a_message_survives_the_wire(message: Wire) -> None:
    assert from_bytes(to_bytes(message), type(message), max_bytes=MAX_NOTICE_BODY_BYTES) == message


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (cases.NEWS, {"registration_no": "1"}),
        (cases.NEWS, {"due_on": "9 December"}),
        (cases.NEWS, {"amount_rp": -1}),
        (cases.NEWS, {"event": "x" * 41}),
        (cases.ASKED, {"fields": ["No Field"]}),
        (cases.ASKED, {"answers": {"No Field": 1}}),
        (cases.ASKED, {"note": "x" * 1_001}),
        (cases.DECISION, {"document": {}}),
        (cases.DECISION, {"reasons": "x" * 2_001}),
        (cases.CALENDAR, {"version": 0}),
        (cases.CALENDAR, {"days": [{"day": "17-08-2026", "kind": "x", "name": "y"}]}),
        (cases.BACKUP, {"through": -1}),
    ],
    ids=str,
)
def test_a_message_has_a_schema(message: Wire, changes: dict[str, object]) -> None:
    raw = codec.encode({**codec.decode_map(to_bytes(message), max_bytes=10_000), **changes})
    with pytest.raises(SchemaError):
        notices.read_correction(raw) if message is cases.ASKED else from_bytes(raw, type(message), max_bytes=len(raw))


def test_a_decision_whose_document_does_not_add_up_is_refused() -> None:
    wrong = msgspec.structs.replace(cases.DECISION, document=msgspec.structs.replace(cases.REF, pieces=1))
    assert notices.read_decision(to_bytes(cases.DECISION)) == cases.DECISION
    with pytest.raises(AttachmentsInvalidError):
        notices.read_decision(to_bytes(wrong))


# --- acts ------------------------------------------------------------------------------------------------------------


def test_an_act_is_the_officers() -> None:
    assert notices.verify_act(notices.sign_act(ACT, OFFICER_KEY), node=NODE, find_officer_key=BY_OFFICER) == ACT
    with pytest.raises(KeyUnknownError):
        notices.verify_act(notices.sign_act(ACT, NODE_KEY), node=NODE, find_officer_key=BY_OFFICER)
    with pytest.raises(IdentityError):
        notices.verify_act(notices.sign_act(ACT, OFFICER_KEY), node=OTHER_NODE, find_officer_key=BY_OFFICER)


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.ACT}))
def test_nothing_else_that_an_officer_signed_passes_for_an_act(purpose: Purpose) -> None:
    with pytest.raises(PurposeError):
        notices.verify_act(
            sign(to_bytes(ACT), key=OFFICER_KEY, purpose=purpose), node=NODE, find_officer_key=BY_OFFICER
        )


def test_the_largest_act_fits_its_limit_and_the_largest_mail_its_own() -> None:
    largest = msgspec.structs.replace(ACT, person="\U0001f600" * 200, note="\U0001f600" * 200)
    context = BodyContext(hub=HUB, node=NODE, kind="act")
    sealed = seal_body(notices.sign_act(largest, OFFICER_KEY), SEALING_KEY.public_key(), context)
    assert len(sealed) <= MAX_ACT_BYTES
    officer = OfficerRequest(officer=OFFICER, name="\U0001f600" * 120, public_key=bytes(32))
    ranges = [{"start": 100, "end": 107}] * 20
    asked = msgspec.convert({"document": bytes(32), "ranges": ranges}, DocumentRequest, builtin_types=(bytes,))
    mail = Mail(
        node=NODE,
        cursor=2**53,
        officers=[officer] * 20,
        documents=[asked] * MAX_DOCUMENTS_ASKED,
        acts=[bytes(MAX_ACT_BYTES)] * MAX_ACTS,
    )
    assert len(sign(to_bytes(mail), key=NODE_KEY, purpose=Purpose.MAIL)) <= MAX_MAIL_BYTES


# --- boxes -----------------------------------------------------------------------------------------------------------


def test_a_box_opens_where_it_belongs() -> None:
    assert open_body(BOX, SEALING_KEY, CONTEXT) == b"secret"
    assert b"secret" not in BOX


@pytest.mark.parametrize(
    "context",
    [
        BodyContext(hub=HubId("3315"), node=NODE, kind="decision"),
        BodyContext(hub=HUB, node=OTHER_NODE, kind="decision"),
        BodyContext(hub=HUB, node=NODE, kind="correction"),
    ],
    ids=["hub", "node", "kind"],
)
def test_a_box_that_was_moved_stays_closed(context: BodyContext) -> None:
    with pytest.raises(SealError):
        open_body(BOX, SEALING_KEY, context)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealError):
        open_body(BOX, agreement_key("another"), CONTEXT)


@given(st.integers(0, len(BOX) - 1), st.integers(1, 255))
def test_no_changed_byte_gives_a_box_that_opens(place: int, change: int) -> None:
    raw = bytearray(BOX)
    raw[place] ^= change
    with pytest.raises(ProtocolError):
        open_body(bytes(raw), SEALING_KEY, CONTEXT)


def test_the_largest_body_fits_a_notice() -> None:
    body = seal_body(bytes(MAX_NOTICE_BODY_BYTES), SEALING_KEY.public_key(), CONTEXT)
    notice = Notice(node=NODE, number=2**53, kind="decision", time=2**50, body=body)
    raw = sign(to_bytes(notice), key=HUB_KEY, purpose=Purpose.NOTICE)
    assert verify_notice(raw, node=NODE, find_key=one_key(HUB_KEY.public_key())) == notice


P = 2**255 - 19
LOW_ORDER = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    P - 1,
    P,
    P + 1,
]
"""RFC 7748 §6.1; the list of cr.yp.to/ecdh.html#validate."""


@pytest.mark.parametrize("number", LOW_ORDER)
def test_a_key_of_small_order_is_never_sealed_to(number: int) -> None:
    for raw in (number.to_bytes(32, "little"), (number | 1 << 255).to_bytes(32, "little")):
        with pytest.raises(SealError):
            load_sealing_key(raw)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_sealing_key_has_32_bytes(size: int) -> None:
    with pytest.raises(SealError):
        load_sealing_key(b"\x09" * size)


def test_a_good_sealing_key_is_loaded() -> None:
    raw = SEALING_KEY.public_key().public_bytes_raw()
    assert load_sealing_key(raw).public_bytes_raw() == raw


@given(st.binary(max_size=300))
def test_random_bytes_raise_only_protocol_errors(raw: bytes) -> None:
    for read in (notices.read_correction, notices.read_decision, load_short):
        with pytest.raises(ProtocolError):
            read(raw)
    with pytest.raises(ProtocolError):
        open_body(raw, SEALING_KEY, CONTEXT)
    with pytest.raises(ProtocolError):
        notices.verify_act(raw, node=NODE, find_officer_key=BY_OFFICER)
    with pytest.raises(ProtocolError):
        notices.verify_act(sign(raw, key=OFFICER_KEY, purpose=Purpose.ACT), node=NODE, find_officer_key=BY_OFFICER)


def load_short(raw: bytes) -> object:
    """Load what is no key for its length."""
    return load_sealing_key(raw[:31])


@given(st.sampled_from([cases.ASKED, cases.DECISION, ACT]), st.data())
def test_changed_bytes_raise_only_protocol_errors(message: Wire, data: st.DataObject) -> None:
    raw = bytearray(to_bytes(message))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    for read in (notices.read_correction, notices.read_decision):
        try:
            read(bytes(raw))
        except ProtocolError:
            continue


def test_field_keys_are_what_they_say() -> None:
    assert all(type(key) is FieldKey for key in notices.read_correction(to_bytes(cases.ASKED)).fields)
    assert hashlib.sha256(cases.DOCUMENT).digest() == cases.REF.sha256
