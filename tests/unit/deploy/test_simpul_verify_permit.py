"""The stranger's verifier on permits: takes what is genuine and nothing else, as a lone file too (F21)."""

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from deploy.simpul_verify import Refuted, check_file, check_not_revoked, check_permit, main
from protocol import permit
from protocol.envelope import Purpose, sign
from protocol.permit import DocumentSeal, Revoked
from protocol.wire import to_bytes
from tests.unit.protocol.test_permit import HEAD, HUB, KEY, OTHER, largest_facts, some_facts

PUBLIC = KEY.public_key().public_bytes_raw()
DAY = date(2026, 12, 1)
FACTS = some_facts()
ENVELOPE = permit.sign_facts(FACTS, KEY)
TEXT = permit.qr_text(ENVELOPE)
MARK = permit.facts_mark(FACTS)
PDF = b"%PDF-1.7 the letter"


def a_list(*revoked: Revoked) -> list[bytes]:
    return permit.sign_revocations(revoked, HEAD, KEY)


def a_seal(mark: bytes = MARK, content: bytes = PDF, key: Ed25519PrivateKey = KEY) -> bytes:
    digest = hashlib.sha256(content).digest()
    return permit.sign_seal(DocumentSeal(hub=HUB, mark=mark, sha256=digest, size=len(content)), key)


def is_refused(text: str) -> bool:
    """Say whether the verifier answers no; any exception but its own is a defect and passes through."""
    try:
        check_permit(text, PUBLIC, DAY)
    except Refuted:
        return True
    return False


@pytest.mark.parametrize(
    "facts", [FACTS, largest_facts(), some_facts(valid_until=None), some_facts(holder="Ünal Ma'ruf")]
)
def test_it_says_what_the_protocol_says(facts: permit.PermitFacts) -> None:
    stated = check_permit(permit.qr_text(permit.sign_facts(facts, KEY)), PUBLIC, DAY)
    assert (stated["number"], stated["holder"]) == (facts.number, facts.holder)
    assert (stated["until"], stated["mark"]) == (facts.valid_until or "-", permit.facts_mark(facts).hex())


def mutations() -> Iterator[str]:
    chance = random.Random(20261124)
    for place in range(len(ENVELOPE)):
        for bit in range(8):
            yield permit.qr_text(ENVELOPE[:place] + bytes([ENVELOPE[place] ^ 1 << bit]) + ENVELOPE[place + 1 :])
    for _ in range(3_000):
        first, second = sorted(chance.randrange(len(TEXT)) for _ in range(2))
        letter = chance.choice(TEXT)
        yield from (
            TEXT[:first] + TEXT[first + 1 :],
            TEXT[:first] + letter + TEXT[first:],
            TEXT[:first] + letter + TEXT[first + 1 :],
            TEXT[:first] + TEXT[second:],
        )


def test_no_mutation_of_a_code_holds() -> None:
    tried = [text for text in mutations() if text != TEXT]
    assert len(tried) > 10_000
    assert [text for text in tried if not is_refused(text)] == []


@given(st.text(max_size=300) | st.binary(max_size=200).map(permit.qr_text))
def test_anything_else_is_answered_with_no(text: str) -> None:
    assert is_refused(text)


def test_another_key_or_purpose_is_not_a_permit() -> None:
    assert is_refused(permit.qr_text(permit.sign_facts(FACTS, OTHER)))
    assert is_refused(permit.qr_text(sign(to_bytes(FACTS), key=KEY, purpose=Purpose.NOTICE)))


@pytest.mark.parametrize(
    ("on", "holds"), [("2026-11-23", False), ("2026-11-24", True), ("2031-11-23", True), ("2031-11-24", False)]
)
def test_the_day_counts(on: str, holds: bool) -> None:
    try:
        check_permit(TEXT, PUBLIC, date.fromisoformat(on))
    except Refuted:
        assert not holds
    else:
        assert holds


def test_a_revoked_permit_is_refused_with_its_reason() -> None:
    parts = a_list(Revoked(mark=MARK, at_s=1, code="violation"))
    with pytest.raises(Refuted, match=r"10: revoked \(violation\)"):
        check_not_revoked(parts, PUBLIC, MARK.hex())
    assert check_not_revoked(a_list(), PUBLIC, MARK.hex())["list"] == HEAD.number


def test_a_list_counts_only_whole_and_from_this_hub() -> None:
    long = a_list(*(Revoked(mark=number.to_bytes(16, "big"), at_s=1, code="error") for number in range(1_600)))
    other = permit.sign_revocations([], msgspec.structs.replace(HEAD, number=8), KEY)
    assert len(long) == 2
    assert check_not_revoked(long, PUBLIC, MARK.hex())["list"] == 7
    for parts in (long[:1], long[1:], [long[0], *other], permit.sign_revocations([], HEAD, OTHER)):
        with pytest.raises(Refuted, match="10"):
            check_not_revoked(parts, PUBLIC, MARK.hex())


def test_no_bit_of_a_list_can_be_flipped() -> None:
    (raw,) = a_list(Revoked(mark=bytes(16), at_s=1, code="error"))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(Refuted):
            check_not_revoked([changed], PUBLIC, MARK.hex())


def test_a_seal_names_one_file_of_one_permit() -> None:
    assert check_file([PDF, a_seal()], PUBLIC, MARK.hex()) == {"file": "issued"}
    for content, seal in (
        (PDF + b" ", a_seal()),
        (PDF, a_seal(mark=bytes(16))),
        (PDF, a_seal(content=b"other")),
        (PDF, a_seal(key=OTHER)),
        (PDF, ENVELOPE),
    ):
        with pytest.raises(Refuted, match="11"):
            check_file([content, seal], PUBLIC, MARK.hex())


def test_the_command_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"keys.json": json.dumps({"permit": PUBLIC.hex()}).encode(), "x.pdf": PDF, "x.seal": a_seal()}
    files |= {"good.cbor": a_list()[0], "bad.cbor": a_list(Revoked(mark=MARK, at_s=1, code="error"))[0]}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    common = ["permit", "--keys", str(tmp_path / "keys.json"), "--qr", TEXT, "--on", "2026-12-01"]
    paths = {name: str(tmp_path / name) for name in files}
    whole = ["--revoked", paths["good.cbor"], "--pdf", paths["x.pdf"], "--seal", paths["x.seal"]]
    assert [main(common), main([*common, *whole]), main([*common, "--revoked", paths["bad.cbor"]])] == [0, 0, 1]
    assert main([*common, "--pdf", paths["x.pdf"]]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert "list=unchecked" in lines[0]
    assert "file=issued" in lines[1]
    assert lines[2] == "REFUTED   permit: step 10: revoked (error)"
