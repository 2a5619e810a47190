"""The facts in a permit's QR code, and the list of permits that no longer hold."""

import hashlib
from datetime import date

import msgspec
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol import permit
from protocol.catalogue import OfficeCode
from protocol.envelope import Purpose, sign
from protocol.errors import (
    KeyUnknownError,
    MalformedError,
    ProtocolError,
    PurposeError,
    SchemaError,
    SignatureError,
    TooLargeError,
)
from protocol.ids import HubId, RegistrationNo, ServiceCode
from protocol.limits import MAX_REVOKED
from protocol.permit import PermitFacts, PermitKind, Revoked, Standing
from protocol.wire import to_bytes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
HUB = HubId("3314")
HEAD = permit.RevocationList(hub=HUB, number=7, issued_at=1, part=1, parts=1, revoked=[])


def some_facts(**changes: object) -> PermitFacts:
    made = PermitFacts(
        hub=HUB,
        kind=PermitKind.PERMIT.value,
        number="500.16.7/012/DPMPTSP/XI/2026",
        service=ServiceCode("SIP-BD"),
        version=1,
        title="Surat Izin Praktik Bidan",
        holder="Siti Ma'rufah, A.Md.Keb.",
        issued_on="2026-11-24",
        office=OfficeCode("one-stop"),
        registration_no=RegistrationNo.build(HUB, 2026, 1),
        ledger_index=41,
        valid_until="2031-11-23",
    )
    return msgspec.structs.replace(made, **changes)


def largest_facts() -> PermitFacts:
    return some_facts(
        kind=PermitKind.PERMIT.value,
        number="9" * 60,
        title="T" * 60,
        holder="H" * 120,
        office=OfficeCode("village.33.14.01.2001"),
        ledger_index=2**31,
    )


def test_facts_come_back_through_the_qr_text() -> None:
    facts = some_facts()
    found, mark = permit.verify_facts(permit.read_qr(permit.qr_text(permit.sign_facts(facts, KEY))), KEY.public_key())
    assert (found, mark) == (facts, permit.facts_mark(facts))


def test_the_same_facts_give_the_same_code() -> None:
    assert permit.sign_facts(some_facts(), KEY) == permit.sign_facts(some_facts(), KEY)


def test_another_key_is_not_ours() -> None:
    with pytest.raises(KeyUnknownError):
        permit.verify_facts(permit.sign_facts(some_facts(), OTHER), KEY.public_key())


def test_facts_signed_for_something_else_are_refused() -> None:
    notice = sign(to_bytes(some_facts()), key=KEY, purpose=Purpose.NOTICE)
    with pytest.raises(PurposeError):
        permit.verify_facts(notice, KEY.public_key())


def test_no_bit_of_an_envelope_can_be_flipped() -> None:
    envelope = permit.sign_facts(some_facts(), KEY)
    for place in range(len(envelope)):
        changed = bytearray(envelope)
        changed[place] ^= 1
        with pytest.raises(ProtocolError):
            permit.verify_facts(bytes(changed), KEY.public_key())


def test_the_largest_code_is_readable_on_paper() -> None:
    text = permit.qr_text(permit.sign_facts(largest_facts(), KEY))
    code = segno.make(text, error="l", boost_error=False)
    assert code.mode == "alphanumeric"
    assert int(code.version) <= 15


def test_a_usual_code_has_room_for_damage() -> None:
    text = permit.qr_text(permit.sign_facts(some_facts(), KEY))
    assert int(segno.make(text, error="m", boost_error=False).version) <= 15


def test_facts_that_no_code_can_hold_are_refused() -> None:
    with pytest.raises(TooLargeError):
        permit.sign_facts(msgspec.structs.replace(largest_facts(), holder="Ḥ" * 120), KEY)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    signed = sign(to_bytes(some_facts(issued_on=day)), key=KEY, purpose=Purpose.PERMIT)
    with pytest.raises(SchemaError):
        permit.verify_facts(signed, KEY.public_key())
    with pytest.raises(SchemaError):
        permit.sign_facts(some_facts(valid_until=day), KEY)


@pytest.mark.parametrize(
    ("today", "standing"),
    [
        ("2026-11-23", Standing.NOT_YET),
        ("2026-11-24", Standing.VALID),
        ("2031-11-23", Standing.VALID),
        ("2031-11-24", Standing.EXPIRED),
    ],
)
def test_the_last_day_still_counts(today: str, standing: Standing) -> None:
    assert permit.standing_of(some_facts(), b"m", date.fromisoformat(today), ()) is standing


def test_revoked_comes_before_expired() -> None:
    late = date(2040, 1, 1)
    assert permit.standing_of(some_facts(), b"m", late, {b"m"}) is Standing.REVOKED
    assert permit.standing_of(some_facts(valid_until=None), b"m", late, {b"n"}) is Standing.VALID


@pytest.mark.parametrize(
    ("plain", "text"),
    [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")],
)
def test_base45_has_the_examples_of_rfc_9285(plain: bytes, text: str) -> None:
    assert (permit.base45_encode(plain), permit.base45_decode(text)) == (text, plain)


@pytest.mark.parametrize("text", ["A", "AAAA", "GGW", ":::", "::", "ab", "AB\n", "ÄB8", "5S"])
def test_base45_refuses_what_is_no_encoding(text: str) -> None:
    with pytest.raises(MalformedError):
        permit.base45_decode(text)


@given(st.binary(max_size=300))
def test_base45_round_trip(data: bytes) -> None:
    assert permit.base45_decode(permit.base45_encode(data)) == data


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=40))
def test_base45_has_one_form_per_value(text: str) -> None:
    try:
        data = permit.base45_decode(text)
    except MalformedError:
        return
    assert permit.base45_encode(data) == text


@given(st.text(max_size=200) | st.text(max_size=200).map(lambda text: permit.QR_PREFIX + text))
def test_reading_any_text_raises_nothing_but_protocol_errors(text: str) -> None:
    with pytest.raises(ProtocolError):
        permit.verify_facts(permit.read_qr(text), KEY.public_key())


def test_a_line_end_of_a_scanner_does_no_harm() -> None:
    text = permit.qr_text(permit.sign_facts(some_facts(), KEY))
    assert permit.read_qr(f"{text}\r\n") == permit.read_qr(text)


def test_a_text_that_is_too_long_is_not_even_read() -> None:
    with pytest.raises(TooLargeError):
        permit.read_qr(permit.QR_PREFIX + "A" * 5_000)


def test_a_list_comes_back() -> None:
    revoked = [Revoked(mark=bytes(16), at_s=5, code="error")]
    (raw,) = permit.sign_revocations(revoked, HEAD, KEY)
    part = permit.verify_revocations(raw, KEY.public_key())
    assert (part.number, part.part, part.parts, part.revoked) == (7, 1, 1, revoked)


def test_an_empty_list_says_so() -> None:
    (raw,) = permit.sign_revocations([], HEAD, KEY)
    assert permit.verify_revocations(raw, KEY.public_key()).revoked == []


def test_a_long_list_travels_in_parts_that_fit_a_notice() -> None:
    revoked = [Revoked(mark=number.to_bytes(16, "big"), at_s=2**31, code="holder_asked") for number in range(3_001)]
    parts = permit.sign_revocations(revoked, HEAD, KEY)
    found = [permit.verify_revocations(raw, KEY.public_key()) for raw in parts]
    assert [len(part.revoked) for part in found] == [MAX_REVOKED, MAX_REVOKED, 1]
    assert list(permit.joined(found).values()) == revoked


def test_a_list_of_another_key_is_refused() -> None:
    (raw,) = permit.sign_revocations([], HEAD, OTHER)
    with pytest.raises(KeyUnknownError):
        permit.verify_revocations(raw, KEY.public_key())


def test_a_changed_list_is_refused() -> None:
    (raw,) = permit.sign_revocations([Revoked(mark=bytes(16), at_s=5, code="error")], HEAD, KEY)
    with pytest.raises(SignatureError):
        permit.verify_revocations(raw.replace(bytes(16), bytes(15) + b"\1"), KEY.public_key())


def test_the_earliest_word_about_a_document_counts() -> None:
    early, late = Revoked(mark=bytes(16), at_s=5, code="error"), Revoked(mark=bytes(16), at_s=9, code="court")
    parts = [msgspec.structs.replace(HEAD, revoked=[item]) for item in (late, early)]
    assert permit.joined(parts)[bytes(16)] == early


def test_a_seal_names_one_file() -> None:
    seal = permit.DocumentSeal(hub=HUB, mark=bytes(16), sha256=hashlib.sha256(b"pdf").digest(), size=3)
    raw = permit.sign_seal(seal, KEY)
    assert permit.verify_seal(raw, KEY.public_key(), b"pdf") == seal
    with pytest.raises(SchemaError):
        permit.verify_seal(raw, KEY.public_key(), b"pdg")
